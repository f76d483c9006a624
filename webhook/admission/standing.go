package admission

import (
	"context"
	"time"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// Standing judges the objects of one mesh as they stand. It is immutable and safe for concurrent use.
type Standing struct {
	evaluator *Evaluator
	// mesh has all of them, settled those that are not terminating; see Evaluator.evaluate.
	mesh, settled *mesh.Snapshot
}

// Standing returns what judges the objects of snap.
func (e *Evaluator) Standing(snap *mesh.Snapshot) *Standing {
	return &Standing{evaluator: e, mesh: snap, settled: snap.WithoutTerminating()}
}

// MayPend returns how long a stored object may wait for its partner.
func (s *Standing) MayPend() time.Duration { return s.evaluator.Config.MayPend() }

// Validate decides on an object of the mesh as on one that is created last: all others are there already. What policies read of it
// is what the mesh knows: of Istio's kinds the whole spec, of others what tells where connections go.
func (s *Standing) Validate(ctx context.Context, o *mesh.Object) (Decision, error) {
	if err := mesh.CheckSize(o, nil); err != nil {
		return Decision{}, &ObjectError{err}
	}
	q := &request{Review: Review{Operation: policies.Create, Namespace: o.Namespace}, ref: o.Ref, apiVersion: o.APIVersion, object: o, tree: AsMap(o)}
	d, err := s.evaluate(ctx, q, s.mesh)
	if err != nil || !d.Allowed || s.settled == s.mesh || o.Terminating {
		return d, err
	}
	without, err := s.evaluate(ctx, q, s.settled)
	if err != nil || !without.Allowed {
		return without, err
	}
	return d, nil
}

func (s *Standing) evaluate(ctx context.Context, q *request, after *mesh.Snapshot) (Decision, error) {
	return s.evaluator.evaluateChange(ctx, q, &change{ref: q.ref, object: q.object, before: after.Without(q.ref), after: after}, everyFix)
}

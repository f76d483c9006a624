package admission

import (
	"context"
	"fmt"
	"slices"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
	"github.com/tlsward/tlsward/policies"
)

// Evaluator decides reviews by one configuration and one set of policies. It is immutable and safe for concurrent use;
// a reload makes a new one.
type Evaluator struct {
	Config *v1alpha1.Config
	Engine *policies.Engine
}

// NewEvaluator compiles the policies for cfg.
func NewEvaluator(ctx context.Context, cfg *v1alpha1.Config, sources ...policies.Source) (*Evaluator, error) {
	if _, err := MeshSettings(cfg.Mesh, mesh.DefaultSettings()); err != nil {
		return nil, err
	}
	engine, err := policies.New(ctx, cfg, sources...)
	if err != nil {
		return nil, err
	}
	return &Evaluator{Config: cfg, Engine: engine}, nil
}

// Snapshot returns the mesh of these objects, with the settings of the configuration.
func (e *Evaluator) Snapshot(objects ...*mesh.Object) (*mesh.Snapshot, error) {
	settings, err := MeshSettings(e.Config.Mesh, mesh.DefaultSettings())
	if err != nil {
		return nil, err
	}
	return mesh.New(settings, objects...), nil
}

// Mutate returns the object as it should be stored, and the minimal patch that leads there (empty: nothing to do). snap
// is the mesh before the review. An object that cannot be read is an *ObjectError.
func (e *Evaluator) Mutate(snap *mesh.Snapshot, r Review) ([]byte, []jsonpatch.Operation, error) {
	if r.Operation != policies.Create && r.Operation != policies.Update {
		return r.Object, nil, nil
	}
	head, err := readHead(r.Object)
	if err != nil {
		return nil, nil, &ObjectError{err}
	}
	// An object on its way out is left alone. One that wrongly claims to be is judged without a patch.
	if !mutable(head) || head.Metadata.DeletionTimestamp != nil {
		return r.Object, nil, nil
	}
	if head.Metadata.Namespace == "" && r.Namespace != "" {
		if r.Object, err = manifests.SetNamespace(r.Object, r.Namespace); err != nil {
			return nil, nil, &ObjectError{err}
		}
	}
	if changesNoSpec(r) {
		return r.Object, nil, nil
	}
	object, patch, err := mutators.Mutate(e.Config.Mutation, e.exempt(), meshFor(snap, r.Object), r.Object)
	if err != nil {
		return nil, nil, &ObjectError{err}
	}
	return object, patch, nil
}

// Validate decides on r, already mutated, by the mesh as it would be with it. snap is the mesh before the review. The
// fixes of all violations are complete. An error means that nothing could be decided, and the caller must refuse; an
// object that cannot be read is an *ObjectError.
func (e *Evaluator) Validate(ctx context.Context, snap *mesh.Snapshot, r Review) (Decision, error) {
	q, err := r.decode()
	if err != nil {
		return Decision{}, err
	}
	if q == nil {
		return notReviewed(), nil
	}
	return e.evaluate(ctx, q, snap, everyFix)
}

// evaluate decides on a request by the mesh before it. The fixes that wanted selects are complete, the others stay as
// their policies wrote them. With an error the decision holds the input that could not be judged.
//
// What is terminating is taken both ways: for what may be lost it is there, since Istio obeys it until it is gone; for what
// is gained it is gone, since it may go at any moment. So a review that is allowed beside terminating objects must be
// allowed without them too.
func (e *Evaluator) evaluate(ctx context.Context, q *request, snap *mesh.Snapshot, wanted fixSelector) (Decision, error) {
	if q.Operation == policies.Delete && snap.IsTerminating(q.ref.Namespace) {
		return e.evaluateLeft(ctx, q, snap, wanted)
	}
	d, err := e.evaluateOn(ctx, q, snap, wanted)
	gone := snap.WithoutTerminating()
	if err != nil || !d.Allowed || gone == snap || q.object != nil && q.object.Terminating {
		return d, err
	}
	without, err := e.evaluateOn(ctx, q, gone, wanted)
	if err != nil || !without.Allowed {
		return without, err
	}
	return d, nil
}

// evaluateLeft decides on a DELETE in a namespace that is being deleted. What others lose by it was decided at the Namespace's own
// DELETE, but for what finalizers keep: that loses its rule or its route while it is still there. Who is let in to pods that go is nobody's.
func (e *Evaluator) evaluateLeft(ctx context.Context, q *request, snap *mesh.Snapshot, wanted fixSelector) (Decision, error) {
	if slices.Contains([]string{mesh.KindAuthorizationPolicy, mesh.KindPeerAuthentication, mesh.KindRequestAuthentication}, q.ref.Kind) {
		return notReviewed(), nil
	}
	held, ok := snap.WithHeldAlone(q.ref.Namespace, q.ref)
	if !ok {
		return notReviewed(), nil
	}
	return e.evaluateOn(ctx, q, held, wanted)
}

// evaluateOn decides on a request by one mesh before it.
func (e *Evaluator) evaluateOn(ctx context.Context, q *request, snap *mesh.Snapshot, wanted fixSelector) (Decision, error) {
	c := q.on(snap)
	var err error
	if c.after, err = mutators.Settled(e.Config.Mutation, e.exempt(), c.before, c.after, c.object, c.before.Get(c.ref)); err != nil {
		return Decision{}, fmt.Errorf("settle companions: %w", err)
	}
	d, err := e.evaluateChange(ctx, q, c, wanted)
	if err == nil && d.Allowed && q.deletesNamespace() {
		d = e.withHeld(ctx, q, c, d, wanted)
	}
	return d, err
}

// evaluateChange decides on what a request does to the mesh: in that of each control plane that it has to do with.
func (e *Evaluator) evaluateChange(ctx context.Context, q *request, c *change, wanted fixSelector) (Decision, error) {
	var all []judgement
	for _, part := range c.meshes() {
		d, err := e.evaluateMesh(ctx, q, part, wanted)
		if err != nil {
			return d, err
		}
		all = append(all, judgement{part.after.Revision(), d})
	}
	d := joined(all)
	if d.Allowed && !q.DryRun {
		d.write = c.write(q)
	}
	return d, nil
}

// evaluateMesh decides on what a request does to the mesh of one control plane.
func (e *Evaluator) evaluateMesh(ctx context.Context, q *request, c *change, wanted fixSelector) (Decision, error) {
	input, err := q.input(ctx, c, e.Engine.ExemptHosts(q.ref.InNamespace()))
	if err != nil {
		return Decision{}, err
	}
	if e.Config.EnforcementByNamespace {
		input.Ceilings = c.ceilings(input.Egress)
	}
	violations, err := e.Engine.Evaluate(ctx, input)
	if err != nil {
		return Decision{Input: &input}, err
	}
	c.completeFixes(violations, q.tree, wanted)
	return decisionOn(&input, violations), nil
}

// repeatable reports whether an equal review of an equal mesh gets an equal decision: no policy may look at the clock
// or the network.
func (e *Evaluator) repeatable() bool { return len(e.Config.Evaluation.Allow) == 0 }

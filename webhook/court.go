package webhook

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// A court has a judge decide on a mesh that is only known at a distance: events arrive milliseconds after the writes
// that they tell of, and another replica may have admitted one of those. Two reviews of `kubectl apply -f` are closer
// together than that. So:
//
//  1. An UPDATE or DELETE brings the stored object with it (Review.change).
//  2. Writes admitted here count at once (Store.Admitted). A write may still fail after we admitted it, though: where
//     the answer hangs on writes that no event has shown yet, the API server is asked for them. Only what it has
//     stored can turn a refusal into a yes. What may still be on its way there can turn a yes into a refusal.
//  3. A refusal, or a warning that something is missing, may owe to a write that another replica admitted: it is
//     given only after a short wait, in which any event leads to a new judgement.
//
// This is safe because nothing here ever admits what the stored mesh, freshly read, would not; and it is live because
// a wrong refusal needs an event that comes later than Patience, and passes on a second try.
type court struct {
	store *Store
	// fetch reads an object from the API server, nil if there is none; a nil func where no cluster is followed.
	fetch func(context.Context, mesh.Ref) (*mesh.Object, error)
	// patience is how long a refusal waits for events.
	patience time.Duration
}

// ruling is a decision with what it is about.
type ruling struct {
	Decision
	question *question // nil where nothing was to be judged
	change   *change
}

// validate decides on r.
func (c *court) validate(ctx context.Context, j *Judge, r Review) (ruling, error) {
	q, err := r.read()
	if err != nil {
		return ruling{}, err
	}
	if q == nil {
		return ruling{Decision: Decision{Allowed: true}}, nil
	}
	var result ruling
	err = c.settle(ctx, func(v *View) (settled bool, err error) {
		result, err = c.once(ctx, j, q, v)
		return err != nil || !hangsOnOthers(result.Decision), err
	})
	return result, err
}

// mutate gives the patch for r.
func (c *court) mutate(ctx context.Context, j *Judge, r Review) (patch []jsonpatch.Operation, err error) {
	err = c.settle(ctx, func(v *View) (settled bool, err error) {
		_, patch, err = j.Mutate(v.Expected, r)
		return err != nil || len(patch) > 0 || !governsUnknownHost(v.Expected, r.Object), err
	})
	return patch, err
}

// settle tries again, as long as patience lasts, whenever the mesh has changed and the last answer was not settled.
func (c *court) settle(ctx context.Context, try func(*View) (settled bool, err error)) error {
	var wait <-chan time.Time
	for {
		changed := c.store.Changed()
		settled, err := try(c.store.View())
		if settled || c.fetch == nil || c.patience <= 0 {
			return err
		}
		if wait == nil {
			timer := time.NewTimer(c.patience)
			defer timer.Stop()
			wait = timer.C
		}
		select {
		case <-changed:
		case <-wait:
			return err
		case <-ctx.Done():
			return err
		}
	}
}

// hangsOnOthers says whether another object's arrival could better the decision.
func hangsOnOthers(d Decision) bool {
	return !d.Allowed || slices.ContainsFunc(d.Violations, func(v policies.Violation) bool {
		return v.Policy == policyUnknownHost || v.Policy == policyPending
	})
}

// The policies that warn of a partner that is missing.
const (
	policyPending     = "tls-pending"
	policyUnknownHost = "unknown-host"
)

// governsUnknownHost says whether raw is a DestinationRule for a host that the mesh does not know: its ServiceEntry
// may have been applied a moment ago.
func governsUnknownHost(snap *mesh.Snapshot, raw []byte) bool {
	var rule struct {
		Kind string
		Spec struct{ Host string }
	}
	if json.Unmarshal(raw, &rule) != nil || rule.Kind != mesh.KindDestinationRule {
		return false
	}
	host := rule.Spec.Host
	return strings.Contains(host, ".") && !strings.HasPrefix(host, "*") && len(snap.Ports(host)) == 0
}

// once decides on q in one view of the mesh.
func (c *court) once(ctx context.Context, j *Judge, q *question, v *View) (ruling, error) {
	expected, err := judgeOn(ctx, j, q, v.Expected)
	if err != nil || len(v.pending) == 0 || c.fetch == nil {
		return expected, err
	}
	stored, err := judgeOn(ctx, j, q, v.Stored)
	if err != nil || stored.Allowed == expected.Allowed {
		return expected, err
	}
	fresh, certain, err := c.refresh(ctx, v)
	if err != nil {
		return ruling{}, err
	}
	result, err := judgeOn(ctx, j, q, fresh)
	if err == nil && result.Allowed && !certain && !expected.Allowed {
		return expected, nil
	}
	return result, err
}

// refresh reads what is pending from the API server. certain is false if some of it is not there yet.
func (c *court) refresh(ctx context.Context, v *View) (fresh *mesh.Snapshot, certain bool, err error) {
	fresh, certain = v.Stored, true
	for _, p := range v.pending {
		object, err := c.fetch(ctx, p.ref)
		if err != nil {
			return nil, false, err
		}
		certain = certain && (object == nil) == (p.object == nil)
		fresh = apply(fresh, p.ref, object)
	}
	return fresh, certain, nil
}

func judgeOn(ctx context.Context, j *Judge, q *question, snap *mesh.Snapshot) (ruling, error) {
	c := q.on(snap)
	decision, err := j.decide(ctx, q, c)
	return ruling{Decision: decision, question: q, change: c}, err
}

// admitted notes a write that will be stored.
func (c *court) admitted(r ruling) {
	if c.fetch == nil || !r.Allowed || r.question == nil || r.question.DryRun {
		return
	}
	c.store.Admitted(r.change.ref, r.change.object, r.question.base())
}

package webhook

import (
	"context"
	"time"

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

// ruling is a decision with the change that it is about.
type ruling struct {
	Decision
	change *change
}

// validate decides on r.
func (c *court) validate(ctx context.Context, j *Judge, r Review) (ruling, error) {
	var wait <-chan time.Time
	for {
		changed := c.store.Changed()
		result, err := c.once(ctx, j, r, c.store.View())
		if err != nil || c.fetch == nil || c.patience <= 0 || !hangsOnOthers(result.Decision) {
			return result, err
		}
		if wait == nil {
			timer := time.NewTimer(c.patience)
			defer timer.Stop()
			wait = timer.C
		}
		select {
		case <-changed:
		case <-wait:
			return result, nil
		case <-ctx.Done():
			return result, nil
		}
	}
}

// hangsOnOthers says whether another object's arrival could better the decision.
func hangsOnOthers(d Decision) bool {
	if !d.Allowed {
		return true
	}
	for _, v := range d.Violations {
		if v.Policy == policyUnknownHost || v.Policy == policyPending {
			return true
		}
	}
	return false
}

// The policies that warn of a partner that is missing.
const (
	policyPending     = "tls-pending"
	policyUnknownHost = "unknown-host"
)

// once decides on r in one view of the mesh.
func (c *court) once(ctx context.Context, j *Judge, r Review, v *View) (ruling, error) {
	expected, err := judgeOn(ctx, j, r, v.Expected)
	if err != nil || len(v.pending) == 0 || c.fetch == nil || expected.change == nil {
		return expected, err
	}
	stored, err := judgeOn(ctx, j, r, v.Stored)
	if err != nil || stored.Allowed == expected.Allowed {
		return expected, err
	}
	fresh, certain, err := c.refresh(ctx, v)
	if err != nil {
		return ruling{}, err
	}
	result, err := judgeOn(ctx, j, r, fresh)
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

func judgeOn(ctx context.Context, j *Judge, r Review, snap *mesh.Snapshot) (ruling, error) {
	change, err := r.change(snap)
	if err != nil {
		return ruling{}, err
	}
	decision, err := j.decide(ctx, change, r)
	return ruling{Decision: decision, change: change}, err
}

// admitted notes a write that will be stored.
func (c *court) admitted(r Review, result ruling) {
	if c.fetch == nil || !result.Allowed || result.change == nil || r.DryRun {
		return
	}
	c.store.Admitted(result.change.ref, result.change.object, r.base())
}

// base gives what a write replaces: for a new object its own UID, which the API server has set by now.
func (r Review) base() Version {
	if r.Operation == policies.Create {
		return Version{UID: versionOf(r.Object).UID}
	}
	return versionOf(r.OldObject)
}

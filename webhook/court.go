package webhook

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// A court has a judge decide on a mesh that is only known at a distance: events arrive milliseconds after the writes
// that they tell of, and another replica may have admitted one of those. Two reviews of `kubectl apply -f` are closer
// together than that. So:
//
//  1. An UPDATE or DELETE brings the stored object with it (question.on).
//  2. Writes admitted here count at once (Store.Admitted). A write may still fail after we admitted it, though: where
//     the answer hangs on writes that no event has shown yet, the API server is asked for those (doubt.go). Only what it
//     has stored can turn a refusal into a yes. What may still be on its way there can turn a yes into a refusal.
//  3. A refusal, or a warning that a host is unknown, may owe to a write that another replica admitted: it is given
//     only after a short wait, in which any event leads to a new judgement.
//
// This is safe because nothing here admits what would be refused on all that is known to be stored; and it is live because
// a wrong refusal needs an event that comes later than Patience, and passes on a second try.
type court struct {
	store *Store
	// fetch reads an object from the API server, nil if there is none; a nil func where no cluster is followed.
	fetch func(context.Context, mesh.Ref) (*mesh.Object, error)
	// patience is how long a refusal waits for events.
	patience time.Duration
	// facts is true if somebody asks what was judged by: it is no small thing to keep.
	facts   bool
	rulings memo[ruling]
	patches memo[[]jsonpatch.Operation]
}

// ruling is a decision with the write that it lets pass. It is never changed.
type ruling struct {
	Decision
	write *write // nil where nothing will be stored
	// hangsOn says on which write that is still on its way a refusal hangs; "" for none.
	hangsOn string
}

// write is what an admitted review does.
type write struct {
	ref    mesh.Ref
	object *mesh.Object // nil on DELETE
	base   Version
}

// validate decides on r. The denials' fixes are complete.
func (c *court) validate(ctx context.Context, j *Judge, r Review) (ruling, error) {
	q := sync.OnceValues(r.read)
	key := r.key()
	var result ruling
	err := c.settle(ctx, func(v *View) (settled bool, err error) {
		result, err = c.remembered(ctx, j, q, v, key)
		return err != nil || !hangsOnOthers(result.Decision), err
	})
	return result, err
}

// remembered gives the ruling that was given before, else a new one.
func (c *court) remembered(ctx context.Context, j *Judge, read func() (*question, error), v *View, key reviewKey) (ruling, error) {
	if result, ok := c.rulings.recall(v, j, key); ok {
		return result, nil
	}
	q, err := read()
	if err != nil {
		return ruling{}, err
	}
	if q == nil {
		return ruling{Decision: Decision{Allowed: true}}, nil
	}
	result, err := c.once(ctx, j, q, v)
	if !c.facts {
		result.Input = nil
	}
	if err == nil && len(v.pending) == 0 && repeatable(j) {
		c.rulings.keep(v, j, key, result)
	}
	return result, err
}

// repeatable says whether policies depend on nothing but the review: none may look at the clock or the network.
func repeatable(j *Judge) bool { return len(j.Config.Evaluation.Allow) == 0 }

// mutate gives the patch for r.
func (c *court) mutate(ctx context.Context, j *Judge, r Review) ([]jsonpatch.Operation, error) {
	key := r.key()
	var patch []jsonpatch.Operation
	err := c.settle(ctx, func(v *View) (settled bool, err error) {
		var known bool
		if patch, known = c.patches.recall(v, j, key); !known {
			if _, patch, err = j.Mutate(v.Expected, r); err != nil {
				return true, err
			}
			c.patches.keep(v, j, key, patch)
		}
		return len(patch) > 0 || c.fetch == nil || !governsUnknownHost(v.Expected, r.Object), nil
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

// hangsOnOthers says whether another object's arrival could better the decision. A ServiceEntry whose rule is still
// to come is the way of things, and warned of at once: with a wait for each, a thousand of them would take minutes.
func hangsOnOthers(d Decision) bool {
	return !d.Allowed || slices.ContainsFunc(d.Violations, func(v policies.Violation) bool {
		return v.Policy == policyUnknownHost
	})
}

// policyUnknownHost warns of a rule for a host that nobody declares.
const policyUnknownHost = "unknown-host"

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
	return c.confirm(ctx, j, q, v, stored, expected)
}

func judgeOn(ctx context.Context, j *Judge, q *question, snap *mesh.Snapshot) (ruling, error) {
	c := q.on(snap)
	decision, err := j.decide(ctx, q, c)
	if err != nil {
		return ruling{Decision: decision}, err
	}
	if !decision.Allowed {
		c.renderFixes(decision.Violations, q.tree, denials)
	}
	result := ruling{Decision: decision}
	if decision.Allowed && !q.DryRun {
		result.write = &write{ref: c.ref, object: c.object, base: q.base()}
	}
	return result, nil
}

// admitted notes a write that will be stored.
func (c *court) admitted(r ruling) {
	if c.fetch != nil && r.write != nil {
		c.store.Admitted(r.write.ref, r.write.object, r.write.base)
	}
}

package admission

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
	"github.com/tlsward/tlsward/webhook/assume"
)

// Decider decides reviews on a mesh that is known from a watch alone: events arrive milliseconds after the writes that
// they show, and another replica may have admitted one of those. Two reviews of `kubectl apply -f` are closer together
// than that. So:
//
//  1. An UPDATE or DELETE brings the stored object with it (request.on).
//  2. Writes admitted here count at once (assume.Cache). A write may still fail after it was admitted, though: where the
//     decision depends on writes that no event has shown yet, those are read from the API server (confirm). Only what it
//     has stored can turn a denial into an admission. What may still be on its way there can turn an admission into a
//     denial.
//  3. A denial, or a warning that a host is unknown, may owe to a write that another replica admitted: it is given only
//     after a short wait, in which any event leads to a new evaluation. NamespaceLifecycle, the API server's own plugin,
//     does the same for a namespace that its cache does not know yet.
//
// This is safe because nothing is admitted that would be denied on all that is known to be stored; and it is live because
// a wrong denial needs an event that comes later than Patience, and passes on a second try.
type Decider struct {
	Cache *assume.Cache
	// Get reads an object from the API server, nil if there is none. It is unset where no cluster is watched.
	Get func(context.Context, mesh.Ref) (*mesh.Object, error)
	// Patience is how long a denial waits for events.
	Patience time.Duration
	// Idle runs what only waits. It is unset where nobody else could compute meanwhile.
	Idle func(ctx context.Context, wait func())
	// KeepInput leaves what policies read in the decision. It is large, so only for whoever logs it.
	KeepInput bool

	decisions decisionCache[Decision]
	patches   decisionCache[[]jsonpatch.Operation]
}

// Validate decides on r. The fixes of denials are complete.
func (d *Decider) Validate(ctx context.Context, e *Evaluator, r Review) (Decision, error) {
	decode := sync.OnceValues(r.decode)
	key := r.key()
	var decision Decision
	err := d.untilSettled(ctx, func(v *assume.View) (settled bool, err error) {
		decision, err = d.cached(ctx, e, decode, v, key)
		return err != nil || !dependsOnOthers(decision), err
	})
	return decision, err
}

// Mutate returns the patch for r.
func (d *Decider) Mutate(ctx context.Context, e *Evaluator, r Review) ([]jsonpatch.Operation, error) {
	key := r.key()
	var patch []jsonpatch.Operation
	err := d.untilSettled(ctx, func(v *assume.View) (settled bool, err error) {
		var known bool
		if patch, known = d.patches.get(v, e, key); !known {
			if _, patch, err = e.Mutate(v.Assumed, r); err != nil {
				return true, err
			}
			d.patches.add(v, e, key, patch)
		}
		return len(patch) > 0 || d.Get == nil || !governsUnknownHost(v.Assumed, r.Object), nil
	})
	return patch, err
}

// Assume counts the write that an admitted review does from now on, until an event shows it.
func (d *Decider) Assume(decision Decision) {
	if d.Get != nil && decision.write != nil {
		d.Cache.Assume(*decision.write)
	}
}

// cached returns the decision that was made before on an equal review, else a new one.
func (d *Decider) cached(ctx context.Context, e *Evaluator, decode func() (*request, error), v *assume.View, key reviewKey) (Decision, error) {
	if decision, ok := d.decisions.get(v, e, key); ok {
		return decision, nil
	}
	q, err := decode()
	if err != nil {
		return Decision{}, err
	}
	if q == nil {
		return notReviewed(), nil
	}
	decision, err := d.decide(ctx, e, q, v)
	if !d.KeepInput {
		decision.Input = nil
	}
	if err == nil && len(v.Writes) == 0 && e.repeatable() {
		d.decisions.add(v, e, key, decision)
	}
	return decision, err
}

// decide decides on q in one view of the mesh.
func (d *Decider) decide(ctx context.Context, e *Evaluator, q *request, v *assume.View) (Decision, error) {
	assumed, err := e.evaluate(ctx, q, v.Assumed, fixesOfDenials)
	if err != nil || len(v.Writes) == 0 || d.Get == nil {
		return assumed, err
	}
	stored, err := e.evaluate(ctx, q, v.Stored, fixesOfDenials)
	if err != nil || stored.Allowed == assumed.Allowed {
		return assumed, err
	}
	return d.confirm(ctx, e, q, v, stored, assumed)
}

// untilSettled tries again, as long as Patience lasts, whenever the mesh has changed and the last decision may change
// with it.
func (d *Decider) untilSettled(ctx context.Context, try func(*assume.View) (settled bool, err error)) error {
	var timeout <-chan time.Time
	for {
		changed := d.Cache.Changed()
		settled, err := try(d.Cache.View())
		if settled || d.Get == nil || d.Patience <= 0 {
			return err
		}
		if timeout == nil {
			timer := time.NewTimer(d.Patience)
			defer timer.Stop()
			timeout = timer.C
		}
		if !d.await(ctx, changed, timeout) {
			return err
		}
	}
}

// await waits until the mesh has changed, and reports whether it has before the timeout and the end of ctx.
func (d *Decider) await(ctx context.Context, changed <-chan struct{}, timeout <-chan time.Time) (hasChanged bool) {
	wait := func() {
		select {
		case <-changed:
			hasChanged = true
		case <-timeout:
		case <-ctx.Done():
		}
	}
	if d.Idle != nil {
		d.Idle(ctx, wait)
	} else {
		wait()
	}
	return hasChanged
}

// dependsOnOthers reports whether another object's arrival could better the decision. A ServiceEntry whose rule is still
// to come is the normal order, and warned of at once: with a wait for each, a thousand of them would take minutes.
func dependsOnOthers(d Decision) bool {
	return !d.Allowed || slices.ContainsFunc(d.Violations, func(v policies.Violation) bool {
		return v.Policy == policyUnknownHost
	})
}

// policyUnknownHost warns of a rule for a host that nobody declares.
const policyUnknownHost = "unknown-host"

// governsUnknownHost reports whether raw is a DestinationRule for a host that the mesh does not know: its ServiceEntry
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

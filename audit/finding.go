package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// ReviewLimit stands for a policy's id where an object is larger than any that is judged (mesh.LimitError).
const ReviewLimit = "review-limit"

// Finding is one violation of one stored object.
type Finding struct {
	policies.Violation
	Object mesh.Ref `json:"object"`
	// Since is when an object began to wait for its partner, as far as is known (see Audit); where nobody has watched, when it was
	// created. The zero time is for what does not wait.
	Since time.Time `json:"since,omitzero"`
	// Until is when it is overdue: PendingGrace later. The zero time is never.
	Until time.Time `json:"until,omitzero"`
}

// pending is the policy of what waits for a partner.
const pending = "tls-pending"

// Overdue reports whether what is found waits for its partner for longer than it may: nobody is on the way to mend it.
func (f Finding) Overdue(now time.Time) bool { return !f.Until.IsZero() && now.After(f.Until) }

// Findings judges each object of a mesh as if it were the last to be created. They are in the order of the objects, and as their
// policies sort them. The error names the objects that could not be judged.
func Findings(ctx context.Context, e *admission.Evaluator, snap *mesh.Snapshot) ([]Finding, error) {
	objects := slices.Collect(snap.Objects())
	found, errs := make([][]Finding, len(objects)), make([]error, len(objects))
	standing, next := e.Standing(snap), make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				found[i], errs[i] = Judge(ctx, standing, objects[i])
			}
		})
	}
	for i := range objects {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}

// Judge returns the violations of one object of a mesh.
func Judge(ctx context.Context, standing *admission.Standing, o *mesh.Object) ([]Finding, error) {
	decision, err := standing.Validate(ctx, o)
	var limit *mesh.LimitError
	if errors.As(err, &limit) {
		return []Finding{{Violation: policies.Violation{Policy: ReviewLimit, Action: v1alpha1.Deny, Message: limit.Reason}, Object: o.Ref}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("judge %s: %w", o.Ref, err)
	}
	var found []Finding
	for _, v := range decision.Violations {
		f := Finding{Violation: v, Object: o.Ref}
		if v.Policy == pending && v.Exempt == "" && !o.Created.IsZero() {
			f.Since, f.Until = o.Created, o.Created.Add(standing.MayPend())
		}
		found = append(found, f)
	}
	return found, nil
}

// Group is what findings are counted by.
type Group struct {
	Namespace string
	Policy    string
	Action    v1alpha1.Action
}

// Count returns how many findings there are by namespace, policy and action.
func Count(findings []Finding) map[Group]int {
	counts := map[Group]int{}
	for _, f := range findings {
		counts[Group{f.Object.InNamespace(), f.Policy, f.Action}]++
	}
	return counts
}

// compareActions orders the strongest action first.
func compareActions(a, b v1alpha1.Action) int {
	order := []v1alpha1.Action{v1alpha1.Deny, v1alpha1.Warn, v1alpha1.Audit}
	return cmp.Compare(slices.Index(order, a), slices.Index(order, b))
}

// WorstFirst sorts findings by action, policy and object.
func WorstFirst(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(compareActions(a.Action, b.Action), cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Object.String(), b.Object.String()))
	})
}

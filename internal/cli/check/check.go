// Package check judges a mesh of files as the webhooks would, object by object, and reports what they would say: as
// text, JSON or SARIF.
//
// What is wrong is decided in packages webhook and policies, never here.
package check

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Finding is one violation of one object.
type Finding struct {
	policies.Violation
	Object *offline.Object
}

// Line gives the line of the file to look at: that of the field that decided, if it is in the object's own file.
func (f Finding) Line() int {
	field, own := strings.CutPrefix(f.DecidedBy, f.Object.Ref.String()+" ")
	if !own {
		return f.Object.Line
	}
	return f.Object.LineOf(field)
}

// Run judges each object of m as if it came last. The findings are in the order of the objects. The error says which
// objects could not be judged.
func Run(ctx context.Context, judge *admission.Evaluator, m *offline.Mesh) ([]Finding, error) {
	found := make([][]Finding, len(m.Objects))
	errs := make([]error, len(m.Objects))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				found[i], errs[i] = judgeOne(ctx, judge, m, m.Objects[i])
			}
		})
	}
	for i := range m.Objects {
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
	var all []Finding
	for _, list := range found {
		all = append(all, list...)
	}
	return all, nil
}

func judgeOne(ctx context.Context, judge *admission.Evaluator, m *offline.Mesh, o *offline.Object) ([]Finding, error) {
	review := admission.Review{Operation: policies.Create, Object: o.Stored}
	decision, err := judge.Validate(ctx, m.Snapshot.Without(o.Ref), review)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", o.Where(), o.Ref, err)
	}
	var found []Finding
	for _, v := range decision.Violations {
		found = append(found, Finding{Violation: v, Object: o})
	}
	return found, nil
}

// Denied says whether any object would be refused.
func Denied(findings []Finding) bool { return count(findings, v1alpha1.Deny) > 0 }

func count(findings []Finding, action v1alpha1.Action) int {
	n := 0
	for _, f := range findings {
		if f.Action == action {
			n++
		}
	}
	return n
}

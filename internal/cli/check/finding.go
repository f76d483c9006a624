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
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// ReviewLimit stands for a policy's id where an object is denied because its review would be larger than any may be
// (mesh.LimitError). No configuration lowers it.
const ReviewLimit = "review-limit"

// UnknownField stands for a policy's id where an object of a file has a field that its kind does not have: what the person
// meant is not there. The API server refuses it where it is asked to be strict, as kubectl asks. No configuration lowers it.
const UnknownField = "unknown-field"

// Finding is one violation of one object.
type Finding struct {
	policies.Violation
	Object *offline.Object
	// Decider is the object that decided, and DecidingField its field; nil for one of no file.
	Decider       *offline.Object
	DecidingField string
}

// DecidedAt returns the file and the line of what decided; "" and 0 for an object of no file.
func (f Finding) DecidedAt() (file string, line int) {
	if f.Decider == nil {
		return "", 0
	}
	return f.Decider.File, f.Decider.LineOf(f.DecidingField)
}

// Line returns the line of the object's file to look at: that of the field that decided, if the object has it, else that
// on which the object begins; 0 if it is of no file.
func (f Finding) Line() int { return f.Object.LineOf(f.field()) }

// Where returns the place to look at, as "file:line".
func (f Finding) Where() string { return f.Object.WhereIs(f.field()) }

// field returns the field that decided, "" if it is one of another object.
func (f Finding) field() string {
	field, own := strings.CutPrefix(f.DecidedBy, f.Object.Ref.String()+" ")
	if !own {
		return ""
	}
	return field
}

// Validate validates each object of m as if it were the last to be created. The findings are in the order of the objects.
// The error names the objects that could not be validated.
func Validate(ctx context.Context, evaluator *admission.Evaluator, m *offline.Mesh) ([]Finding, error) {
	found := make([][]Finding, len(m.Objects))
	errs := make([]error, len(m.Objects))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				found[i], errs[i] = validate(ctx, evaluator, m, m.Objects[i])
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

func validate(ctx context.Context, evaluator *admission.Evaluator, m *offline.Mesh, o *offline.Object) ([]Finding, error) {
	before, review := m.Review(o)
	decision, err := evaluator.Validate(ctx, before, review)
	var limit *mesh.LimitError
	if errors.As(err, &limit) {
		return []Finding{{Violation: policies.Violation{Policy: ReviewLimit, Action: v1alpha1.Deny, Message: limit.Reason}, Object: o}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", o.Where(), o.Ref, err)
	}
	found := unknownFields(o)
	for _, v := range decision.Violations {
		f := Finding{Violation: v, Object: o}
		f.Decider, f.DecidingField = m.Decider(v.DecidedBy)
		found = append(found, f)
	}
	return found, nil
}

// unknownFields returns the findings for the fields of an object that its kind does not have.
func unknownFields(o *offline.Object) []Finding {
	var found []Finding
	for _, u := range o.Unknown {
		message := fmt.Sprintf("%s has no field %s: the API server refuses the object, or drops the field", o.Head.Kind, u.Path)
		if u.Nearest != "" {
			message += fmt.Sprintf(" (did you mean %s?)", u.Nearest)
		}
		found = append(found, Finding{Object: o, Violation: policies.Violation{Policy: UnknownField, Action: v1alpha1.Deny,
			Message: message, DecidedBy: o.Ref.String() + " " + u.Path}})
	}
	return found
}

func count(findings []Finding, action v1alpha1.Action) int {
	n := 0
	for _, f := range findings {
		if f.Action == action {
			n++
		}
	}
	return n
}

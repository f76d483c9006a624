// Package fixes applies the fixes of denials, after which the review must be admitted. Its tests check that on the Suites,
// test/oracle on random reviews.
package fixes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	policyfixes "github.com/tlsward/tlsward/policies/fixes"
	"github.com/tlsward/tlsward/webhook/admission"
)

// maxFixes is how many fixes one review may need: one for each of its denials, and for each denial of a fix that is a
// review of its own. What needs more goes round in a circle.
const maxFixes = 32

// Player is a cluster behind the webhooks.
type Player struct {
	Evaluator *admission.Evaluator
	Mesh      *mesh.Snapshot
	// stored is what was stored on the way, as JSON: the oldObject of a review is what is stored by then.
	stored map[mesh.Ref][]byte
}

// Play mutates and validates a review, as the API server calls the webhooks. It leaves the mutated object in the review.
func (p *Player) Play(ctx context.Context, r *admission.Review) (admission.Decision, error) {
	if err := p.keepCreationTimestamp(r); err != nil {
		return admission.Decision{}, err
	}
	if err := p.updateOldObject(r); err != nil {
		return admission.Decision{}, err
	}
	object, _, err := p.Evaluator.Mutate(p.Mesh, *r)
	if err != nil {
		return admission.Decision{}, fmt.Errorf("mutate: %w", err)
	}
	r.Object = object
	decision, err := p.Evaluator.Validate(ctx, p.Mesh, *r)
	if err != nil {
		return admission.Decision{}, fmt.Errorf("validate: %w", err)
	}
	return decision, nil
}

// keepCreationTimestamp sets the creationTimestamp of an object that replaces another, which no client can change.
func (p *Player) keepCreationTimestamp(r *admission.Review) error {
	if r.Operation != policies.Update {
		return nil
	}
	o, err := mesh.Decode(r.Object)
	if err != nil {
		return fmt.Errorf("read what replaces an object: %w", err)
	}
	stored := p.Mesh.Get(o.Ref)
	if stored == nil || stored.Created.IsZero() || !o.Created.IsZero() {
		return nil
	}
	var object map[string]any
	if err := json.Unmarshal(r.Object, &object); err != nil {
		return fmt.Errorf("read what replaces an object: %w", err)
	}
	object["metadata"].(map[string]any)["creationTimestamp"] = stored.Created
	r.Object, err = json.Marshal(object)
	return err
}

// updateOldObject sets the oldObject of a review to what is stored by now.
func (p *Player) updateOldObject(r *admission.Review) error {
	if len(r.OldObject) == 0 {
		return nil
	}
	o, err := mesh.Decode(r.OldObject)
	if err != nil {
		return fmt.Errorf("read what is stored: %w", err)
	}
	if o != nil && p.stored[o.Ref] != nil {
		r.OldObject = p.stored[o.Ref]
	}
	return nil
}

// encode returns a stored object as JSON.
func encode(o *mesh.Object) ([]byte, error) {
	raw, err := json.Marshal(map[string]any{
		"apiVersion": o.APIVersion, "kind": o.Kind, "spec": o.Spec,
		"metadata": map[string]any{"name": o.Name, "namespace": o.Namespace, "creationTimestamp": o.Created},
	})
	if err != nil {
		return nil, fmt.Errorf("write what is stored: %w", err)
	}
	return raw, nil
}

// Store applies an admitted review to the mesh.
func (p *Player) Store(r admission.Review) error {
	raw := r.Object
	if r.Operation == policies.Delete {
		raw = r.OldObject
	}
	o, err := mesh.Decode(raw)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if r.Operation == policies.Delete {
		p.Mesh = p.Mesh.Without(o.Ref)
		return nil
	}
	if r.Operation == policies.Create && o.Created.IsZero() {
		o.Created = time.Now()
	}
	p.Mesh = p.Mesh.With(o)
	if p.stored == nil {
		p.stored = map[mesh.Ref][]byte{}
	}
	p.stored[o.Ref] = raw
	return nil
}

// FixError is a denial whose fix does not lead to admission.
type FixError struct {
	// Reason is what went wrong, in a few words.
	Reason string
	// Denial is the violation whose fix did not help.
	Denial policies.Violation
	// Result is the error of applying the fix, "" if there is none.
	Result string
}

// Error returns the denial, its fix, and the result.
func (b *FixError) Error() string {
	return fmt.Sprintf("%s: [%s] %s\nfix:\n%s\n%s", b.Reason, b.Denial.Policy, b.Denial.Message, b.Denial.Fix, b.Result)
}

// ErrNoFix is the error for a denial that gives a reason why there is no fix.
var ErrNoFix = errors.New("the denial says that there is no fix")

// ApplyFixes applies the fix of the first denial and plays the review again, until it is admitted. A fix that changes
// another object is a review of its own, whose denials are fixed alike. The error is a *FixError if the review is never
// admitted, or ErrNoFix.
func (p *Player) ApplyFixes(ctx context.Context, r admission.Review, decision admission.Decision) error {
	left := maxFixes
	return p.applyFixes(ctx, &r, decision, &left)
}

// applyFixes does so while there are fixes left.
func (p *Player) applyFixes(ctx context.Context, r *admission.Review, decision admission.Decision, left *int) error {
	for !decision.Allowed {
		v := FirstDenial(decision)
		if *left--; *left < 0 {
			return &FixError{Reason: fmt.Sprintf("still refused after %d fixes", maxFixes), Denial: v}
		}
		for _, document := range policyfixes.Split(v.Fix) {
			object, err := fixedObject(v, document)
			if err != nil {
				return err
			}
			if sameObject(object, *r) {
				r.Object = object
			} else if err := p.storeFixed(ctx, v, object, left); err != nil {
				return err
			}
		}
		var err error
		if decision, err = p.Play(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// storeFixed stores another object that a fix changes, once it is admitted.
func (p *Player) storeFixed(ctx context.Context, v policies.Violation, object []byte, left *int) error {
	o, err := mesh.Decode(object)
	if err != nil || o == nil {
		return &FixError{Reason: "the fix is no object of the mesh", Denial: v, Result: fmt.Sprint(err)}
	}
	r := admission.Review{Operation: policies.Create, Object: object}
	if stored := p.Mesh.Get(o.Ref); stored != nil {
		r.Operation = policies.Update
		if r.OldObject, err = encode(stored); err != nil {
			return err
		}
	}
	decision, err := p.Play(ctx, &r)
	if err != nil {
		return err
	}
	if err := p.applyFixes(ctx, &r, decision, left); err != nil {
		return err
	}
	return p.Store(r)
}

// FirstDenial returns the first violation that denies.
func FirstDenial(d admission.Decision) policies.Violation {
	for _, v := range d.Violations {
		if v.Action == v1alpha1.Deny {
			return v
		}
	}
	return policies.Violation{}
}

// FillIn writes a name where a fix leaves one to whoever applies it.
func FillIn(fix string) string { return strings.ReplaceAll(fix, "<service-account>", "caller") }

// fixedObject returns the object of one document of a fix. A document without one must be a comment with the reason.
func fixedObject(v policies.Violation, document string) ([]byte, error) {
	raw, err := yaml.YAMLToJSON([]byte(FillIn(document)))
	if err != nil {
		return nil, &FixError{Reason: "the fix is no YAML", Denial: v, Result: err.Error()}
	}
	var head struct{ APIVersion, Kind string }
	if err := json.Unmarshal(raw, &head); err == nil && head.Kind != "" && head.APIVersion != "" {
		return raw, nil
	}
	if strings.HasPrefix(document, "# ") {
		return nil, ErrNoFix
	}
	return nil, &FixError{Reason: "no fix, and no reason why there is none", Denial: v}
}

// sameObject reports whether a fix changes the object under review.
func sameObject(object []byte, r admission.Review) bool {
	if r.Operation == policies.Delete {
		return false
	}
	a, errA := mesh.Decode(object)
	b, errB := mesh.Decode(r.Object)
	return errA == nil && errB == nil && a != nil && b != nil && a.Ref == b.Ref
}

// Package fixes does what denials say: whoever does it is admitted. Its tests hold the Suites to that, test/oracle random
// reviews.
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
	"github.com/tlsward/tlsward/webhook/admission"
)

// rounds is how many fixes one review may need: one for each of its reasons, and for each reason against a fix that is
// a review of its own. What needs more leads in a circle.
const rounds = 32

// Player is a cluster with the webhooks before it.
type Player struct {
	Judge *admission.Evaluator
	Mesh  *mesh.Snapshot
	// written is what was stored on the way, as JSON: an API server shows a review what is stored by then.
	written map[mesh.Ref][]byte
}

// Play mutates and judges a review, as the API server would have it done. The review's object is then the mutated one.
func (p *Player) Play(ctx context.Context, r *admission.Review) (admission.Decision, error) {
	if err := p.keepTime(r); err != nil {
		return admission.Decision{}, err
	}
	if err := p.showStored(r); err != nil {
		return admission.Decision{}, err
	}
	object, _, err := p.Judge.Mutate(p.Mesh, *r)
	if err != nil {
		return admission.Decision{}, fmt.Errorf("mutate: %w", err)
	}
	r.Object = object
	decision, err := p.Judge.Validate(ctx, p.Mesh, *r)
	if err != nil {
		return admission.Decision{}, fmt.Errorf("validate: %w", err)
	}
	return decision, nil
}

// keepTime gives an object that replaces another its creation time, which nobody can change.
func (p *Player) keepTime(r *admission.Review) error {
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

// showStored gives a review the old object as it is stored by now.
func (p *Player) showStored(r *admission.Review) error {
	if len(r.OldObject) == 0 {
		return nil
	}
	o, err := mesh.Decode(r.OldObject)
	if err != nil {
		return fmt.Errorf("read what is stored: %w", err)
	}
	if o != nil && p.written[o.Ref] != nil {
		r.OldObject = p.written[o.Ref]
	}
	return nil
}

// written gives a stored object as JSON.
func written(o *mesh.Object) ([]byte, error) {
	raw, err := json.Marshal(map[string]any{
		"apiVersion": o.APIVersion, "kind": o.Kind, "spec": o.Spec,
		"metadata": map[string]any{"name": o.Name, "namespace": o.Namespace, "creationTimestamp": o.Created},
	})
	if err != nil {
		return nil, fmt.Errorf("write what is stored: %w", err)
	}
	return raw, nil
}

// Store does what an admitted review asks for.
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
	if p.written == nil {
		p.written = map[mesh.Ref][]byte{}
	}
	p.written[o.Ref] = raw
	return nil
}

// Broken is a denial that does not keep its promise.
type Broken struct {
	// How is in a few words what went wrong.
	How string
	// Denial is the violation whose fix did not help.
	Denial policies.Violation
	// Then is what was said after doing what the fix says, "" where it could not be done.
	Then string
}

// Error tells the denial, its fix, and what came of it.
func (b *Broken) Error() string {
	return fmt.Sprintf("%s: [%s] %s\nfix:\n%s\n%s", b.How, b.Denial.Policy, b.Denial.Message, b.Denial.Fix, b.Then)
}

// ErrHopeless is returned for a denial that says why nothing can be done about it.
var ErrHopeless = errors.New("the denial says that there is no fix")

// Mend does what the first denial says, and asks again, until the review is admitted. What a fix changes beside the object
// under review is a review of its own, with what is wrong there beside. The error is a *Broken where it is never admitted,
// or ErrHopeless where that was not promised.
func (p *Player) Mend(ctx context.Context, r admission.Review, decision admission.Decision) error {
	left := rounds
	return p.mend(ctx, &r, decision, &left)
}

// mend does so as long as there are rounds left.
func (p *Player) mend(ctx context.Context, r *admission.Review, decision admission.Decision, left *int) error {
	for !decision.Allowed {
		v := FirstDenial(decision)
		if *left--; *left < 0 {
			return &Broken{How: fmt.Sprintf("still refused after %d fixes", rounds), Denial: v}
		}
		object, err := fixed(v)
		if err != nil {
			return err
		}
		if same(object, *r) {
			r.Object = object
		} else if err := p.apply(ctx, v, object, left); err != nil {
			return err
		}
		if decision, err = p.Play(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// apply stores another object that a fix names, once it is admitted.
func (p *Player) apply(ctx context.Context, v policies.Violation, object []byte, left *int) error {
	o, err := mesh.Decode(object)
	if err != nil || o == nil {
		return &Broken{How: "the fix is no object of the mesh", Denial: v, Then: fmt.Sprint(err)}
	}
	r := admission.Review{Operation: policies.Create, Object: object}
	if stored := p.Mesh.Get(o.Ref); stored != nil {
		r.Operation = policies.Update
		if r.OldObject, err = written(stored); err != nil {
			return err
		}
	}
	decision, err := p.Play(ctx, &r)
	if err != nil {
		return err
	}
	if err := p.mend(ctx, &r, decision, left); err != nil {
		return err
	}
	return p.Store(r)
}

// FirstDenial gives the first violation that denies.
func FirstDenial(d admission.Decision) policies.Violation {
	for _, v := range d.Violations {
		if v.Action == v1alpha1.Deny {
			return v
		}
	}
	return policies.Violation{}
}

// fixed reads the object that a fix gives. A fix without one must be a comment that says why.
func fixed(v policies.Violation) ([]byte, error) {
	raw, err := yaml.YAMLToJSON([]byte(v.Fix))
	if err != nil {
		return nil, &Broken{How: "the fix is no YAML", Denial: v, Then: err.Error()}
	}
	var head struct{ APIVersion, Kind string }
	if err := json.Unmarshal(raw, &head); err == nil && head.Kind != "" && head.APIVersion != "" {
		return raw, nil
	}
	if strings.HasPrefix(v.Fix, "# ") {
		return nil, ErrHopeless
	}
	return nil, &Broken{How: "no fix, and no reason why there is none", Denial: v}
}

// same tells whether a fix is the object under review, changed.
func same(object []byte, r admission.Review) bool {
	if r.Operation == policies.Delete {
		return false
	}
	a, errA := mesh.Decode(object)
	b, errB := mesh.Decode(r.Object)
	return errA == nil && errB == nil && a != nil && b != nil && a.Ref == b.Ref
}

// Package mend_test holds the promise of every denial: whoever does what its fix says is admitted.
package mend_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/config"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/suite"
	"github.com/tlsward/tlsward/webhook"
)

// rounds is how many fixes one review may need: one for each of its reasons.
const rounds = 8

// TestFixes plays every Suite. Each denial on the way is mended as it says, until the review is admitted. SUITES names
// further files or directories.
func TestFixes(t *testing.T) {
	paths := []string{"../suites"}
	if more := os.Getenv("SUITES"); more != "" {
		paths = append(paths, more)
	}
	found, err := suite.Find(nil, paths...)
	if err != nil {
		t.Fatal(err)
	}
	denials := 0
	for _, s := range found.Suites {
		judge, err := webhook.NewJudge(context.Background(), s.Config)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range s.Cases {
			t.Run(s.Name+"/"+c.Name, func(t *testing.T) { denials += mendCase(t, judge, s, c) })
		}
	}
	if denials == 0 {
		t.Error("no Suite denies anything")
	}
	t.Logf("%d denials mended", denials)
}

func mendCase(t *testing.T, judge *webhook.Judge, s *suite.Suite, c suite.Case) (denials int) {
	p := &player{t: t, judge: judge, snap: mesh.New(webhook.MeshSettings(s.Config.Mesh), c.Given...)}
	for _, step := range c.Steps {
		r := webhook.Review{Operation: step.Operation, Object: step.Object, OldObject: step.OldObject}
		decision := p.play(&r)
		if decision.Allowed {
			p.store(r)
			continue
		}
		denials++
		p.mend(r, decision)
	}
	return denials
}

// player is a cluster with the webhooks before it.
type player struct {
	t     *testing.T
	judge *webhook.Judge
	snap  *mesh.Snapshot
}

// play mutates and judges a review, as the API server would have it done.
func (p *player) play(r *webhook.Review) webhook.Decision {
	p.t.Helper()
	object, _, err := p.judge.Mutate(p.snap, *r)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Object = object
	decision, err := p.judge.Validate(context.Background(), p.snap, *r)
	if err != nil {
		p.t.Fatal(err)
	}
	return decision
}

func (p *player) store(r webhook.Review) {
	p.t.Helper()
	if r.Operation == policies.Delete {
		o, err := mesh.Decode(r.OldObject)
		if err != nil {
			p.t.Fatal(err)
		}
		p.snap = p.snap.Without(o.Ref)
		return
	}
	o, err := mesh.Decode(r.Object)
	if err != nil {
		p.t.Fatal(err)
	}
	p.snap = p.snap.With(o)
}

// mend does what the first denial says, and asks again, until the review is admitted.
func (p *player) mend(r webhook.Review, decision webhook.Decision) {
	p.t.Helper()
	for range rounds {
		v := firstDenial(decision)
		object, ok := p.object(v)
		if !ok {
			if !strings.HasPrefix(v.Fix, "# ") {
				p.t.Errorf("[%s] %s\ngives no fix and no reason why there is none: %q", v.Policy, v.Message, v.Fix)
			}
			return
		}
		if sameObject(p.t, object, r) {
			r.Object = object
		} else if !p.apply(v, object) {
			return
		}
		if decision = p.play(&r); decision.Allowed {
			return
		}
	}
	v := firstDenial(decision)
	p.t.Errorf("still refused after %d fixes: [%s] %s\nfix:\n%s", rounds, v.Policy, v.Message, v.Fix)
}

// apply stores another object that a fix names: that alone must be admitted.
func (p *player) apply(v policies.Violation, object []byte) bool {
	p.t.Helper()
	r := webhook.Review{Operation: policies.Create, Object: object}
	o, err := mesh.Decode(object)
	if err != nil || o == nil {
		p.t.Errorf("[%s] the fix is no object of the mesh: %v\n%s", v.Policy, err, v.Fix)
		return false
	}
	if stored := p.snap.Get(o.Ref); stored != nil {
		r.Operation = policies.Update
	}
	if decision := p.play(&r); !decision.Allowed {
		p.t.Errorf("[%s] the fix itself is refused: %s\n%s", v.Policy, firstDenial(decision).Message, v.Fix)
		return false
	}
	p.store(r)
	return true
}

func firstDenial(d webhook.Decision) policies.Violation {
	for _, v := range d.Violations {
		if v.Action == config.Deny {
			return v
		}
	}
	return policies.Violation{}
}

// object reads the object that a fix gives.
func (p *player) object(v policies.Violation) ([]byte, bool) {
	p.t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(v.Fix))
	if err != nil {
		p.t.Errorf("[%s] the fix is no YAML: %v\n%s", v.Policy, err, v.Fix)
		return nil, false
	}
	var head struct{ APIVersion, Kind string }
	if err := json.Unmarshal(raw, &head); err != nil || head.Kind == "" || head.APIVersion == "" {
		return nil, false
	}
	return raw, true
}

func sameObject(t *testing.T, object []byte, r webhook.Review) bool {
	t.Helper()
	reviewed := r.Object
	if reviewed == nil {
		reviewed = r.OldObject
	}
	a, errA := mesh.Decode(object)
	b, errB := mesh.Decode(reviewed)
	if errA != nil || errB != nil || a == nil || b == nil {
		t.Fatal(errA, errB)
	}
	return r.Operation != policies.Delete && a.Ref == b.Ref
}

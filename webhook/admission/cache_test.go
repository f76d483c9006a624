package admission

import (
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/webhook/assume"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

func TestReviewsThatDifferHaveKeysThatDiffer(t *testing.T) {
	base := Review{Operation: "UPDATE", Object: []byte("ab"), OldObject: []byte("c"), Username: "u", Groups: []string{"g", "h"}, Namespace: "n"}
	seen := map[reviewKey]string{base.key(): "the base"}
	for name, change := range map[string]func(*Review){
		"operation":           func(r *Review) { r.Operation = "CREATE" },
		"object":              func(r *Review) { r.Object = []byte("abx") },
		"old object":          func(r *Review) { r.OldObject = nil },
		"a byte moves over":   func(r *Review) { r.Object, r.OldObject = []byte("a"), []byte("bc") },
		"user":                func(r *Review) { r.Username = "v" },
		"user and namespace":  func(r *Review) { r.Username, r.Namespace = "un", "" },
		"groups":              func(r *Review) { r.Groups = []string{"g"} },
		"groups joined":       func(r *Review) { r.Groups = []string{"gh"} },
		"order of the groups": func(r *Review) { r.Groups = []string{"h", "g"} },
		"namespace":           func(r *Review) { r.Namespace = "m" },
		"dry run":             func(r *Review) { r.DryRun = true },
	} {
		r := base
		change(&r)
		key := r.key()
		if other, known := seen[key]; known {
			t.Errorf("%s has the key of %s", name, other)
		}
		seen[key] = name
	}
	again := base
	again.Object = []byte("ab")
	if again.key() != base.key() {
		t.Error("equal reviews have keys that differ")
	}
}

func TestDecisionCacheForgets(t *testing.T) {
	s, judge := newCache(t, fixture.Entry), testEvaluator(t)
	view, key := s.View(), Review{}.key()
	var m decisionCache[Decision]
	m.add(view, judge, key, Decision{Allowed: true})
	if r, ok := m.get(view, judge, key); !ok || !r.Allowed {
		t.Fatal("forgot at once")
	}
	if _, ok := m.get(view, &Evaluator{}, key); ok {
		t.Error("one evaluator's decision stands for another's")
	}
	s.Put(fixture.Object(t, fixture.GoodRule), assume.Version{})
	if _, ok := m.get(s.View(), judge, key); ok {
		t.Error("a decision outlived the mesh that it was given on")
	}
	m.since = time.Now().Add(-cacheTTL - time.Second)
	if _, ok := m.get(view, judge, key); ok {
		t.Error("a decision outlived its time")
	}
	for i := range cacheSize + 10 {
		m.add(view, judge, Review{Username: string(rune(i))}.key(), Decision{})
	}
	if len(m.answers) > cacheSize {
		t.Errorf("%d decisions kept, at most %d wanted", len(m.answers), cacheSize)
	}
}

func TestRepeatedReviewIsRemembered(t *testing.T) {
	c := newDecider(t, &apiServer{}, 0, fixture.Entry)
	for range 3 {
		if validates(t, c, creation(t, fixture.DisabledRule)) || !validates(t, c, creation(t, fixture.GoodRule)) {
			t.Fatal("the cache mixes decisions up")
		}
	}
	if len(c.decisions.answers) != 2 {
		t.Errorf("%d decisions known, want 2", len(c.decisions.answers))
	}
	cfg := v1alpha1.DefaultConfig()
	cfg.Evaluation.Allow = []string{"time.now_ns"}
	clock := &Evaluator{Config: cfg, Engine: testEvaluator(t).Engine}
	c.decisions = decisionCache[Decision]{}
	if _, err := c.Validate(t.Context(), clock, creation(t, fixture.GoodRule)); err != nil || len(c.decisions.answers) != 0 {
		t.Errorf("%d decisions kept of policies that may look at the clock, %v", len(c.decisions.answers), err)
	}
}

package webhook

import (
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
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

func TestMemoForgets(t *testing.T) {
	s, judge := newStore(t, entry), testJudge(t)
	view, key := s.View(), Review{}.key()
	var m memo[ruling]
	m.keep(view, judge, key, ruling{Decision: Decision{Allowed: true}})
	if r, ok := m.recall(view, judge, key); !ok || !r.Allowed {
		t.Fatal("forgot at once")
	}
	if _, ok := m.recall(view, &Judge{}, key); ok {
		t.Error("one judge's ruling stands for another's")
	}
	s.Put(object(t, goodRule), Version{})
	if _, ok := m.recall(s.View(), judge, key); ok {
		t.Error("a ruling outlived the mesh that it was given on")
	}
	m.since = time.Now().Add(-memoLife - time.Second)
	if _, ok := m.recall(view, judge, key); ok {
		t.Error("a ruling outlived its time")
	}
	for i := range memoSize + 10 {
		m.keep(view, judge, Review{Username: string(rune(i))}.key(), ruling{})
	}
	if len(m.known) > memoSize {
		t.Errorf("%d rulings kept, at most %d wanted", len(m.known), memoSize)
	}
}

func TestRepeatedReviewIsRemembered(t *testing.T) {
	c := newCourt(t, &apiServer{}, 0, entry)
	for range 3 {
		if validates(t, c, creation(t, disabledRule)) || !validates(t, c, creation(t, goodRule)) {
			t.Fatal("the memo mixes rulings up")
		}
	}
	if len(c.rulings.known) != 2 {
		t.Errorf("%d rulings known, want 2", len(c.rulings.known))
	}
	cfg := v1alpha1.DefaultConfig()
	cfg.Evaluation.Allow = []string{"time.now_ns"}
	clock := &Judge{Config: cfg, Engine: testJudge(t).Engine}
	c.rulings = memo[ruling]{}
	if _, err := c.validate(t.Context(), clock, creation(t, goodRule)); err != nil || len(c.rulings.known) != 0 {
		t.Errorf("%d rulings kept of policies that may look at the clock, %v", len(c.rulings.known), err)
	}
}

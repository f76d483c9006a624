package admission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

// paddedRoute returns a VirtualService for fixture's host with as many source labels.
func paddedRoute(t *testing.T, n int) []byte {
	t.Helper()
	match := make([]any, n)
	for i := range match {
		match[i] = map[string]any{"sourceLabels": map[string]any{fmt.Sprintf("padding-%d", i): "x"}}
	}
	route := map[string]any{"match": match, "route": []any{map[string]any{"destination": map[string]any{"host": "shop.example.com"}}}}
	raw, err := json.Marshal(map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": map[string]any{"name": "padded", "namespace": "shop"},
		"spec": map[string]any{"hosts": []any{"shop.example.com"}, "exportTo": []any{"."}, "http": []any{route}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// An object that asks too much of a review is its author's fault, and never admitted.
func TestTooManySelectorsAreRefused(t *testing.T) {
	snap := mesh.New(mesh.DefaultSettings(), fixture.Objects(t, fixture.Entry, fixture.GoodRule)...)
	for _, dryRun := range []bool{false, true} {
		d, err := testEvaluator(t).Validate(t.Context(), snap, Review{Operation: policies.Create, Object: paddedRoute(t, 4300), DryRun: dryRun})
		var invalid *ObjectError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "4300 selectors") || d.Allowed {
			t.Errorf("allowed: %t, %v", d.Allowed, err)
		}
	}
	d, err := testEvaluator(t).Validate(t.Context(), snap, Review{Operation: policies.Create, Object: paddedRoute(t, 40)})
	if err != nil || !d.Allowed {
		t.Errorf("40 of them: allowed: %t, %v", d.Allowed, err)
	}
}

// A review whose time is up is no decision.
func TestNoDecisionAfterTheDeadline(t *testing.T) {
	snap := mesh.New(mesh.DefaultSettings(), fixture.Objects(t, fixture.Entry)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, operation := range []string{policies.Create, policies.Update, policies.Delete} {
		raw := fixture.JSON(t, fixture.GoodRule)
		r := Review{Operation: operation, Object: raw, OldObject: raw}
		if operation == policies.Delete {
			r.Object = nil
		}
		d, err := testEvaluator(t).Validate(ctx, snap, r)
		if !errors.Is(err, context.Canceled) || d.Allowed {
			t.Errorf("%s: allowed: %t, %v", operation, d.Allowed, err)
		}
	}
}

// What a ServiceEntry may have together is bounded, but not for what is stored as large already.
func TestTooManyListenersAreRefused(t *testing.T) {
	snap := mesh.New(mesh.DefaultSettings(), fixture.Objects(t, fixture.Entry)...)
	large, larger := manifest(t, "ServiceEntry", "large", largeEntry(256, 0, 4)), manifest(t, "ServiceEntry", "large", largeEntry(256, 2, 4))
	for name, c := range map[string]struct {
		object, old []byte
		refused     bool
	}{
		"at the bound":     {object: large},
		"over it":          {object: larger, refused: true},
		"made larger":      {object: larger, old: large, refused: true},
		"as large as ever": {object: larger, old: larger},
		"made smaller":     {object: large, old: larger},
	} {
		r := Review{Operation: policies.Create, Object: c.object, Namespace: "shop"}
		if c.old != nil {
			r.Operation, r.OldObject = policies.Update, c.old
		}
		_, err := testEvaluator(t).Validate(t.Context(), snap, r)
		var limit *mesh.LimitError
		if refused := errors.As(err, &limit); refused != c.refused || err != nil && !refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

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

package audit_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

func freely() error { return nil }

func object(t *testing.T, text string) *mesh.Object {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(strings.ReplaceAll(text, "\t", "")))
	if err != nil {
		t.Fatal(err)
	}
	o, err := mesh.Decode(raw)
	if err != nil || o == nil {
		t.Fatalf("%v, %v", o, err)
	}
	return o
}

func entry(name, host string) string {
	return fmt.Sprintf(`
	apiVersion: networking.istio.io/v1
	kind: ServiceEntry
	metadata: {name: %s, namespace: shop}
	spec: {hosts: [%q], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`, name, host)
}

func rule(name, host, mode string) string {
	return fmt.Sprintf(`
	apiVersion: networking.istio.io/v1
	kind: DestinationRule
	metadata: {name: %s, namespace: shop}
	spec: {host: %q, trafficPolicy: {tls: {mode: %s}}}`, name, host, mode)
}

func web(annotations string, port int) string {
	return fmt.Sprintf(`
	apiVersion: v1
	kind: Service
	metadata: {name: web, namespace: shop, annotations: %s}
	spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: %d}]}`, annotations, port)
}

// Following each change leads to what judging the whole mesh does.
func TestFollow(t *testing.T) {
	e, err := admission.NewEvaluator(t.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	snap := snapshot(t, entry("bank", "api.bank.example")+"\n---"+entry("other", "www.bank.example")+"\n"+"---"+cart)
	var followed audit.Audit
	if err := followed.Whole(t.Context(), e, snap, freely); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name   string
		change func(*mesh.Snapshot) *mesh.Snapshot
		whole  bool
	}{
		{"a rule comes", put(object(t, rule("bank", "api.bank.example", "SIMPLE"))), false},
		{"it disables TLS", put(object(t, rule("bank", "api.bank.example", "DISABLE"))), false},
		{"a wildcard rule comes", put(object(t, rule("all", "*.bank.example", "SIMPLE"))), false},
		{"the first one goes", drop("DestinationRule", "bank"), false},
		{"a route comes", put(object(t, `
	apiVersion: networking.istio.io/v1
	kind: VirtualService
	metadata: {name: bank, namespace: shop}
	spec: {hosts: [api.bank.example], http: [{route: [{destination: {host: www.bank.example}}]}]}`)), false},
		{"an entry goes", drop("ServiceEntry", "other"), false},
		{"a policy of its own", put(object(t, `
	apiVersion: security.istio.io/v1
	kind: AuthorizationPolicy
	metadata: {name: open, namespace: shop}
	spec: {rules: [{}]}`)), false},
		{"a Sidecar may move all", put(object(t, `
	apiVersion: networking.istio.io/v1
	kind: Sidecar
	metadata: {name: default, namespace: shop}
	spec: {egress: [{hosts: ["./*"]}]}`)), true},
		{"and so does its end", drop("Sidecar", "default"), true},
		{"a Service comes", put(object(t, web("{}", 80))), true},
		{"somebody notes something on it", put(object(t, web(`{lease.example/renewed: "12:00"}`, 80))), false},
		{"it gets another port", put(object(t, web("{}", 81))), true},
	} {
		snap = step.change(snap)
		ok, err := followed.Follow(t.Context(), snap, freely)
		if err != nil || ok == step.whole {
			t.Fatalf("%s: followed %t, %v", step.name, ok, err)
		}
		var whole audit.Audit
		if err := whole.Whole(t.Context(), e, snap, freely); err != nil {
			t.Fatal(err)
		}
		if step.whole {
			followed = whole
		}
		if got, want := told(&followed), told(&whole); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", step.name, got, want)
		}
	}
}

func put(o *mesh.Object) func(*mesh.Snapshot) *mesh.Snapshot {
	return func(s *mesh.Snapshot) *mesh.Snapshot { return s.With(o) }
}

func drop(kind, name string) func(*mesh.Snapshot) *mesh.Snapshot {
	return func(s *mesh.Snapshot) *mesh.Snapshot {
		return s.Without(mesh.Ref{Kind: kind, Namespace: "shop", Name: name})
	}
}

func told(a *audit.Audit) string {
	totals := a.Totals()
	var lines []string
	for _, g := range slices.Collect(maps.Keys(totals.Findings)) {
		lines = append(lines, fmt.Sprint(g, totals.Findings[g]))
	}
	for _, g := range slices.Collect(maps.Keys(totals.Connections)) {
		lines = append(lines, fmt.Sprint(g, totals.Connections[g]))
	}
	slices.Sort(lines)
	return fmt.Sprint(totals.Objects, totals.Undecided) + "\n" + strings.Join(lines, "\n")
}

// What is stopped halfway leaves the audit as it was.
func TestWholeStops(t *testing.T) {
	e, err := admission.NewEvaluator(t.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	snap := snapshot(t, entry("bank", "api.bank.example"))
	var a audit.Audit
	if err := a.Whole(t.Context(), e, snap, freely); err != nil {
		t.Fatal(err)
	}
	before, stop := told(&a), errors.New("stop")
	next := snap.With(object(t, entry("other", "www.bank.example")))
	if err := a.Whole(t.Context(), e, next, func() error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	if _, err := a.Follow(t.Context(), next, func() error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Whole(ctx, e, next, freely); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := told(&a); got != before || !a.IsOf(e, snap) {
		t.Errorf("got %s, want %s", got, before)
	}
}

package mutators_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
)

// A namespace has so many companions and no more: then entries are left on the port that they have until a rule is there, as without
// companions. Those that are there stay, and other namespaces have their own.
func TestCompanionsOfANamespaceAreBounded(t *testing.T) {
	const entry = `{kind: ServiceEntry, metadata: {name: %s, namespace: %s}, spec: {hosts: [%s], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP%s}]}}`
	config := v1alpha1.DefaultConfig().Mutation
	snap := meshBy(t, mesh.DefaultSettings(), fmt.Sprintf(entry, "a", "shop", "a.example", ", targetPort: 443"))
	first, _, err := mutators.CompanionFor(config, nil, snap, "shop", "a.example")
	if err != nil || first == nil {
		t.Fatal(first, err)
	}
	for i := range mutators.MaxCompanions - 1 {
		rule := *first.Rule
		host := fmt.Sprintf("h%d.example", i)
		rule.Ref, rule.Spec = mutators.CompanionRef("shop", host), meshBy(t, mesh.DefaultSettings(), "{kind: DestinationRule, metadata: {name: r}, spec: {host: "+host+"}}").Get(mesh.Ref{Kind: "DestinationRule", Name: "r"}).Spec
		snap = snap.With(&rule)
	}
	moved := func(snap *mesh.Snapshot, namespace, host string) bool {
		t.Helper()
		object, _, err := mutators.Mutate(config, nil, snap, manifest(t, fmt.Sprintf(entry, "e", namespace, host, "")))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(object), `"targetPort":443`)
	}
	if !moved(snap, "shop", "b.example") || moved(snap, "shop", "b.example, c.example") {
		t.Error("one has room, and two have not")
	}
	full := snap.With(first.Rule)
	if moved(full, "shop", "b.example") || !moved(full, "shop", "a.example") || !moved(full, "till", "b.example") {
		t.Error("none has room, but for the host that has one, and in another namespace")
	}
	lone := meshBy(t, mesh.DefaultSettings(), fmt.Sprintf(entry, "b", "shop", "b.example", ", targetPort: 443")).Get(mesh.Ref{Kind: "ServiceEntry", Namespace: "shop", Name: "b"})
	full = full.With(lone)
	if c, why, err := mutators.CompanionFor(config, nil, full, "shop", "b.example"); c != nil || !strings.Contains(why, "no more") || err != nil {
		t.Errorf("one more: %v, %q, %v", c, why, err)
	}
	if c, why, err := mutators.CompanionFor(config, nil, full, "shop", "a.example"); c == nil || why != "" || err != nil {
		t.Errorf("one of them: %v, %q, %v", c, why, err)
	}
}

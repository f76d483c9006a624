package mutators_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	networking "istio.io/api/networking/v1alpha3"

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
	less := snap.Without(mutators.CompanionRef("shop", "h0.example"))
	if !moved(less, "shop", "b.example") || moved(less, "shop", "b.example, c.example") || moved(snap, "shop", "b.example") {
		t.Error("beside one that waits, one has room, and two have not")
	}
	full := snap.With(first.Rule)
	if moved(full, "shop", "b.example") || !moved(full, "shop", "a.example") || !moved(full, "till", "b.example") {
		t.Error("none has room, but for the host that has one, and in another namespace")
	}
	lone := meshBy(t, mesh.DefaultSettings(), fmt.Sprintf(entry, "b", "shop", "b.example", ", targetPort: 443")).Get(mesh.Ref{Kind: "ServiceEntry", Namespace: "shop", Name: "b"})
	full = full.With(lone)
	if c, why, err := mutators.CompanionFor(config, nil, full, "shop", "b.example"); c != nil || why != mutators.NoRoom || err != nil {
		t.Errorf("one more: %v, %q, %v", c, why, err)
	}
	if c, why, err := mutators.CompanionFor(config, nil, full, "shop", "a.example"); c == nil || why != "" || err != nil {
		t.Errorf("one of them: %v, %q, %v", c, why, err)
	}
}

// admit reviews and stores n entries, one after the other, and returns the mesh with them and how many were moved.
func admit(t *testing.T, config v1alpha1.Mutation, snap *mesh.Snapshot, n int, entry func(i int) string) (after *mesh.Snapshot, moved int) {
	t.Helper()
	for i := range n {
		object, _, err := mutators.Mutate(config, nil, snap, manifest(t, entry(i)))
		if err != nil {
			t.Fatal(err)
		}
		o, err := mesh.Decode(object)
		if err != nil {
			t.Fatal(err)
		}
		if snap = snap.With(o); strings.Contains(string(object), `"targetPort":443`) {
			moved++
		}
	}
	return snap, moved
}

// lone returns an entry that has no rule.
func lone(name, host string) string {
	return fmt.Sprintf(`{kind: ServiceEntry, metadata: {name: %s, namespace: shop}, spec: {hosts: [%s], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}}`, name, host)
}

// Entries are admitted faster than companions are written: those that wait for theirs take its room. Who has a person's rule takes none, and an
// entry that is written again not twice.
func TestEntriesThatWaitTakeRoom(t *testing.T) {
	config, snap := v1alpha1.DefaultConfig().Mutation, mesh.New(mesh.DefaultSettings())
	rule := func(i int, host, more string) *mesh.Object {
		return meshBy(t, mesh.DefaultSettings(), fmt.Sprintf(`{kind: DestinationRule, metadata: {name: r%d, namespace: shop}, spec: {host: "%s", trafficPolicy: {tls: {mode: SIMPLE}}%s}}`, i, host, more)).
			Get(mesh.Ref{Kind: mesh.KindDestinationRule, Namespace: "shop", Name: fmt.Sprintf("r%d", i)})
	}
	for i := range 50 {
		snap = snap.With(rule(i, fmt.Sprintf("ruled%d.example", i), ""))
	}
	snap = snap.With(rule(50, "*.wild.example", ""))
	snap, moved := admit(t, config, snap, 50, func(i int) string { return lone(fmt.Sprintf("ruled%d", i), fmt.Sprintf("ruled%d.example", i)) })
	if moved != 50 {
		t.Errorf("%d of 50 with a rule were moved", moved)
	}
	if snap, moved = admit(t, config, snap, 50, func(i int) string { return lone(fmt.Sprintf("wild%d", i), fmt.Sprintf("w%d.wild.example", i)) }); moved != 50 {
		t.Errorf("%d of 50 with a wildcard's rule were moved", moved)
	}
	h := func(i int) string { return lone(fmt.Sprintf("h%d", i), fmt.Sprintf("h%d.example", i)) }
	full, moved := admit(t, config, snap, mutators.MaxCompanions+50, h)
	if moved != mutators.MaxCompanions {
		t.Errorf("%d were moved before any companion was written, want %d", moved, mutators.MaxCompanions)
	}
	if _, moved = admit(t, config, full, 1, h); moved != 1 {
		t.Error("one that was moved is written again, and is not moved")
	}
	for _, more := range []string{`, exportTo: [till]`, `, workloadSelector: {matchLabels: {app: web}}`} {
		if _, moved = admit(t, config, full.With(rule(51, "h0.example", more)), 1, func(int) string { return lone("one-more", "one-more.example") }); moved != 0 {
			t.Errorf("a rule with %s does not take away the companion of its host", more)
		}
	}
	for _, free := range []*mesh.Snapshot{full.Without(mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "shop", Name: "h0"}), full.With(rule(51, "h0.example", ""))} {
		if _, moved = admit(t, config, free, 2, func(i int) string { return lone(fmt.Sprintf("one-more%d", i), fmt.Sprintf("one-more%d.example", i)) }); moved != 1 {
			t.Errorf("one host has room, and %d were moved", moved)
		}
	}
}

// A review looks at its own namespace, and is done in milliseconds where that has thousands of entries with rules of their own.
func TestRoomIsCountedQuickly(t *testing.T) {
	const n = 10000
	first := meshBy(t, mesh.DefaultSettings(), strings.Replace(lone("e", "e.example"), "protocol: HTTP", "protocol: HTTP, targetPort: 443", 1),
		`{kind: DestinationRule, metadata: {name: r, namespace: shop}, spec: {host: e.example, trafficPolicy: {tls: {mode: SIMPLE}}}}`)
	var objects []*mesh.Object
	for i := range n {
		host := fmt.Sprintf("e%d.example", i)
		for o := range first.Objects() {
			again := *o
			again.Name = fmt.Sprintf("o%d", i)
			switch spec := o.Spec.(type) {
			case *networking.ServiceEntry:
				moved := spec.DeepCopy()
				moved.Hosts, again.Spec = []string{host}, moved
			case *networking.DestinationRule:
				rule := spec.DeepCopy()
				rule.Host, again.Spec = host, rule
			}
			objects = append(objects, &again)
		}
	}
	snap, config := mesh.New(mesh.DefaultSettings(), objects...), v1alpha1.DefaultConfig().Mutation
	fastest := time.Hour
	for range 3 {
		began := time.Now()
		if _, moved := admit(t, config, snap, 1, func(int) string { return lone("h", "h.example") }); moved != 1 {
			t.Fatal("it is not moved")
		}
		fastest = min(fastest, time.Since(began))
	}
	t.Logf("%s beside %d entries", fastest, n)
	if fastest > 500*time.Millisecond {
		t.Errorf("it takes %s", fastest)
	}
}

package mutators_test

import (
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
)

// An entry is moved to where the server speaks TLS if every client that has its host from it has a rule then, and only then. Each case
// reviews an entry of namespace shop.
func TestEntriesAreMovedWhereARuleComes(t *testing.T) {
	const lone = `{kind: ServiceEntry, metadata: {name: bank, namespace: shop}, spec: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}}`
	entry := func(more ...string) string { return strings.NewReplacer(more...).Replace(lone) }
	wildcard := entry("[api.bank.example]", `["*.bank.example"]`, "resolution: DNS, ", "")
	rule := func(namespace, spec string) string {
		return `{kind: DestinationRule, metadata: {name: r, namespace: ` + namespace + `}, spec: {trafficPolicy: {tls: {mode: SIMPLE}}, ` + spec + `}}`
	}
	off := false
	for _, tc := range []struct {
		name     string
		entry    string
		objects  []string
		config   func(*v1alpha1.Mutation)
		settings func(*mesh.Settings)
		moved    bool
	}{
		{name: "a lone entry", entry: lone, moved: true},
		{name: "a wildcard, which gets no companion", entry: wildcard},
		{name: "a wildcard with a rule", entry: wildcard, objects: []string{rule("shop", `host: "*.bank.example"`)}, moved: true},
		{name: "a wildcard with a rule of the root namespace", entry: wildcard, objects: []string{rule("istio-system", `host: "*.example"`)}, moved: true},
		{name: "a wildcard with a rule for the clients of its own namespace", entry: wildcard, objects: []string{rule("shop", `host: "*.bank.example", exportTo: ["."]`)}},
		{name: "a wildcard for its own namespace, with a rule for that", entry: strings.Replace(wildcard, "spec: {", `spec: {exportTo: ["."], `, 1),
			objects: []string{rule("shop", `host: "*.bank.example", exportTo: ["."]`)}, moved: true},
		{name: "a wildcard with a rule for an exact host", entry: wildcard, objects: []string{rule("shop", `host: api.bank.example`)}},
		{name: "a host beside a wildcard", entry: entry("[api.bank.example]", `[api.bank.example, "*.bank.example"]`, "resolution: DNS, ", "")},
		{name: "a host with a rule, beside one that gets a companion", entry: entry("[api.bank.example]", `[api.bank.example, www.bank.example]`),
			objects: []string{rule("shop", `host: www.bank.example`)}, moved: true},
		{name: "no TLS for the host", entry: lone, config: func(m *v1alpha1.Mutation) {
			m.Origination = []v1alpha1.Origination{{Hosts: []string{"*.shop.example"}, TLS: map[string]any{"mode": "SIMPLE"}}}
		}},
		{name: "no TLS for one of the hosts", entry: entry("[api.bank.example]", `[api.bank.example, api.shop.example]`), config: func(m *v1alpha1.Mutation) {
			m.Origination = []v1alpha1.Origination{{Hosts: []string{"*.shop.example"}, TLS: map[string]any{"mode": "SIMPLE"}}}
		}},
		{name: "no TLS for the host, which has a rule", entry: lone, objects: []string{rule("shop", "host: api.bank.example")}, moved: true,
			config: func(m *v1alpha1.Mutation) { m.Origination = nil }},
		{name: "a person's rule that would be hidden", entry: lone, objects: []string{rule("shop", `host: api.bank.example, exportTo: ["."]`)}},
		{name: "a person's wildcard that would be hidden", entry: lone, objects: []string{rule("shop", `host: "*.bank.example", exportTo: [till]`)}},
		{name: "a rule for some pods", entry: lone, objects: []string{rule("shop", `host: api.bank.example, workloadSelector: {matchLabels: {app: web}}`)}, moved: true},
		{name: "a rule for some pods, which takes a companion for the namespace from the others", entry: entry("resolution: DNS", `exportTo: ["."], resolution: DNS`),
			objects: []string{rule("shop", `host: api.bank.example, workloadSelector: {matchLabels: {app: web}}`)}},
		{name: "a person's rule of the companion's name", entry: lone,
			objects: []string{strings.Replace(rule("shop", "host: other.example"), "name: r", "name: tlsward-api.bank.example", 1)}},
		{name: "a client with a rule of its own", entry: lone, objects: []string{rule("till", `host: api.bank.example, exportTo: ["."]`)}, moved: true},
		{name: "a client with the host from its own entry", entry: lone, moved: true, objects: []string{
			strings.Replace(entry("HTTP}", "HTTP, targetPort: 80}", "resolution: DNS", `exportTo: ["."], resolution: DNS`), "namespace: shop", "namespace: till", 1)}},
		{name: "another entry of the namespace, which leads elsewhere", entry: lone, objects: []string{entry("name: bank", "name: abank", "HTTP}", "HTTP, targetPort: 8080}")}},
		{name: "a canary for which the port leads elsewhere", settings: canary, entry: entry("namespace: shop", "namespace: shop, labels: {istio.io/rev: stable}"), objects: []string{
			entry("name: bank, namespace: shop", "name: bank2, namespace: shop, labels: {istio.io/rev: canary}", "HTTP}", "HTTP, targetPort: 80}"),
			`{kind: Namespace, metadata: {name: till, labels: {istio.io/rev: canary}}}`}},
		{name: "an entry for the canary alone", settings: canary, entry: entry("namespace: shop", "namespace: shop, labels: {istio.io/rev: canary}"), moved: true,
			objects: []string{`{kind: Namespace, metadata: {name: till, labels: {istio.io/rev: canary}}}`}},
		{name: "companions switched off", entry: lone, config: func(m *v1alpha1.Mutation) { m.Companions = &off }},
		{name: "companions switched off, and a rule", entry: lone, objects: []string{rule("shop", "host: api.bank.example")}, moved: true,
			config: func(m *v1alpha1.Mutation) { m.Companions = &off }},
		{name: "companions switched off, and a rule for one's own clients", entry: lone, moved: true,
			objects: []string{rule("shop", "host: api.bank.example"), strings.Replace(entry("resolution: DNS", `exportTo: ["."], resolution: DNS`), "namespace: shop", "namespace: till", 1)},
			config:  func(m *v1alpha1.Mutation) { m.Companions = &off }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config, settings := v1alpha1.DefaultConfig().Mutation, mesh.DefaultSettings()
			if tc.config != nil {
				tc.config(&config)
			}
			if tc.settings != nil {
				tc.settings(&settings)
			}
			object, _, err := mutators.Mutate(config, nil, meshBy(t, settings, tc.objects...), manifest(t, tc.entry))
			if err != nil {
				t.Fatal(err)
			}
			if moved := strings.Contains(string(object), `"targetPort":443`); moved != tc.moved {
				t.Errorf("moved: %v, want %v", moved, tc.moved)
			}
		})
	}
}

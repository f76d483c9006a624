package audit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
)

// snapshot returns the mesh of manifests.
func snapshot(t testing.TB, manifests string) *mesh.Snapshot {
	t.Helper()
	var objects []*mesh.Object
	for _, text := range strings.Split(strings.ReplaceAll(manifests, "\t", ""), "---\n") {
		raw, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		o, err := mesh.Decode(raw)
		if err != nil || o == nil {
			t.Fatalf("%v, %v in %s", o, err, text)
		}
		objects = append(objects, o)
	}
	return mesh.New(mesh.DefaultSettings(), objects...)
}

const bank = `
	apiVersion: networking.istio.io/v1
	kind: ServiceEntry
	metadata: {name: bank, namespace: shop}
	spec: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
	`

const bankRule = `---
	apiVersion: networking.istio.io/v1
	kind: DestinationRule
	metadata: {name: bank, namespace: shop}
	`

const office = `---
	apiVersion: networking.istio.io/v1
	kind: Sidecar
	metadata: {name: default, namespace: office}
	`

// How what clients send to api.bank.example leaves.
func TestConnections(t *testing.T) {
	for _, c := range []struct{ name, mesh, want string }{
		{"nothing starts TLS", bank, "shop: plaintext, rest(0): plaintext"},
		{"a rule does", bank + bankRule + `spec: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`,
			"shop: checked, rest(0): checked"},
		{"an SNI that is written down turns the check off", bank + bankRule + `spec: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, sni: api.bank.example}}}`,
			"shop: unchecked, rest(0): unchecked"},
		{"a rule for several hosts that has the name of one checked", strings.Replace(bank, "[api.bank.example]", "[api.bank.example, www.bank.example]", 1) + bankRule +
			`spec: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [www.bank.example]}}}`,
			"shop: unchecked, rest(0): unchecked, shop: checked, rest(0): checked"},
		{"a rule for its own namespace", bank + bankRule + `spec: {host: api.bank.example, exportTo: ["."], trafficPolicy: {tls: {mode: SIMPLE}}}` + "\n" + office + `spec: {egress: [{hosts: ["*/*"]}]}`,
			"shop: checked, rest(0): plaintext, office: plaintext"},
		{"a Sidecar hides the host, and passes on", bank + office + `spec: {egress: [{hosts: ["./*"]}], outboundTrafficPolicy: {mode: ALLOW_ANY}}`,
			"shop: plaintext, rest(0): plaintext, office: undeclared"},
		{"a Sidecar hides the host, and lets nothing out", bank + office + `spec: {egress: [{hosts: ["./*"]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}`,
			"shop: plaintext, rest(0): plaintext, office: closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := states(t, snapshot(t, c.mesh), nil); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func states(t *testing.T, s *mesh.Snapshot, exemptions []v1alpha1.ExemptionSpec) string {
	t.Helper()
	list, err := audit.Connections(t.Context(), s, exemptions)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range list {
		who := strings.Join(c.Namespaces, "+")
		if c.Namespaces == nil {
			who = fmt.Sprintf("rest(%d)", c.Reach)
		}
		state := string(c.State)
		if c.Exempt != "" {
			state += " " + c.Exempt
		}
		got = append(got, who+": "+state)
	}
	return strings.Join(got, ", ")
}

// An exemption lets a connection be where it covers all of its clients and its host.
func TestConnectionsAreExempt(t *testing.T) {
	until := func(day string) v1alpha1.Date {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		return v1alpha1.Date{Time: at}
	}
	for _, c := range []struct {
		name string
		x    v1alpha1.ExemptionSpec
		want string
	}{
		{"of all", v1alpha1.ExemptionSpec{Policy: "plaintext-egress", Reason: "r", Expires: until("2999-01-01")},
			"shop: plaintext exempted until 2999-01-01: r, rest(0): plaintext exempted until 2999-01-01: r"},
		{"of a namespace", v1alpha1.ExemptionSpec{Policy: "plaintext-egress", Namespaces: []string{"shop"}, Reason: "r", Expires: until("2999-01-01")},
			"shop: plaintext exempted until 2999-01-01: r, rest(0): plaintext"},
		{"of another host", v1alpha1.ExemptionSpec{Policy: "plaintext-egress", Hosts: []string{"x.example"}, Reason: "r", Expires: until("2999-01-01")},
			"shop: plaintext, rest(0): plaintext"},
		{"of another policy", v1alpha1.ExemptionSpec{Policy: "double-tls", Reason: "r", Expires: until("2999-01-01")}, "shop: plaintext, rest(0): plaintext"},
		{"over", v1alpha1.ExemptionSpec{Policy: "plaintext-egress", Reason: "r", Expires: until("2020-01-01")}, "shop: plaintext, rest(0): plaintext"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := states(t, snapshot(t, bank), []v1alpha1.ExemptionSpec{c.x}); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestWorstConnectionsFirst(t *testing.T) {
	list := []audit.Connection{
		{Host: "e", State: audit.Checked}, {Host: "d", State: audit.Plaintext, Exempt: "x"}, {Host: "c", State: audit.Unchecked},
		{Host: "b", State: audit.Plaintext, Reach: 1}, {Host: "a", State: audit.Plaintext, Reach: 7}, {Host: "f", State: audit.Undeclared},
	}
	audit.WorstConnectionsFirst(list)
	got := ""
	for _, c := range list {
		got += c.Host
	}
	if got != "abcdfe" {
		t.Errorf("got %s", got)
	}
}

package audit_test

import (
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/webhook/admission"
)

const cart = `
	apiVersion: v1
	kind: Service
	metadata: {name: cart, namespace: shop}
	spec: {selector: {app: cart}, ports: [{port: 80}]}
	`

const strict = `---
	apiVersion: security.istio.io/v1
	kind: PeerAuthentication
	metadata: {name: default, namespace: shop}
	spec: {mtls: {mode: STRICT}}
	`

func allow(rules string) string {
	return `---
	apiVersion: security.istio.io/v1
	kind: AuthorizationPolicy
	metadata: {name: cart, namespace: shop}
	spec: {rules: ` + rules + "}\n"
}

// Who gets to the pods of Service shop/cart.
func TestWorkloads(t *testing.T) {
	const named, unnamed = `[{from: [{source: {principals: [cluster.local/ns/a/sa/b]}}]}]`, `[{from: [{source: {namespaces: [a]}}]}]`
	evaluator, err := admission.NewEvaluator(t.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, mesh, want string }{
		{"nothing keeps anybody out", cart, "anybody"},
		{"STRICT", cart + strict, "any-workload PeerAuthentication shop/default spec.mtls.mode"},
		{"a policy that names workloads", cart + allow(named), "named AuthorizationPolicy shop/cart"},
		{"a rule that names none", cart + allow(unnamed), "some-rule AuthorizationPolicy shop/cart spec.rules[0].from[0].source"},
		{"such a rule beside STRICT", cart + strict + allow(unnamed), "any-workload PeerAuthentication shop/default spec.mtls.mode"},
		{"a policy that lets in nobody", cart + allow("[]"), "named AuthorizationPolicy shop/cart"},
		{"an ingress gateway", `
	apiVersion: v1
	kind: Service
	metadata: {name: in, namespace: shop}
	spec: {type: LoadBalancer, selector: {istio: in}, ports: [{port: 80}]}
---
	apiVersion: networking.istio.io/v1
	kind: Gateway
	metadata: {name: in, namespace: shop}
	spec: {selector: {istio: in}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
	`, "outside Gateway shop/in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			findings, err := audit.Findings(t.Context(), evaluator, s)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range audit.Workloads(s, findings) {
				got = append(got, strings.TrimSpace(string(w.Admits)+" "+strings.Join(w.DecidedBy, ", ")))
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// A connection in plaintext has the fix that a policy writes for its own client.
func TestRemedies(t *testing.T) {
	evaluator, err := admission.NewEvaluator(t.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	s := snapshot(t, bank+bankRule+`spec: {host: api.bank.example, exportTo: ["."], trafficPolicy: {tls: {mode: SIMPLE}}}`)
	findings, err := audit.Findings(t.Context(), evaluator, s)
	if err != nil {
		t.Fatal(err)
	}
	list, err := audit.Connections(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	remedies, told := audit.NewRemedies(findings), 0
	for _, c := range list {
		f, ok := remedies.For(c)
		if ok != (c.State == audit.Plaintext) || ok && (f.Client != c.Client.String() || f.Fix == "") {
			t.Errorf("%s is %s, and is told %+v", c.Client, c.State, f)
		}
		if ok {
			told++
		}
	}
	if told != 1 {
		t.Errorf("%d connections have a remedy, want 1", told)
	}
}

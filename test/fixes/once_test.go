package fixes_test

import (
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	policyfixes "github.com/tlsward/tlsward/policies/fixes"
	"github.com/tlsward/tlsward/test/fixes"
	"github.com/tlsward/tlsward/webhook/admission"
)

const entryOfThreePorts = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: legacy, namespace: shop, creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  hosts: [legacy.example.com]
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}, {number: 8080, name: more, protocol: HTTP, targetPort: 443}]
`

// Whichever of its denials is mended first, an object that a person applies as printed is admitted: no fix holds what another
// one mends.
func TestOneFixMendsAnObject(t *testing.T) {
	for name, c := range map[string]struct{ given, object string }{
		"a rule that disables TLS for two ports": {entryOfThreePorts, `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: legacy, namespace: shop}
spec: {host: legacy.example.com, trafficPolicy: {tls: {mode: DISABLE}}}
`},
		"a rule with a wrong name and no check": {entryOfThreePorts, `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: legacy, namespace: shop}
spec: {host: legacy.example.com, trafficPolicy: {tls: {mode: SIMPLE, sni: legcay.example.com}}}
`},
		"two rules without an identity": {"", `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: billing, namespace: shop}
spec:
  selector: {matchLabels: {app: billing}}
  rules: [{from: [{source: {namespaces: [shop]}}]}, {to: [{operation: {paths: [/healthz]}}]}]
`},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range denied(t, c.given, c.object).Violations {
				v := denied(t, c.given, c.object).Violations[i]
				if documents := policyfixes.Split(v.Fix); len(documents) != 1 {
					t.Fatalf("fix of %s: %d documents", v.Policy, len(documents))
				}
				decision := judged(t, c.given, fixes.FillIn(v.Fix))
				if !decision.Allowed || len(decision.Violations) > 0 {
					t.Errorf("after the fix of %s\n%s\n%s", v.Policy, v.Fix, admission.DenialMessage("it", decision))
				}
			}
		})
	}
}

// The principal that a fix proposes is no workload's: applied as it is, it would lock everybody out, and is refused.
func TestProposedPrincipalHasToBeFilledIn(t *testing.T) {
	decision := denied(t, "", `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: billing, namespace: shop}
spec: {rules: [{from: [{source: {namespaces: [shop]}}]}]}
`)
	again := denied(t, "", decision.Violations[0].Fix)
	if ids := admission.PoliciesThat(v1alpha1.Deny, again.Violations); len(ids) != 1 || ids[0] != "invalid-principal" {
		t.Errorf("denied by %v", ids)
	}
}

func denied(t *testing.T, given, object string) admission.Decision {
	t.Helper()
	decision := judged(t, given, object)
	if decision.Allowed {
		t.Fatal("admitted")
	}
	return decision
}

// judged plays the creation of an object in a mesh of one other object, or of none.
func judged(t *testing.T, given, object string) admission.Decision {
	t.Helper()
	evaluator, err := admission.NewEvaluator(t.Context(), &v1alpha1.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var stored []*mesh.Object
	if given != "" {
		o, err := mesh.Decode(asJSON(t, given))
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, o)
	}
	snap, err := evaluator.Snapshot(stored...)
	if err != nil {
		t.Fatal(err)
	}
	p := &fixes.Player{Evaluator: evaluator, Mesh: snap}
	decision, err := p.Play(t.Context(), &admission.Review{Operation: policies.Create, Object: asJSON(t, object)})
	if err != nil {
		t.Fatal(err)
	}
	return decision
}

func asJSON(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

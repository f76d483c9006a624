package oracle

import (
	"fmt"
	"testing"

	"github.com/tlsward/tlsward/mesh"
)

// TestServersAlike holds what the model says of Gateways whose servers Envoy does not take together against the listener that Istio
// makes of them.
func TestServersAlike(t *testing.T) {
	gateway := mesh.Client{Kind: mesh.ClientGateway, Namespace: rootNamespace, Labels: map[string]string{"istio": "egressgateway"}}
	farm := new(Farm)
	for hosts, want := range map[string]bool{
		`out.example.com`:                     true,
		`"*/out.example.com"`:                 true,
		`www.out.example.com`:                 true,
		`"*.example.com"`:                     true,
		`"*"`:                                 true,
		`team-a/out.example.com`:              false,
		`./out.example.com`:                   false,
		`OUT.example.com`:                     false,
		`own.example.com, Own.example.com`:    false,
		`./a.example.com, shop/a.example.com`: true,
	} {
		t.Run(hosts, func(t *testing.T) {
			m, err := ParseMesh(fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: egress, namespace: default, creationTimestamp: "2024-01-01T00:00:00Z"}
spec:
  selector: {istio: egressgateway}
  servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [out.example.com], tls: {mode: ISTIO_MUTUAL}}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: g, namespace: team-a, creationTimestamp: "2024-01-02T00:00:00Z"}
spec:
  selector: {istio: egressgateway}
  servers: [{port: {number: 443, name: zz, protocol: HTTPS}, hosts: [%s], tls: {mode: ISTIO_MUTUAL}}]
`, hosts))
			if err != nil {
				t.Fatal(err)
			}
			if !isValid(m[1]) {
				t.Fatal("Istio's validation refuses it")
			}
			tables, err := farm.Load(t, m).Tables(gateway)
			if err != nil {
				t.Fatal(err)
			}
			if got := accepted(tables.gatewayListener(443)); got != want {
				t.Errorf("Envoy takes Istio's listener: %v, want %v", got, want)
			}
			before, after := decoded(t, m[:1]), decoded(t, m)
			ref := mesh.Ref{Kind: mesh.KindGateway, Namespace: "team-a", Name: "g"}
			if found := after.OutsideModelOf(before, ref, after.Get(ref), nil); len(found) > 0 == want {
				t.Errorf("the model says %v", found)
			}
		})
	}
}

func decoded(t *testing.T, m Mesh) *mesh.Snapshot {
	t.Helper()
	s, err := Decode(m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

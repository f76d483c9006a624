package oracle

import (
	"fmt"
	"slices"
	"testing"

	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

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

// TestServersOfOneListener holds what the model says of servers that Istio tells apart by their bind, or that have no name, against the
// listener that Istio makes of them. The servers of g come after those of egress.
func TestServersOfOneListener(t *testing.T) {
	gateway := mesh.Client{Kind: mesh.ClientGateway, Namespace: rootNamespace, Labels: map[string]string{"istio": "egressgateway"}}
	const own, all = `hosts: [out.example.com]`, `hosts: ["*"]`
	const https, http = `port: {number: 443, name: zz, protocol: HTTPS}, tls: {mode: ISTIO_MUTUAL}`, `port: {number: 443, name: zz, protocol: HTTP}`
	const other = `port: {number: 443, name: yy, protocol: HTTPS}, tls: {mode: ISTIO_MUTUAL}`
	farm := new(Farm)
	for name, c := range map[string]struct {
		before, servers string
		want            bool
	}{
		"all addresses":                    {`{` + https + `, ` + own + `}`, `{bind: 0.0.0.0, ` + https + `, ` + own + `}`, false},
		"other names":                      {`{` + https + `, ` + own + `}`, `{bind: 0.0.0.0, ` + https + `, hosts: [b.example]}`, true},
		"the loopback":                     {`{` + https + `, ` + own + `}`, `{bind: 127.0.0.1, ` + https + `, ` + own + `}`, true},
		"after the loopback":               {`{` + https + `, ` + own + `}`, `{bind: 127.0.0.1, ` + other + `, ` + own + `}, {` + https + `, ` + own + `}`, false},
		"plaintext":                        {`{` + http + `, ` + own + `}`, `{` + http + `, hosts: [b.example]}`, true},
		"plaintext by two binds":           {`{` + http + `, ` + own + `}`, `{bind: 0.0.0.0, ` + http + `, hosts: [b.example]}`, false},
		"all names, and those of somebody": {`{` + https + `, ` + all + `}`, `{` + https + `, hosts: ["team-a/*"]}`, false},
		"plaintext after TLS for all":      {`{` + https + `, ` + all + `}`, `{` + http + `, hosts: [b.example]}`, false},
		"TLS for all after plaintext":      {`{` + http + `, ` + own + `}`, `{` + https + `, ` + all + `}`, true},
		"plaintext after TLS for a name":   {`{` + https + `, ` + own + `}`, `{` + http + `, hosts: [b.example]}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseMesh(fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: egress, namespace: default, creationTimestamp: "2024-01-01T00:00:00Z"}
spec: {selector: {istio: egressgateway}, servers: [%s]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: g, namespace: team-a, creationTimestamp: "2024-01-02T00:00:00Z"}
spec: {selector: {istio: egressgateway}, servers: [%s]}
`, c.before, c.servers))
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
			refused := slices.ContainsFunc(tables.listeners, func(l *listener.Listener) bool { return !accepted(l) })
			if got := !refused; got != c.want {
				t.Errorf("Envoy takes Istio's listener: %v, want %v", got, c.want)
			}
			before, after := decoded(t, m[:1]), decoded(t, m)
			ref := mesh.Ref{Kind: mesh.KindGateway, Namespace: "team-a", Name: "g"}
			if found := after.OutsideModelOf(before, ref, after.Get(ref), nil); len(found) > 0 == c.want {
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

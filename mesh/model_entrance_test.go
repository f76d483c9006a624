package mesh

import (
	"fmt"
	"testing"
)

// What stands before the pods of Service shop/cart.
func TestEntrances(t *testing.T) {
	const cart = `
		Service shop/cart: {selector: {app: cart}, ports: [{port: 80}]}`
	for _, c := range []struct{ name, mesh, want string }{
		{"nothing", cart, "PERMISSIVE <nil> [] <nil> []"},
		{"a Service without a selector has no pods", `
			Service shop/cart: {ports: [{port: 80}]}`, ""},
		{"ALLOW policies of the namespace and the root namespace", cart + `
			AuthorizationPolicy shop/a: {rules: [{}]}
			AuthorizationPolicy shop/b: {selector: {matchLabels: {app: cart}}}
			AuthorizationPolicy shop/some: {selector: {matchLabels: {app: cart, v: "1"}}}
			AuthorizationPolicy shop/other: {selector: {matchLabels: {app: pay}}}
			AuthorizationPolicy pay/a: {rules: [{}]}
			AuthorizationPolicy istio-system/r: {rules: [{}]}`,
			"PERMISSIVE <nil> [AuthorizationPolicy shop/a AuthorizationPolicy shop/b AuthorizationPolicy istio-system/r] <nil> []"},
		{"one by a targetRef to the Service, and not one to another", cart + `
			AuthorizationPolicy shop/a: {targetRefs: [{kind: Service, name: cart}]}
			AuthorizationPolicy shop/b: {targetRefs: [{kind: Service, name: pay}]}`, "PERMISSIVE <nil> [AuthorizationPolicy shop/a] <nil> []"},
		{"one in a dry run lets in and keeps out nobody", cart + `
			AuthorizationPolicy shop/a: {metadata: {annotations: {istio.io/dry-run: "true"}}}`, "PERMISSIVE <nil> [] <nil> []"},
		{"a DENY policy for whoever has no identity", cart + `
			AuthorizationPolicy shop/a: {action: DENY, rules: [{from: [{source: {notPrincipals: ["*"]}}]}]}
			AuthorizationPolicy shop/b: {action: DENY, rules: [{to: [{operation: {ports: ["1"]}}]}]}`,
			"PERMISSIVE <nil> [] AuthorizationPolicy shop/a []"},
		{"mutual TLS by the namespace, the root namespace's does not count then", cart + `
			PeerAuthentication shop/a: {mtls: {mode: STRICT}}
			PeerAuthentication istio-system/a: {mtls: {mode: DISABLE}}`, "STRICT PeerAuthentication shop/a spec.mtls.mode [] <nil> []"},
		{"UNSET passes on", cart + `
			PeerAuthentication shop/a: {mtls: {}}
			PeerAuthentication istio-system/a: {mtls: {mode: STRICT}}`, "STRICT PeerAuthentication istio-system/a spec.mtls.mode [] <nil> []"},
		{"by the pods' own, the oldest of them", cart + `
			PeerAuthentication shop/a @2: {selector: {matchLabels: {app: cart}}, mtls: {mode: PERMISSIVE}}
			PeerAuthentication shop/b @1: {selector: {matchLabels: {app: cart}}, mtls: {mode: STRICT}}
			PeerAuthentication shop/c: {mtls: {mode: DISABLE}}`, "STRICT PeerAuthentication shop/b spec.mtls.mode [] <nil> []"},
		{"a weaker port counts", cart + `
			PeerAuthentication shop/a: {selector: {matchLabels: {app: cart}}, mtls: {mode: STRICT}, portLevelMtls: {80: {mode: DISABLE}, 81: {mode: PERMISSIVE}}}`,
			"DISABLE PeerAuthentication shop/a spec.portLevelMtls [] <nil> []"},
		{"the pods of an ingress gateway", `
			Service shop/cart: {selector: {istio: gw}, type: LoadBalancer, ports: [{port: 80}]}
			Gateway shop/gw: {selector: {istio: gw}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`,
			"PERMISSIVE <nil> [] <nil> [shop/gw]"},
		{"of which some would be an ingress gateway's, and a Service inside leads to all", `
			Service shop/cart: {selector: {app: cart}, type: NodePort, ports: [{port: 80}]}
			Service shop/inside: {selector: {app: cart}, ports: [{port: 80}]}
			Service shop/none: {selector: {app: cart, nobody: x}, type: NodePort, ports: [{port: 80}]}
			Gateway shop/gw: {selector: {nobody: x}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`,
			"PERMISSIVE <nil> [] <nil> []PERMISSIVE <nil> [] <nil> []PERMISSIVE <nil> [] <nil> [shop/gw]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			for _, e := range snapshot(t, c.mesh).Entrances() {
				got += fmt.Sprint(e.MTLS, " ", e.MTLSBy, " ", e.Allow, " ", e.KeepsOut, " ", e.Ingress)
			}
			equal(t, "entrance", got, c.want)
		})
	}
}

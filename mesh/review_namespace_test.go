package mesh

import "testing"

// What a Namespace under review answers for: connections that were under TLS by its objects, or by the proxies that its labels
// give to its pods.
func TestReviewNamespace(t *testing.T) {
	const api = `
		ServiceEntry egress/api @1: {hosts: [api.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		DestinationRule egress/api: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const injected = `
		Namespace shop: {metadata: {labels: {istio-injection: enabled}}}`
	const ambient = `
		Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}`
	const waypoint = `
		KubernetesGateway egress/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, allowedRoutes: {namespaces: {from: All}}}]}`
	const served = waypoint + `
		Namespace egress: {metadata: {labels: {istio.io/use-waypoint: w}}}`
	for _, c := range []reviewCase{
		{"pods with sidecars that come to a ztunnel", api + injected, ambient, `
			ztunnel shop api.example:80 plaintext ztunnel was originated`},
		{"or by a revision", api + `
			Namespace shop: {metadata: {labels: {istio.io/rev: canary}}}`, ambient, `
			ztunnel shop api.example:80 plaintext ztunnel was originated`},
		{"where a waypoint serves the host", api + served + injected, ambient, ``},
		{"pods that had no proxy", api + `
			Namespace shop: {}`, ambient, ``},
		{"a label that is not Istio's", api + injected, `
			Namespace shop: {metadata: {labels: {istio-injection: enabled, team: shop}}}`, ``},
		{"a new Namespace", api, ambient, ``},
		{"one that leaves the mesh", api + injected, `
			Namespace shop: {}`, `
			sidecar shop *:0 unknown passthrough`},
		{"by being disabled", api + injected, `
			Namespace shop: {metadata: {labels: {istio-injection: disabled, istio.io/rev: canary}}}`, `
			sidecar shop *:0 unknown passthrough`},
		{"or out of ambient mode", api + ambient, `
			Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: none}}}`, `
			ztunnel shop *:0 unknown passthrough`},
		{"from ambient mode to sidecars", api + served + ambient, injected, ``},
		{"hosts without a waypoint any more", api + served + ambient, `
			Namespace egress: {}`, `
			ztunnel shop api.example:80 plaintext ztunnel was originated`},
		{"hosts whose entry has a waypoint of its own", `
			ServiceEntry egress/api @1: {metadata: {labels: {istio.io/use-waypoint: w}}, hosts: [api.example], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
			DestinationRule egress/api: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}` + served + ambient, `
			Namespace egress: {}`, ``},
		{"one that goes with its host", api + `
			Namespace egress: {}`, "delete Namespace egress", ``},
		{"and leaves the host to another entry", api + `
			Namespace egress: {}
			ServiceEntry other/api @2: {hosts: [api.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`,
			"delete Namespace egress", `
			sidecar any other namespace api.example:80 plaintext no-rule was originated`},
		{"which is under TLS", api + `
			Namespace egress: {}
			ServiceEntry other/api @2: {hosts: [api.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
			DestinationRule other/api: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}`,
			"delete Namespace egress", ``},
		{"one of clients alone", api + injected + `
			DestinationRule shop/api: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, "delete Namespace shop", ``},
	} {
		c.run(t)
	}
}

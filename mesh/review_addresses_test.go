package mesh

import (
	"strings"
	"testing"
)

// What a ServiceEntry takes from ambient clients by an address that another service has.
func TestReviewAmbientAddresses(t *testing.T) {
	const (
		ambient = `
			Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}`
		waypoint = `
			KubernetesGateway egress/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, allowedRoutes: {namespaces: {from: All}}}]}`
		victim = ambient + waypoint + `
			ServiceEntry egress/api @1: {metadata: {labels: {istio.io/use-waypoint: w}}, hosts: [api.example], addresses: [240.1.1.1], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`
		rule = `
			DestinationRule egress/api: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
		cart = `
			Service bank/cart: {clusterIP: 10.0.0.5, ports: [{port: 8080, name: http}]}`
		inside = `hosts: [evil.internal], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.3.3.3}]`
		taken  = `
			ztunnel shop api.example:80 plaintext other-listener was originated taken by ServiceEntry team/x at 240.1.1.1`
	)
	for _, c := range []reviewCase{
		{"its servers are inside", victim + rule, `
			ServiceEntry team/x: {` + inside + `, addresses: [240.1.1.1], exportTo: [.], ports: [{number: 80, name: http, protocol: HTTP}]}`, taken},
		{"the address is one of several, or a range", victim + rule, `
			ServiceEntry team/x: {` + inside + `, addresses: [240.2.2.2, 240.1.1.1/32], exportTo: [.], ports: [{number: 80, name: http, protocol: HTTP}]}`, taken},
		{"it has another address", victim + rule, `
			ServiceEntry team/x: {` + inside + `, addresses: [240.1.1.2], exportTo: [.], ports: [{number: 80, name: http, protocol: HTTP}]}`, ``},
		{"it has another port, which ends the connection", victim + rule, `
			ServiceEntry team/x: {` + inside + `, addresses: [240.1.1.1], exportTo: [.], ports: [{number: 81, name: http, protocol: HTTP}]}`, ``},
		{"it passes on what comes to its address, on other ports too", victim + rule, `
			ServiceEntry team/x: {hosts: [z.example], addresses: [240.1.1.1], exportTo: ["~"], ports: [{number: 81, name: tls, protocol: TLS}]}`, taken},
		{"it comes to pass on what comes to its address", victim + rule + `
			ServiceEntry team/x @2: {` + inside + `, addresses: [240.1.1.1], exportTo: ["~"], ports: [{number: 81, name: tls, protocol: TLS}]}`, `
			ServiceEntry team/x @2: {hosts: [evil.internal], location: MESH_INTERNAL, addresses: [240.1.1.1], exportTo: ["~"], ports: [{number: 81, name: tls, protocol: TLS}]}`, taken},
		{"it passed on what came to its address", victim + rule + `
			ServiceEntry team/x @2: {hosts: [z.example], addresses: [240.1.1.1], exportTo: ["~"], ports: [{number: 81, name: tls, protocol: TLS}]}`, `
			ServiceEntry team/x @2: {hosts: [z.example], addresses: [240.1.1.1], exportTo: ["~"], ports: [{number: 82, name: tls, protocol: TLS}]}`, ``},
		{"it passes nothing on past its waypoint", victim + rule, `
			ServiceEntry team/x: {metadata: {labels: {istio.io/use-waypoint: w, istio.io/use-waypoint-namespace: egress}}, hosts: [z.example], addresses: [240.1.1.1], exportTo: ["~"],
				ports: [{number: 81, name: tls, protocol: TLS}]}`, `
			waypoint egress z.example:81 application-tls no-rule`},
		{"it passes on what comes to a Service of another namespace", ambient + cart, `
			ServiceEntry team/x: {hosts: [z.example], addresses: [10.0.0.5], exportTo: ["~"], ports: [{number: 81, name: tls, protocol: TLS}]}`, `
			ztunnel shop cart.bank.svc.cluster.local:8080 (mesh) plaintext other-listener was originated diverted to z.example by ServiceEntry team/x at 10.0.0.5`},
		{"it comes to the address", victim + rule + `
			ServiceEntry team/x @2: {` + inside + `, addresses: [240.1.1.2], exportTo: [.], ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			ServiceEntry team/x @2: {` + inside + `, addresses: [240.1.1.1], exportTo: [.], ports: [{number: 80, name: http, protocol: HTTP}]}`, taken},
		{"it had the address", victim + rule + `
			ServiceEntry team/x @2: {` + inside + `, addresses: [240.1.1.1], exportTo: [.], ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			ServiceEntry team/x @2: {metadata: {labels: {a: b}}, ` + inside + `, addresses: [240.1.1.1], exportTo: [.], ports: [{number: 80, name: http, protocol: HTTP}]}`, ``},
		{"there was no TLS", victim, `
			ServiceEntry team/x: {` + inside + `, addresses: [240.1.1.1], exportTo: [.], ports: [{number: 80, name: http, protocol: HTTP}]}`, ``},
		{"another one of its host and namespace is older", victim + rule + `
			ServiceEntry team/y @2: {` + inside + `, ports: [{number: 80, name: http, protocol: HTTP}], exportTo: [.]}`, `
			ServiceEntry team/x @3: {` + inside + `, addresses: [240.1.1.1], exportTo: [.], ports: [{number: 80, name: http, protocol: HTTP}]}`, ``},
		{"nobody is in ambient mode", strings.ReplaceAll(victim, "ambient}", "none}") + rule, `
			ServiceEntry team/x: {` + inside + `, addresses: [240.1.1.1], exportTo: [.], ports: [{number: 80, name: http, protocol: HTTP}]}`, ``},
		{"the same host under TLS", victim + rule + `
			Namespace team: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}`, `
			ServiceEntry team/x: {metadata: {labels: {istio.io/use-waypoint: w, istio.io/use-waypoint-namespace: egress}}, hosts: [api.example], addresses: [240.1.1.1],
				exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`, ``},
		{"the same host by another waypoint, which checks no name", victim + rule + `
			Namespace team: {metadata: {labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: w}}}
			KubernetesGateway team/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}`, `
			ServiceEntry team/x: {hosts: [api.example], addresses: [240.1.1.1], exportTo: [egress], resolution: DNS,
				ports: [{number: 80, name: tcp, protocol: TCP, targetPort: 443}]}`, `
			waypoint team api.example:80 originated SIMPLE unverified was originated lost check of api.example of ServiceEntry egress/api
			sidecar egress api.example:80 unknown declared-otherwise by ServiceEntry egress/api`},
		{"a port for UDP", victim + rule, `
			ServiceEntry team/x: {` + inside + `, addresses: [240.1.1.1], exportTo: [.], ports: [{number: 80, name: udp, protocol: UDP}]}`, taken},
		{"an address of a Service", ambient + cart, `
			ServiceEntry team/x: {` + inside + `, addresses: [10.0.0.5], exportTo: [.], ports: [{number: 8080, name: http, protocol: HTTP}]}`, `
			ztunnel shop cart.bank.svc.cluster.local:8080 (mesh) plaintext other-listener was originated diverted to evil.internal by ServiceEntry team/x at 10.0.0.5`},
		{"of its own namespace", ambient + cart, `
			ServiceEntry bank/x: {` + inside + `, addresses: [10.0.0.5], exportTo: [.], ports: [{number: 8080, name: http, protocol: HTTP}]}`, ``},
	} {
		c.run(t)
	}
}

// An address that somebody writes into the status of an entry counts as Istio's own do.
func TestReviewAmbientAllocatedAddress(t *testing.T) {
	before := snapshot(t, `
		Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
		Namespace egress: {metadata: {labels: {istio.io/use-waypoint: w}}}
		KubernetesGateway egress/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
		ServiceEntry egress/api @1: {hosts: [api.example], addresses: [240.1.1.1], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		DestinationRule egress/api: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}
		ServiceEntry team/x @2: {hosts: [evil.internal], exportTo: [.], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.3.3.3}],
			ports: [{number: 80, name: http, protocol: HTTP}]}`)
	ref := Ref{Kind: KindServiceEntry, Namespace: "team", Name: "x"}
	written := *before.Get(ref)
	written.Status = []HostAddress{{Host: "evil.internal", Value: "240.1.1.1"}}
	equal(t, "flows", flowLines(mustReview(t, before, before.With(&written), ref, nil)),
		"ztunnel shop api.example:80 plaintext other-listener was originated taken by ServiceEntry team/x at 240.1.1.1")
}

package mesh

import (
	"strings"
	"testing"
)

// What a Gateway of the Gateway API answers for: connections that were under TLS by the waypoint that it was.
func TestReviewKubernetesGateway(t *testing.T) {
	const (
		listener  = `gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]`
		forAll    = `gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, allowedRoutes: {namespaces: {from: All}}}]`
		labelled  = `labels: {istio.io/use-waypoint: w}`
		elsewhere = `labels: {istio.io/use-waypoint: w, istio.io/use-waypoint-namespace: infra}`
		gateway   = `
			KubernetesGateway egress/w: {` + listener + `}`
		shared = `
			KubernetesGateway infra/w: {` + forAll + `}`
		ambient = `
			Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}`
		entry = `
			ServiceEntry egress/api @1: {metadata: {%}, hosts: [api.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`
		rule = `
			DestinationRule egress/api: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
		lost = `
			ztunnel shop api.example:80 plaintext ztunnel was originated`
	)
	entryWith := func(metadata string) string { return strings.ReplaceAll(entry, "%", metadata) }
	served := gateway + ambient + entryWith(labelled) + rule
	for _, c := range []reviewCase{
		{"one that is not for services any more", served, `
			KubernetesGateway egress/w: {metadata: {labels: {istio.io/waypoint-for: workload}}, ` + listener + `}`, lost},
		{"for nothing", served, `
			KubernetesGateway egress/w: {metadata: {labels: {istio.io/waypoint-for: none}}, ` + listener + `}`, lost},
		{"for services, as it was", served, `
			KubernetesGateway egress/w: {metadata: {labels: {istio.io/waypoint-for: service}}, ` + listener + `}`, ``},
		{"of another class", served, `
			KubernetesGateway egress/w: {gatewayClassName: nginx, listeners: [{protocol: HBONE, port: 15008}]}`, lost},
		{"with another listener", served, `
			KubernetesGateway egress/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HTTP, port: 80}]}`, lost},
		{"with one listener more", served, `
			KubernetesGateway egress/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HTTP, port: 80}, {protocol: HBONE, port: 15008}]}`, ``},
		{"of another revision", served, `
			KubernetesGateway egress/w: {metadata: {labels: {istio.io/rev: canary}}, ` + listener + `}`, ``},
		{"one that goes", served, "delete KubernetesGateway egress/w", lost},
		{"and has the label of the namespace", gateway + ambient + entryWith("") + rule + `
			Namespace egress: {metadata: {` + labelled + `}}`, "delete KubernetesGateway egress/w", lost},
		{"and is the other one", served + shared, "delete KubernetesGateway infra/w", ``},
		{"whose host is not under TLS", gateway + ambient + entryWith(labelled), "delete KubernetesGateway egress/w", ``},
		{"whose host nobody declares", gateway + ambient + rule, "delete KubernetesGateway egress/w", ``},
		{"where nobody is in ambient mode", gateway + entryWith(labelled) + rule, "delete KubernetesGateway egress/w", ``},
		{"where ambient pods have an entry of their own", served + `
			ServiceEntry shop/api @2: {hosts: [api.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`,
			"delete KubernetesGateway egress/w", ``},
		{"where some ambient pods have an entry of their own", served + `
			Namespace bank: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
			ServiceEntry bank/api @2: {hosts: [api.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`,
			"delete KubernetesGateway egress/w", lost},
		{"of another namespace", shared + ambient + entryWith(elsewhere) + rule, "delete KubernetesGateway infra/w", lost},
		{"with its namespace", shared + ambient + entryWith(elsewhere) + rule + `
			Namespace infra: {}`, "delete Namespace infra", lost},
		{"that takes services of its own namespace alone", shared + ambient + entryWith(elsewhere) + rule, `
			KubernetesGateway infra/w: {` + listener + `}`, lost},
		{"that selects other namespaces", shared + ambient + entryWith(elsewhere) + rule, `
			KubernetesGateway infra/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008,
				allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: bank}}}}}]}`, lost},
		{"whose selector a Namespace no longer matches", ambient + entryWith(elsewhere) + rule + `
			KubernetesGateway infra/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008,
				allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: shop}}}}}]}
			Namespace egress: {metadata: {labels: {team: shop}}}`, `
			Namespace egress: {metadata: {labels: {team: bank}}}`, lost},
		{"whose class is for workloads now", ambient + entryWith(labelled) + rule + `
			KubernetesGateway egress/w: {gatewayClassName: own, listeners: [{protocol: HBONE, port: 15008}]}
			GatewayClass own: {controllerName: istio.io/mesh-controller}`, `
			GatewayClass own: {metadata: {labels: {istio.io/waypoint-for: workload}}, controllerName: istio.io/mesh-controller}`, lost},
		{"whose class goes", ambient + entryWith(labelled) + rule + `
			KubernetesGateway egress/w: {gatewayClassName: own, listeners: [{protocol: HBONE, port: 15008}]}
			GatewayClass own: {controllerName: istio.io/mesh-controller}`, `delete GatewayClass own`, lost},
		{"whose class goes and is Istio's own, which istiod makes again", served + `
			GatewayClass istio-waypoint: {controllerName: istio.io/mesh-controller}`, `delete GatewayClass istio-waypoint`, ``},
		{"a new one", ambient + entryWith(labelled) + rule, gateway, ``},
		{"an ingress gateway", ambient + entryWith(labelled) + rule, `
			KubernetesGateway egress/w: {gatewayClassName: istio, listeners: [{protocol: HTTP, port: 80}]}`, ``},
	} {
		c.run(t)
	}
}

// The flow of an UPDATE names the field by which the Gateway is no waypoint any more.
func TestReviewKubernetesGatewayDecidedBy(t *testing.T) {
	before, after, ref := changed(t, `
		KubernetesGateway egress/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
		Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
		Namespace egress: {metadata: {labels: {istio.io/use-waypoint: w}}}
		ServiceEntry egress/api: {hosts: [api.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		DestinationRule egress/api: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
		KubernetesGateway egress/w: {metadata: {labels: {istio.io/waypoint-for: workload}}, gatewayClassName: istio-waypoint,
			listeners: [{protocol: HBONE, port: 15008}]}`)
	flows := mustReview(t, before, after, ref, nil)
	equal(t, "decided by", flows[0].Hops[0].DecidedBy, "Gateway (gateway.networking.k8s.io) egress/w metadata.labels[istio.io/waypoint-for]")
}

// A ztunnel asks no port for its protocol: an entry of an ambient namespace for a host that a waypoint served before has its
// pods' requests sent on as they are.
func TestReviewPassedOnByZtunnel(t *testing.T) {
	const before = `
		KubernetesGateway egress/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
		Namespace egress: {metadata: {labels: {istio.io/use-waypoint: w}}}
		Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
		ServiceEntry egress/api @1: {hosts: [api.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`
	const rule = `
		DestinationRule egress/api: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	for _, c := range []reviewCase{
		{"for UDP", before + rule, `
			ServiceEntry shop/api: {hosts: [api.example], exportTo: [.], ports: [{number: 80, name: udp, protocol: UDP}]}`, `
			ztunnel shop api.example:80 plaintext declared-otherwise was originated by ServiceEntry shop/api`},
		{"for TLS", before + rule, `
			ServiceEntry shop/api: {hosts: [api.example], exportTo: [.], ports: [{number: 80, name: tls, protocol: TLS}]}`, `
			ztunnel shop api.example:80 plaintext declared-tls was originated by ServiceEntry shop/api
			ztunnel shop api.example:80 application-tls ztunnel was originated`},
		{"for another port, which ends the connection", before + rule, `
			ServiceEntry shop/api: {hosts: [api.example], exportTo: [.], ports: [{number: 81, name: udp, protocol: UDP}]}`, ``},
		{"there was no TLS", before, `
			ServiceEntry shop/api: {hosts: [api.example], exportTo: [.], ports: [{number: 80, name: udp, protocol: UDP}]}`, ``},
		{"it uses a waypoint", before + rule + `
			KubernetesGateway shop/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
			DestinationRule shop/api: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			ServiceEntry shop/api: {metadata: {labels: {istio.io/use-waypoint: w}}, hosts: [api.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`, `
			waypoint shop api.example:80 originated SIMPLE was originated`},
	} {
		c.run(t)
	}
}

// An entry that takes the place of a waypoint's, with nobody behind it, is half of the way to plaintext: the WorkloadEntry is the
// other.
func TestReviewWorkloadEntryBesideWaypoint(t *testing.T) {
	const before = `
		KubernetesGateway egress/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
		Namespace egress: {metadata: {labels: {istio.io/use-waypoint: w}}}
		Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
		ServiceEntry egress/api @1: {hosts: [api.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		ServiceEntry shop/own @2: {hosts: [api.example], exportTo: [.], resolution: DNS, workloadSelector: {labels: {app: own}},
			ports: [{number: 80, name: http, protocol: HTTP}]}`
	const rule = `
		DestinationRule egress/api: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const workload = `
		WorkloadEntry shop/own: {address: 203.0.113.7, labels: {app: own}}`
	for _, c := range []reviewCase{
		{"under TLS without it", before + rule, workload, `
			ztunnel shop api.example:80 plaintext ztunnel was unknown taken from TLS by ServiceEntry shop/own`},
		{"in plaintext without it", before, workload, ``},
	} {
		c.run(t)
	}
}

package mesh

import "testing"

// What a Service under review answers for: connections that were under TLS, or that a route led to no service, and that go
// differently with it.
func TestReviewService(t *testing.T) {
	const legacy = `
		ServiceEntry egress/legacy @1: {hosts: [legacy.shop.svc.cluster.local], resolution: DNS, endpoints: [{address: legacy.example}],
			ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		DestinationRule egress/legacy: {host: legacy.shop.svc.cluster.local, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const api = `
		ServiceEntry egress/api @1: {hosts: [api.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		DestinationRule egress/api: {host: api.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const plain = `
		ServiceEntry egress/plain @1: {hosts: [plain.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	const route = `
		VirtualService shop/api: {hosts: [api.example], http: [{route: [{destination: {host: web}}]}]}`
	const alias = `
		Service shop/web: {type: ExternalName, externalName: plain.example, ports: [{port: 80, name: http}]}`
	const inside = `
		Service shop/web: {selector: {app: web}, ports: [{port: 80, name: http}]}`
	for _, c := range []reviewCase{
		{"the host of an entry under TLS", legacy, `
			Service shop/legacy: {selector: {app: legacy}, ports: [{port: 80, name: http}]}`, `
			sidecar any other namespace legacy.shop.svc.cluster.local:80 plaintext no-rule was originated
			sidecar shop legacy.shop.svc.cluster.local:80 plaintext no-rule was originated`},
		{"for the namespaces to which it is exported", legacy, `
			Service shop/legacy: {metadata: {annotations: {networking.istio.io/exportTo: "., team"}}, ports: [{port: 80, name: http}]}`, `
			sidecar shop legacy.shop.svc.cluster.local:80 plaintext no-rule was originated
			sidecar team legacy.shop.svc.cluster.local:80 plaintext no-rule was originated`},
		{"exported to more than before", legacy + `
			Service shop/legacy: {metadata: {annotations: {networking.istio.io/exportTo: "."}}, ports: [{port: 80, name: http}]}`, `
			Service shop/legacy: {metadata: {annotations: {networking.istio.io/exportTo: "., team"}}, ports: [{port: 80, name: http}]}`, `
			sidecar team legacy.shop.svc.cluster.local:80 plaintext no-rule was originated`},
		{"without the port that the entry has", legacy, `
			Service shop/legacy: {metadata: {annotations: {networking.istio.io/exportTo: "."}}, ports: [{port: 8080, name: http}]}`, `
			sidecar shop legacy.shop.svc.cluster.local:80 plaintext port-not-declared was originated by Service shop/legacy`},
		{"under TLS by a rule of its own namespace", legacy + `
			DestinationRule shop/legacy: {host: legacy, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			Service shop/legacy: {ports: [{port: 80, name: http}]}`, ``},
		{"one that goes leaves the host to an entry in plaintext", `
			ServiceEntry egress/legacy @1: {hosts: [legacy.shop.svc.cluster.local], resolution: DNS, endpoints: [{address: legacy.example}],
				ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule shop/legacy: {host: legacy, trafficPolicy: {tls: {mode: SIMPLE}}}
			Service shop/legacy: {ports: [{port: 80, name: http}]}`, "delete Service shop/legacy", `
			sidecar any other namespace legacy.shop.svc.cluster.local:80 plaintext no-rule was originated`},
		{"and one that its entry has under TLS does not", legacy + `
			Service shop/legacy: {ports: [{port: 80, name: http}]}`, "delete Service shop/legacy", ``},
		{"the name of another host, to which a route leads", api + plain + route, alias, `
			sidecar any other namespace plain.example:80 plaintext no-rule was unrouted
			sidecar egress plain.example:80 plaintext no-rule was unrouted
			sidecar shop plain.example:80 plaintext no-rule was unrouted`},
		{"the same by an update", api + plain + route + inside, alias, `
			sidecar any other namespace plain.example:80 plaintext no-rule was unrouted
			sidecar egress plain.example:80 plaintext no-rule was unrouted
			sidecar shop plain.example:80 plaintext no-rule was unrouted
			sidecar any other namespace web.shop.svc.cluster.local:80 (mesh) plaintext renamed was originated by Service shop/web`},
		{"a service of the mesh to which a route of a third namespace leads", api + route, inside, `
			sidecar any other namespace web.shop.svc.cluster.local:80 plaintext routed-inside was originated by VirtualService shop/api lost check of api.example of ServiceEntry egress/api
			sidecar egress web.shop.svc.cluster.local:80 plaintext routed-inside was originated by VirtualService shop/api lost check of api.example of ServiceEntry egress/api`},
		{"a service that nothing knows", api + plain, inside, ``},
		{"a name that no route leads to", api + plain, alias, ``},
		{"requests on a port for MYSQL, exported by name", `
			ServiceEntry egress/db @1: {hosts: [db.example], resolution: DNS, ports: [{number: 3306, name: db, protocol: MYSQL}]}
			DestinationRule egress/db: {host: db.example, trafficPolicy: {tls: {mode: SIMPLE, sni: db.example, subjectAltNames: [db.example]}}}`, `
			Service shop/web: {metadata: {annotations: {networking.istio.io/exportTo: team}}, clusterIP: 10.0.0.1, ports: [{port: 3306, name: http}]}`, `
			sidecar team db.example:3306 plaintext other-listener was originated taken by Service shop/web`},
		{"MYSQL there at its own address", `
			ServiceEntry egress/db @1: {hosts: [db.example], resolution: DNS, ports: [{number: 3306, name: db, protocol: MYSQL}]}
			DestinationRule egress/db: {host: db.example, trafficPolicy: {tls: {mode: SIMPLE, sni: db.example, subjectAltNames: [db.example]}}}`, `
			Service shop/web: {metadata: {annotations: {networking.istio.io/exportTo: team}}, clusterIP: 10.0.0.1, ports: [{port: 3306, name: mysql}]}`, ``},
		{"an update of what is not for routes", legacy + `
			Service shop/legacy: {ports: [{port: 80, name: http}]}`, `
			Service shop/legacy: {metadata: {labels: {a: b}}, type: NodePort, ports: [{port: 80, name: http, nodePort: 30080}]}`, ``},
		{"headless, where a route lets connections go on", api + `
			VirtualService shop/api: {hosts: [api.example], exportTo: [.], http: [{route: [{destination: {host: web}}]}]}`, `
			Service shop/web: {clusterIP: None, ports: [{port: 80, name: http}]}`, `
			sidecar shop web.shop.svc.cluster.local:80 plaintext no-rule was unrouted`},
	} {
		c.run(t)
	}
}

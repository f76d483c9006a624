package mesh

import "testing"

// What the listeners of a ServiceEntry under review do to connections to other hosts that are under TLS.
func TestReviewOtherListeners(t *testing.T) {
	const web = `
		ServiceEntry egress/web @1: {hosts: [web.example], resolution: STATIC, endpoints: [{address: 203.0.113.1}],
			ports: [{number: 80, name: http, protocol: HTTP}]}
		DestinationRule egress/web @2: {host: web.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const db = `
		ServiceEntry egress/db @1: {hosts: [db.example], addresses: [198.51.100.0/24], resolution: STATIC,
			endpoints: [{address: 203.0.113.2}], ports: [{number: 80, name: db, protocol: TCP}]}
		DestinationRule egress/db @2: {host: db.example, trafficPolicy: {tls: {mode: SIMPLE, sni: db.example}}}`
	const inside = `location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.0.0.1}]`
	for _, c := range []reviewCase{
		{"MONGO for one namespace", web, `
			ServiceEntry team/x: {hosts: [x.example], exportTo: [shop], ` + inside + `, ports: [{number: 80, name: x, protocol: MONGO}]}`, `
			sidecar shop web.example:80 plaintext other-listener was originated taken by ServiceEntry team/x`},
		{"MONGO under TLS to another server", web, `
			ServiceEntry team/x: {hosts: ["*.example"], exportTo: [shop], location: MESH_INTERNAL, resolution: DNS, subjectAltNames: [x.test],
				endpoints: [{address: 198.51.100.7, labels: {security.istio.io/tlsMode: istio}}], ports: [{number: 80, name: x, protocol: MONGO}]}`, `
			sidecar shop *.example:80 originated ISTIO_MUTUAL was originated lost check of web.example of ServiceEntry egress/web for an identity of the mesh fallback`},
		{"MONGO for all comes after the requests of an older entry", web, `
			ServiceEntry team/x: {hosts: [x.example], ` + inside + `, ports: [{number: 80, name: x, protocol: MONGO}]}`, ``},
		{"MONGO after a Service for requests that only one of two namespaces sees", web + `
			Service shop/first @0: {metadata: {annotations: {networking.istio.io/exportTo: .}}, ports: [{name: http, port: 80}]}`, `
			ServiceEntry team/x: {hosts: [x.example], exportTo: [shop, bank], ` + inside + `, ports: [{number: 80, name: x, protocol: MONGO}]}`, `
			sidecar bank web.example:80 plaintext other-listener was originated taken by ServiceEntry team/x`},
		{"an address", web, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [203.0.113.1], exportTo: [.], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}`, `
			sidecar team web.example:80 plaintext other-listener was originated taken by ServiceEntry team/x at 203.0.113.1/32`},
		{"the narrowest of two ranges", web + `
			ServiceEntry team/wide @1: {hosts: [x.example], addresses: [203.0.0.0/16], exportTo: [team], resolution: STATIC, endpoints: [{address: 203.0.113.3}], ports: [{number: 80, name: x, protocol: TCP}]}
			DestinationRule team/wide: {host: x.example, trafficPolicy: {tls: {mode: SIMPLE, sni: x.example}}}`, `
			ServiceEntry team/x: {hosts: [y.example], addresses: [203.0.113.0/24], exportTo: [team], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}`, `
			sidecar team web.example:80 plaintext other-listener was originated taken by ServiceEntry team/x at 203.0.113.0/24 possibly
			sidecar team x.example:80 plaintext other-listener was originated taken by ServiceEntry team/x at 203.0.113.0/24`},
		{"an address that may be one of a host with endpoints, too, as DNS knows", web, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [203.0.113.99], exportTo: [shop], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}`, `
			sidecar shop web.example:80 plaintext other-listener was originated taken by ServiceEntry team/x at 203.0.113.99/32 possibly`},
		{"what a route keeps in the mesh, for when it is gone", web + `
			VirtualService shop/web: {hosts: [web.example], exportTo: [.], http: [{route: [{destination: {host: inside}}]}]}`, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [203.0.113.1], exportTo: [shop], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}`, `
			sidecar shop web.example:80 plaintext other-listener was originated taken by ServiceEntry team/x at 203.0.113.1/32`},
		{"a range from 0.0.0.0 is no condition", web, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [0.0.0.0/0], exportTo: [.], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}`, ``},
		{"one that is written from another address is one", web, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [0.0.0.5/1], exportTo: [.], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}`, `
			sidecar team web.example:80 plaintext other-listener was originated taken by ServiceEntry team/x at 0.0.0.0/1 possibly wide`},
		{"so is one of all addresses", web, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [1.2.3.4/0], exportTo: [.], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}`, `
			sidecar team web.example:80 plaintext other-listener was originated taken by ServiceEntry team/x at 0.0.0.0/0`},
		{"none beside another takes the bytes that nobody else takes", `
			ServiceEntry egress/any @1: {hosts: [any.example], resolution: DNS, ports: [{number: 80, name: x, protocol: TCP}]}
			DestinationRule egress/any @2: {host: any.example, trafficPolicy: {tls: {mode: SIMPLE, sni: any.example}}}`, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [10.0.0.0/8, 0.0.0.0/0], exportTo: [shop], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}`, `
			sidecar shop any.example:80 plaintext other-listener was originated taken by ServiceEntry team/x`},
		{"addresses in a range of another", db, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [198.51.100.9], exportTo: [.], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}`, `
			sidecar team db.example:80 plaintext other-listener was originated taken by ServiceEntry team/x at 198.51.100.9/32`},
		{"MONGO on a port for other bytes", db, `
			ServiceEntry team/x: {hosts: [x.example], exportTo: [team], ` + inside + `, ports: [{number: 80, name: x, protocol: MONGO}]}`, `
			sidecar team db.example:80 plaintext other-listener was originated taken by ServiceEntry team/x`},
		{"who does not see the host", web + `
			Sidecar team/all: {egress: [{hosts: [./*]}]}`, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [203.0.113.1], exportTo: [.], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}`, ``},
		{"who has another entry of its host", web + `
			ServiceEntry shop/x @1: {hosts: [x.example], exportTo: [.], ` + inside + `, ports: [{number: 81, name: x, protocol: TCP}]}`, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [203.0.113.1], exportTo: [shop], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}`, ``},
		{"who does not import the entry", web + `
			Sidecar shop/all: {egress: [{hosts: [egress/*]}]}`, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [203.0.113.1], exportTo: [shop], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}`, ``},
		{"a deletion", `
			ServiceEntry team/x @1: {hosts: [x.example], addresses: [203.0.113.1], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}` + web,
			"delete ServiceEntry team/x", ``},
		{"the entry is itself moved to where another takes it", `
			ServiceEntry team/x @1: {hosts: [x.example], addresses: [203.0.113.9], exportTo: [shop], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}` + web, `
			ServiceEntry egress/web @1: {hosts: [web.example], resolution: STATIC, endpoints: [{address: 203.0.113.9}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar any other namespace web.example:80 originated SIMPLE was originated
			sidecar egress web.example:80 originated SIMPLE was originated
			sidecar shop web.example:80 plaintext other-listener was originated taken by ServiceEntry team/x at 203.0.113.9/32`},
		{"only DNS knows", `
			ServiceEntry egress/web @1: {hosts: [web.example], resolution: DNS, exportTo: [shop], ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule egress/web @2: {host: web.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			ServiceEntry team/x: {hosts: [x.example], addresses: [10.1.0.0/16, 203.0.113.0/24, 203.0.0.0/23], ` + inside + `, ports: [{number: 80, name: x, protocol: TCP}]}`, `
			sidecar shop web.example:80 plaintext other-listener was originated taken by ServiceEntry team/x at 203.0.0.0/23 possibly wide`},
	} {
		c.run(t)
	}
}

// Whether the server of an entry for bytes gets what is meant for addresses that no entry declares.
func TestReviewPortFallback(t *testing.T) {
	const port = `resolution: DNS, exportTo: [shop], ports: [{number: 80, name: x, protocol: TCP}]}`
	for _, c := range []reviewCase{
		{"without an address", ``, `ServiceEntry shop/x: {hosts: [x.example], ` + port, `
			sidecar shop x.example:80 plaintext no-rule fallback`},
		{"with one", ``, `ServiceEntry shop/x: {hosts: [x.example], addresses: [203.0.113.1], ` + port, `
			sidecar shop x.example:80 plaintext no-rule`},
		{"with a range", ``, `ServiceEntry shop/x: {hosts: [x.example], addresses: [203.0.113.0/24], ` + port, `
			sidecar shop x.example:80 plaintext no-rule`},
		{"after another that has it", `ServiceEntry shop/y @1: {hosts: [y.example], ` + port, `ServiceEntry shop/x: {hosts: [x.example], ` + port, `
			sidecar shop x.example:80 plaintext no-rule`},
		{"beside requests", `ServiceEntry shop/y @1: {hosts: [y.example], resolution: DNS, ports: [{number: 80, name: web, protocol: HTTP}]}`,
			`ServiceEntry shop/x: {hosts: [x.example], ` + port, `
			sidecar shop x.example:80 plaintext no-rule fallback`},
	} {
		c.run(t)
	}
}

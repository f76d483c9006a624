package mesh

import "testing"

// Where the pods of a gateway send bytes that they do not read.
func TestGatewayFilterChains(t *testing.T) {
	const through = `Gateway egress/gw @1: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: PASSTHROUGH}}]}`
	const ended = `Gateway egress/gw @1: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: [a.example], tls: {mode: SIMPLE}}]}`
	const tcp = `Gateway egress/gw @1: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: tcp, protocol: TCP}, hosts: ["*"]}]}`
	for _, c := range []struct{ name, mesh, sni, want string }{
		{"TLS by its SNI", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example", "b.example:443"},
		{"another SNI", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "c.example", "not taken"},
		{"the closest SNI", through + `
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{sniHosts: ["*.example"]}], route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: c.example}}]}]}
			VirtualService egress/c @3: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{sniHosts: ["*"]}], route: [{destination: {host: d.example}}]}]}`, "a.example", "c.example:443"},
		{"of routes alike the first", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{}], route: [{destination: {host: b.example}}]},
				{match: [{}], route: [{destination: {host: c.example}}]}]}`, "a.example", "b.example:443"},
		{"a match with a name that an older one has is dropped whole", through + `
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{sniHosts: [x.example]}], route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{sniHosts: [a.example, x.example]}], route: [{destination: {host: c.example}}]}]}`, "a.example", "not taken"},
		{"a match for another port", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{port: 8443, sniHosts: [a.example]}, {port: 443, sniHosts: [b.example]}],
				route: [{destination: {host: b.example}}]}]}`, "a.example", "not taken"},
		{"a match for this gateway and port", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw, mesh],
				tls: [{match: [{gateways: [mesh], sniHosts: [a.example]}], route: [{destination: {host: b.example}}]},
				{match: [{gateways: [gw], port: 443, sniHosts: [a.example]}],
				route: [{destination: {host: c.example}}]}]}`, "a.example", "c.example:443"},
		{"a gateway does not look at the source", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{sourceNamespace: shop, sourceLabels: {app: web}, sniHosts: [a.example]}],
				route: [{destination: {host: b.example}}]}]}`, "a.example", "b.example:443"},
		{"a route without destinations takes no name", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{sniHosts: [a.example]}]}, {match: [{sniHosts: [a.example]}],
				route: [{destination: {host: b.example}}]}]}`, "a.example", "b.example:443"},
		{"hosts that the server has not", `
			Gateway egress/gw: {selector: {istio: egressgateway},
				servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: [c.example], tls: {mode: PASSTHROUGH}}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example", "not taken"},
		{"an SNI that the server has not", `
			Gateway egress/gw: {selector: {istio: egressgateway},
				servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: [a.example], tls: {mode: PASSTHROUGH}}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{sniHosts: [c.example]}], route: [{destination: {host: b.example}}]}]}`, "c.example", "b.example:443"},
		{"a VirtualService of one server's Gateway alone", through + `
			Gateway egress/other @2: {selector: {istio: egressgateway},
				servers: [{port: {number: 443, name: tls2, protocol: TLS}, hosts: [c.example], tls: {mode: PASSTHROUGH}}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [other],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example", "not taken"},
		{"AUTO_PASSTHROUGH goes past all routes", `
			Gateway egress/gw: {selector: {istio: egressgateway},
				servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: AUTO_PASSTHROUGH}}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example", "not taken"},

		{"bytes by tcp routes", tcp + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tcp: [{route: [{destination: {host: b.example}}]}, {route: [{destination: {host: c.example}}]}]}`, "", "b.example:443"},
		{"the first route that applies", tcp + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw, mesh],
				tcp: [{}, {match: [{gateways: [mesh]}], route: [{destination: {host: b.example}}]},
				{match: [{port: 8443}], route: [{destination: {host: c.example}}]}, {match: [{gateways: [gw], port: 443}],
				route: [{destination: {host: d.example}}]}]}`, "", "d.example:443"},
		{"the source does not count for them either", tcp + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tcp: [{match: [{sourceNamespace: shop}], route: [{destination: {host: b.example}}]}]}`, "", "b.example:443"},
		{"the first VirtualService that has one", tcp + `
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw],
				tcp: [{match: [{port: 8443}], route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [gw],
				tcp: [{route: [{destination: {host: c.example}}]}]}`, "", "c.example:443"},
		{"no route", tcp, "", "not taken"},
		{"a host that the server has not", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: tcp, protocol: TCP}, hosts: [c.example]}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tcp: [{route: [{destination: {host: b.example}}]}]}`, "", "not taken"},
		{"bytes in TLS that ends here", ended + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tcp: [{route: [{destination: {host: b.example}}]}]}`, "a.example", "b.example:443"},
		{"in TLS for another name", ended + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tcp: [{route: [{destination: {host: b.example}}]}]}`, "c.example", "not taken"},
		{"a server that reads requests goes before one that is as close and younger", `
			Gateway egress/gw: {selector: {istio: egressgateway},
				servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: SIMPLE}},
				{port: {number: 443, name: tls, protocol: TLS}, hosts: ["egress/*"], tls: {mode: PASSTHROUGH}}]}
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw], tls: [{match: [{}], route: [{destination: {host: b.example}}]}],
				http: [{route: [{destination: {host: c.example}}]}]}`, "a.example", "c.example:443"},
		{"a younger one that reads requests does not", `
			Gateway egress/gw: {selector: {istio: egressgateway},
				servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ["egress/*"], tls: {mode: PASSTHROUGH}},
				{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: SIMPLE}}]}
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw], tls: [{match: [{}], route: [{destination: {host: b.example}}]}],
				http: [{route: [{destination: {host: c.example}}]}]}`, "a.example", "b.example:443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "destinations", gatewayDestinationsOf(snapshot(t, c.mesh), egressGatewayPods, 443, c.sni, "a.example"), c.want)
		})
	}
}

package mesh

import "testing"

// Where tls routes send TLS for a.example from pods of namespace shop with label app=till, by its SNI.
func TestTLSRoutes(t *testing.T) {
	const entry = `ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}, {number: 8443, name: more, protocol: HTTPS}]}`
	for _, c := range []struct{ name, mesh, want string }{
		{"no route", ``, "a.example:443"},
		{"a route for the name", `
			VirtualService shop/a: {hosts: [a.example],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "b.example:443"},
		{"a route for another name keeps the host's own cluster away", `
			VirtualService shop/a: {hosts: [a.example],
				tls: [{match: [{sniHosts: [b.example]}], route: [{destination: {host: b.example}}]}]}`, "nowhere"},
		{"a route without a match takes nothing", `
			VirtualService shop/a: {hosts: [a.example], tls: [{route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
		{"a route without destinations takes nothing", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: [a.example]}]}]}`, "a.example:443"},
		{"the closest name", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: ["*"]}], route: [{destination: {host: b.example}}]},
				{match: [{sniHosts: ["*.example"]}], route: [{destination: {host: c.example}}]}, {match: [{sniHosts: [x.example, a.example]}],
				route: [{destination: {host: d.example}}]}]}`, "d.example:443"},
		{"the closest wildcard", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: ["*.example"]}], route: [{destination: {host: c.example}}]},
				{match: [{}], route: [{destination: {host: b.example}}]}]}`, "c.example:443"},
		{"of names alike the first", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]},
				{match: [{sniHosts: [a.example]}], route: [{destination: {host: c.example}}]}]}`, "b.example:443"},
		{"a wildcard without a dot is no name of TLS", `
			VirtualService shop/a: {hosts: [a.example],
				tls: [{match: [{sniHosts: ["*example"]}], route: [{destination: {host: b.example}}]}]}`, "nowhere"},
		{"a match without names takes all", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{}], route: [{destination: {host: b.example}}]}]}`, "b.example:443"},
		{"a wildcard of another domain", `
			VirtualService shop/a: {hosts: [a.example],
				tls: [{match: [{sniHosts: ["*.test"]}], route: [{destination: {host: b.example}}]}]}`, "nowhere"},
		{"another port", `
			VirtualService shop/a: {hosts: [a.example],
				tls: [{match: [{port: 8443, sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
		{"this port", `
			VirtualService shop/a: {hosts: [a.example],
				tls: [{match: [{port: 443, sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "b.example:443"},
		{"another gateway", `
			VirtualService shop/a: {hosts: [a.example],
				tls: [{match: [{gateways: [egress], sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
		{"another namespace", `
			VirtualService shop/a: {hosts: [a.example],
				tls: [{match: [{sourceNamespace: till, sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
		{"other labels", `
			VirtualService shop/a: {hosts: [a.example],
				tls: [{match: [{sourceLabels: {app: web}, sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
		{"these labels", `
			VirtualService shop/a: {hosts: [a.example],
				tls: [{match: [{sourceLabels: {app: till}, sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "b.example:443"},
		{"a VirtualService whose wildcard covers the host", `
			VirtualService shop/a: {hosts: ["*.example"],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "b.example:443"},
		{"here capitals count", `
			VirtualService shop/a: {hosts: [A.example],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
		{"the only port of a service goes before the listener's", `
			ServiceEntry egress/b: {hosts: [b.example], resolution: DNS, ports: [{number: 9443, name: tls, protocol: TLS}]}
			VirtualService shop/a: {hosts: [a.example],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "b.example:9443"},
		{"of several ports none does", `
			ServiceEntry egress/b: {hosts: [b.example], resolution: DNS,
				ports: [{number: 9443, name: tls, protocol: TLS}, {number: 9444, name: more, protocol: TLS}]}
			VirtualService shop/a: {hosts: [a.example],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "b.example:443"},
		{"weights", `
			VirtualService shop/a: {hosts: [a.example],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example, subset: v1}, weight: 1},
				{destination: {host: c.example}}, {destination: {host: d.example, port: {number: 444}},
				weight: 2}, {weight: 3}]}]}`, "b.example:443/v1 | d.example:444"},
		{"tcp routes take no TLS", `
			VirtualService shop/a: {hosts: [a.example], tcp: [{route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "destinations", destinationsOf(snapshot(t, entry, c.mesh), "sidecar shop app=till", "a.example", 443), c.want)
		})
	}
}

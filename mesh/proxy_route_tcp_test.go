package mesh

import "testing"

// Where tcp routes send bytes of which nothing is read.
func TestTCPRoutes(t *testing.T) {
	const entry = `ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 5432, name: tcp, protocol: TCP}]}`
	for _, c := range []struct{ name, mesh, want string }{
		{"no route", ``, "a.example:5432"},
		{"a route without a match", `
			VirtualService shop/a: {hosts: [a.example], tcp: [{route: [{destination: {host: b.example}}]},
				{route: [{destination: {host: c.example}}]}]}`, "b.example:5432"},
		{"a route without destinations takes nothing", `
			VirtualService shop/a: {hosts: [a.example], tcp: [{}, {route: [{destination: {host: c.example}}]}]}`, "c.example:5432"},
		{"a route for some addresses", `
			VirtualService shop/a: {hosts: [a.example],
				tcp: [{match: [{destinationSubnets: [10.0.0.0/8]}], route: [{destination: {host: b.example}}]},
				{route: [{destination: {host: c.example}}]}]}`, "b.example:5432 | c.example:5432"},
		{"what no route takes goes to the host's own cluster", `
			VirtualService shop/a: {hosts: [a.example],
				tcp: [{match: [{destinationSubnets: [10.0.0.0/8]}], route: [{destination: {host: b.example}}]}]}`, "b.example:5432 | a.example:5432"},
		{"one match without addresses suffices", `
			VirtualService shop/a: {hosts: [a.example],
				tcp: [{match: [{}, {destinationSubnets: [10.0.0.0/8]}], route: [{destination: {host: b.example}}]}]}`, "b.example:5432"},
		{"another port", `
			VirtualService shop/a: {hosts: [a.example], tcp: [{match: [{port: 80}], route: [{destination: {host: b.example}}]}]}`, "a.example:5432"},
		{"the oldest VirtualService", `
			VirtualService shop/a @1: {hosts: [a.example], tcp: [{match: [{port: 80}], route: [{destination: {host: b.example}}]}]}
			VirtualService shop/b @2: {hosts: ["*.example"], tcp: [{route: [{destination: {host: c.example}}]}]}
			VirtualService shop/c @3: {hosts: [a.example], tcp: [{route: [{destination: {host: d.example}}]}]}`, "c.example:5432"},
		{"http and tls routes take none of it", `
			VirtualService shop/a: {hosts: [a.example], http: [{route: [{destination: {host: b.example}}]}],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example:5432"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "destinations", destinationsOf(snapshot(t, entry, c.mesh), "sidecar shop", "a.example", 5432), c.want)
		})
	}
}

package mesh

import "testing"

// Where tls routes send TLS for a.example from pods of namespace shop with label app=till, by its SNI.
func TestTLSRoutes(t *testing.T) {
	const entry = `ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}, {number: 8443, name: more, protocol: HTTPS}]}`
	for _, c := range []struct{ name, mesh, want string }{
		{"no route", ``, "a.example:443"},
		{"a route for the name", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "b.example:443"},
		{"a route for another name keeps the host's own cluster away", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: [b.example]}], route: [{destination: {host: b.example}}]}]}`, "nowhere"},
		{"a route without a match takes nothing", `
			VirtualService shop/a: {hosts: [a.example], tls: [{route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
		{"a route without destinations takes nothing", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: [a.example]}]}]}`, "a.example:443"},
		{"the closest name", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: ["*"]}], route: [{destination: {host: b.example}}]}, {match: [{sniHosts: ["*.example"]}], route: [{destination: {host: c.example}}]}, {match: [{sniHosts: [x.example, a.example]}], route: [{destination: {host: d.example}}]}]}`, "d.example:443"},
		{"the closest wildcard", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: ["*.example"]}], route: [{destination: {host: c.example}}]}, {match: [{}], route: [{destination: {host: b.example}}]}]}`, "c.example:443"},
		{"of names alike the first", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}, {match: [{sniHosts: [a.example]}], route: [{destination: {host: c.example}}]}]}`, "b.example:443"},
		{"a wildcard without a dot is no name of TLS", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: ["*example"]}], route: [{destination: {host: b.example}}]}]}`, "nowhere"},
		{"a match without names takes all", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{}], route: [{destination: {host: b.example}}]}]}`, "b.example:443"},
		{"a wildcard of another domain", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: ["*.test"]}], route: [{destination: {host: b.example}}]}]}`, "nowhere"},
		{"another port", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{port: 8443, sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
		{"this port", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{port: 443, sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "b.example:443"},
		{"another gateway", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{gateways: [egress], sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
		{"another namespace", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sourceNamespace: till, sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
		{"other labels", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sourceLabels: {app: web}, sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
		{"these labels", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sourceLabels: {app: till}, sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "b.example:443"},
		{"a VirtualService whose wildcard covers the host", `
			VirtualService shop/a: {hosts: ["*.example"], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "b.example:443"},
		{"here capitals count", `
			VirtualService shop/a: {hosts: [A.example], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
		{"the only port of a service goes before the listener's", `
			ServiceEntry egress/b: {hosts: [b.example], resolution: DNS, ports: [{number: 9443, name: tls, protocol: TLS}]}
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "b.example:9443"},
		{"of several ports none does", `
			ServiceEntry egress/b: {hosts: [b.example], resolution: DNS, ports: [{number: 9443, name: tls, protocol: TLS}, {number: 9444, name: more, protocol: TLS}]}
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "b.example:443"},
		{"weights", `
			VirtualService shop/a: {hosts: [a.example], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example, subset: v1}, weight: 1}, {destination: {host: c.example}}, {destination: {host: d.example, port: {number: 444}}, weight: 2}, {weight: 3}]}]}`, "b.example:443/v1 | d.example:444"},
		{"tcp routes take no TLS", `
			VirtualService shop/a: {hosts: [a.example], tcp: [{route: [{destination: {host: b.example}}]}]}`, "a.example:443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "destinations", destinationsOf(snapshot(t, entry, c.mesh), "sidecar shop app=till", "a.example", 443), c.want)
		})
	}
}

// Where tcp routes send bytes of which nothing is read.
func TestTCPRoutes(t *testing.T) {
	const entry = `ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 5432, name: tcp, protocol: TCP}]}`
	for _, c := range []struct{ name, mesh, want string }{
		{"no route", ``, "a.example:5432"},
		{"a route without a match", `
			VirtualService shop/a: {hosts: [a.example], tcp: [{route: [{destination: {host: b.example}}]}, {route: [{destination: {host: c.example}}]}]}`, "b.example:5432"},
		{"a route without destinations takes nothing", `
			VirtualService shop/a: {hosts: [a.example], tcp: [{}, {route: [{destination: {host: c.example}}]}]}`, "c.example:5432"},
		{"a route for some addresses", `
			VirtualService shop/a: {hosts: [a.example], tcp: [{match: [{destinationSubnets: [10.0.0.0/8]}], route: [{destination: {host: b.example}}]}, {route: [{destination: {host: c.example}}]}]}`, "b.example:5432 | c.example:5432"},
		{"what no route takes goes to the host's own cluster", `
			VirtualService shop/a: {hosts: [a.example], tcp: [{match: [{destinationSubnets: [10.0.0.0/8]}], route: [{destination: {host: b.example}}]}]}`, "b.example:5432 | a.example:5432"},
		{"one match without addresses suffices", `
			VirtualService shop/a: {hosts: [a.example], tcp: [{match: [{}, {destinationSubnets: [10.0.0.0/8]}], route: [{destination: {host: b.example}}]}]}`, "b.example:5432"},
		{"another port", `
			VirtualService shop/a: {hosts: [a.example], tcp: [{match: [{port: 80}], route: [{destination: {host: b.example}}]}]}`, "a.example:5432"},
		{"the oldest VirtualService", `
			VirtualService shop/a @1: {hosts: [a.example], tcp: [{match: [{port: 80}], route: [{destination: {host: b.example}}]}]}
			VirtualService shop/b @2: {hosts: ["*.example"], tcp: [{route: [{destination: {host: c.example}}]}]}
			VirtualService shop/c @3: {hosts: [a.example], tcp: [{route: [{destination: {host: d.example}}]}]}`, "c.example:5432"},
		{"http and tls routes take none of it", `
			VirtualService shop/a: {hosts: [a.example], http: [{route: [{destination: {host: b.example}}]}], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example:5432"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "destinations", destinationsOf(snapshot(t, entry, c.mesh), "sidecar shop", "a.example", 5432), c.want)
		})
	}
}

// Where a port's protocol is not declared, Istio looks what comes.
func TestRoutesOfSniffedPorts(t *testing.T) {
	const http = `http: [{route: [{destination: {host: h.example}}]}]`
	const tcp = `tcp: [{route: [{destination: {host: t.example}}]}]`
	const tls = `tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: s.example}}]}]`
	const sniffed = `
		ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 443, name: any}]}`
	const conflict = `
		ServiceEntry egress/a @1: {hosts: [a.example], resolution: DNS, ports: [{number: 443, name: http, protocol: HTTP}]}
		ServiceEntry egress/b @2: {hosts: [a.example], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}`
	for _, c := range []struct{ name, entries, routes, want string }{
		{"requests by http routes, all else to the host", sniffed, http, "h.example:443 | a.example:443"},
		{"bytes by tcp routes, requests to the host", sniffed, tcp, "t.example:443 | a.example:443"},
		{"both", sniffed, http + ", " + tcp, "h.example:443 | t.example:443"},
		{"no tls routes", sniffed, tls, "a.example:443"},
		{"but where two services disagree on the protocol", conflict, http + ", " + tcp + ", " + tls, "h.example:443 | t.example:443 | s.example:443"},
		{"which leaves TLS to the host without a route", conflict, http + ", " + tcp, "h.example:443 | t.example:443 | a.example:443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.entries, `VirtualService shop/a: {hosts: [a.example], `+c.routes+`}`)
			equal(t, "destinations", destinationsOf(s, "sidecar shop", "a.example", 443), c.want)
		})
	}
}

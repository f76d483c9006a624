package mesh

import "testing"

// Which VirtualService's HTTP routes count for a host.
func TestHTTPVirtualHosts(t *testing.T) {
	const entry = `ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	const wildcard = `ServiceEntry egress/w: {hosts: ["*.example"], resolution: DYNAMIC_DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 8080, name: more, protocol: HTTP}]}`
	for _, c := range []struct {
		name, mesh, host string
		port             uint32
		want             string
	}{
		{"the oldest that has a route for the request", entry + `
			VirtualService shop/x @1: {hosts: [a.example], http: [{match: [{port: 8080}], route: [{destination: {host: x.example}}]}]}
			VirtualService shop/y @2: {hosts: [a.example], http: [{route: [{destination: {host: y.example}}]}]}
			VirtualService shop/z @3: {hosts: [a.example], http: [{route: [{destination: {host: z.example}}]}]}`, "a.example", 80, "y.example:80"},
		{"one that names the host keeps wildcards away", entry + `
			VirtualService shop/x @1: {hosts: ["*.example"], http: [{route: [{destination: {host: x.example}}]}]}
			VirtualService shop/y @2: {hosts: [a.example], http: [{route: [{destination: {host: y.example}}]}]}`, "a.example", 80, "y.example:80"},
		{"even if it has no route", entry + `
			VirtualService shop/x @1: {hosts: ["*.example"], http: [{route: [{destination: {host: x.example}}]}]}
			VirtualService shop/y @2: {hosts: [a.example],
				http: [{match: [{port: 8080}], route: [{destination: {host: y.example}}]}]}`, "a.example", 80, "a.example:80"},
		{"the longest wildcard", entry + `
			VirtualService shop/x @1: {hosts: ["*"], http: [{route: [{destination: {host: x.example}}]}]}
			VirtualService shop/y @2: {hosts: ["*.example"], http: [{route: [{destination: {host: y.example}}]}]}`, "a.example", 80, "y.example:80"},
		{"of wildcards alike the oldest", entry + `
			VirtualService shop/x @1: {hosts: ["*.example"], http: [{route: [{destination: {host: x.example}}]}]}
			VirtualService shop/y @2: {hosts: ["*.example"], http: [{route: [{destination: {host: y.example}}]}]}`, "a.example", 80, "x.example:80"},
		{"a name in other letters", entry + `
			VirtualService shop/x: {hosts: [A.Example], http: [{route: [{destination: {host: x.example}}]}]}`, "a.example", 80, "x.example:80"},
		{"a host in capitals is found by its name", `
			ServiceEntry egress/a: {hosts: [A.Example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/x: {hosts: [a.example], http: [{route: [{destination: {host: x.example}}]}]}`, "A.Example", 80, "x.example:80"},
		{"a host in capitals is not found by a wildcard", `
			ServiceEntry egress/a: {hosts: [A.Example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/x: {hosts: ["*.example"], http: [{route: [{destination: {host: x.example}}]}]}`, "A.Example", 80, "a.example:80"},
		{"unless another service has its name in lower case", entry + `
			ServiceEntry egress/b: {hosts: [A.Example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/x: {hosts: ["*.example"], http: [{route: [{destination: {host: x.example}}]}]}`, "A.Example", 80, "x.example:80"},
		{"of two VirtualServices, whose wildcards and names stand in one list", entry + `
			VirtualService shop/x @1: {hosts: ["*.other.example", "*.example"], http: [{route: [{destination: {host: x.example}}]}]}
			VirtualService shop/y @2: {hosts: [b.example, "*a.example"],
				http: [{route: [{destination: {host: y.example}}]}]}`, "a.example", 80, "y.example:80"},
		{"a wildcard host by a VirtualService for it", wildcard + `
			VirtualService shop/x: {hosts: ["*.example"], http: [{route: [{destination: {host: x.example}}]}]}`, "*.example", 80, "x.example:80"},
		{"by the first of several", wildcard + `
			VirtualService shop/x @1: {hosts: ["*.example"], http: [{match: [{port: 8080}], route: [{destination: {host: x.example}}]}]}
			VirtualService shop/y @2: {hosts: ["*.example"], http: [{route: [{destination: {host: y.example}}]}]}`, "*.example", 80, "*.example:80"},
		{"a wildcard host by one for a wider wildcard", wildcard + `
			VirtualService shop/x: {hosts: ["*"], http: [{route: [{destination: {host: x.example}}]}]}`, "*.example", 80, "x.example:80"},
		{"a wildcard host not by one for a narrower name", wildcard + `
			VirtualService shop/x: {hosts: [a.example], http: [{route: [{destination: {host: x.example}}]}]}`, "*.example", 80, "*.example:80"},
		{"a name that only the wildcard covers, on port 80", wildcard + `
			VirtualService shop/x @1: {hosts: ["*.example"], http: [{route: [{destination: {host: x.example}}]}]}
			VirtualService shop/y @2: {hosts: [a.example], http: [{route: [{destination: {host: y.example}}]}]}`, "a.example", 80, "y.example:80"},
		{"by the first that has a route", wildcard + `
			VirtualService shop/x @1: {hosts: [a.example], http: [{match: [{sourceNamespace: till}], route: [{destination: {host: x.example}}]}]}
			VirtualService shop/y @2: {hosts: [a.example], http: [{route: [{destination: {host: y.example}}]}]}`, "a.example", 80, "y.example:80"},
		{"by the wildcard's where none names it", wildcard + `
			VirtualService shop/x @1: {hosts: ["*.example"], http: [{route: [{destination: {host: x.example}}]}]}
			VirtualService shop/y @2: {hosts: [b.example], http: [{route: [{destination: {host: y.example}}]}]}`, "a.example", 80, "x.example:80"},
		{"on another port by the wildcard's alone", wildcard + `
			VirtualService shop/x @1: {hosts: ["*.example"], http: [{route: [{destination: {host: x.example}}]}]}
			VirtualService shop/y @2: {hosts: [a.example],
				http: [{route: [{destination: {host: y.example}}]}]}`, "a.example", 8080, "x.example:8080"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "destinations", destinationsOf(snapshot(t, c.mesh), "sidecar shop", c.host, c.port), c.want)
		})
	}
	s := snapshot(t, `
		ServiceEntry egress/a: {hosts: [A.Example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		VirtualService shop/x: {hosts: ["*.example"], http: [{route: [{destination: {host: x.example}}]}]}`)
	equal(t, "a waypoint finds a host in capitals by a wildcard", destinationsOf(s, "waypoint shop", "A.Example", 80), "x.example:80")
}

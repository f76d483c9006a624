package mesh

import "testing"

// Where a sidecar of namespace shop sends what is meant for a name: the host itself, or the closest wildcard over it.
func TestSidecarDestinations(t *testing.T) {
	const a = `ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 53, name: dns, protocol: UDP}]}`
	const wildcards = `
		ServiceEntry egress/w: {hosts: ["*.example"], resolution: DYNAMIC_DNS,
			ports: [{number: 80, name: http, protocol: HTTP}, {number: 53, name: dns, protocol: UDP}]}`
	for _, c := range []struct {
		name, mesh, host string
		port             uint32
		want             string
	}{
		{"the host itself", a + wildcards, "a.example", 80, "a.example:80"},
		{"a name below a wildcard", a + wildcards, "b.example", 80, "*.example:80"},
		{"the closest wildcard", wildcards + `
			ServiceEntry egress/all: {hosts: ["*"], resolution: DYNAMIC_DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			ServiceEntry egress/x: {hosts: ["*.x.example"], resolution: DYNAMIC_DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}`, "a.x.example", 80, "*.x.example:80"},
		{"the closest that has the port", wildcards + `
			ServiceEntry egress/x: {hosts: ["*.x.example"], resolution: DYNAMIC_DNS,
				ports: [{number: 8080, name: http, protocol: HTTP}]}`, "a.x.example", 80, "*.example:80"},
		{"the closest that the Sidecar imports", wildcards + `
			ServiceEntry till/x: {hosts: ["*.x.example"], resolution: DYNAMIC_DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			Sidecar shop/default: {egress: [{hosts: [egress/*]}]}`, "a.x.example", 80, "*.example:80"},
		{"one that is known only because a route leads there is none", wildcards + `
			ServiceEntry till/x: {hosts: ["*.x.example"], exportTo: [till], resolution: DYNAMIC_DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/v: {hosts: [v.example], http: [{route: [{destination: {host: "*.x.example"}}]}]}`, "a.x.example", 80, "*.example:80"},
		{"one that the Sidecar leaves out, and a route leads to", wildcards + `
			ServiceEntry till/x: {hosts: ["*.x.example"], resolution: DYNAMIC_DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/v: {hosts: [v.example], http: [{route: [{destination: {host: "*.x.example"}}]}]}
			Sidecar shop/default: {egress: [{hosts: [egress/*, ./v.example]}]}`, "a.x.example", 80, "*.example:80"},
		{"the closest that the Sidecar listens for on this port", wildcards + `
			ServiceEntry till/x: {hosts: ["*.x.example"], resolution: DYNAMIC_DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			Sidecar shop/default: {egress: [{port: {number: 15000, protocol: HTTP_PROXY}, hosts: [till/*]},
				{hosts: [egress/*]}]}`, "a.x.example", 80, "*.example:80"},
		{"the closest that does not declare UDP for it", wildcards + `
			ServiceEntry egress/x: {hosts: ["*.x.example"], resolution: DYNAMIC_DNS,
				ports: [{number: 80, name: dns, protocol: UDP}]}`, "a.x.example", 80, "*.example:80"},
		{"an unknown name", a, "b.example", 80, "not listened for"},
		{"an unknown port", a, "a.example", 8080, "not listened for"},
		{"UDP", a, "a.example", 53, "not listened for"},
		{"UDP of a wildcard", wildcards, "a.example", 53, "not listened for"},
		{"an ExternalName", `Service shop/b: {externalName: b.example, ports: [{port: 80, name: http}]}`, "b.shop.svc.cluster.local", 80, "not listened for"},
		{"a host that the Sidecar leaves out falls to the wildcard", `
			ServiceEntry till/b: {hosts: [b.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			Sidecar shop/default: {egress: [{hosts: [egress/*]}]}` + wildcards, "b.example", 80, "*.example:80"},
		{"so does one that is known only because a route leads there", `
			ServiceEntry till/b: {hosts: [b.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/v: {hosts: [v.example], http: [{route: [{destination: {host: b.example}}]}]}
			Sidecar shop/default: {egress: [{hosts: [egress/*, ./v.example]}]}` + wildcards, "b.example", 80, "*.example:80"},
		{"a port that the Sidecar does not listen on", a + `
			Sidecar shop/default: {egress: [{port: {number: 8080, protocol: HTTP}, hosts: ["*/*"]}]}`, "a.example", 80, "not listened for"},
		{"nor for what a route alone makes known", a + `
			VirtualService shop/v: {hosts: [v.example], http: [{route: [{destination: {host: a.example}}]}]}
			Sidecar shop/default: {egress: [{hosts: [./*]}]}`, "a.example", 80, "not listened for"},
		{"requests for a host in capitals go to its name in lower case", `
			ServiceEntry egress/b: {hosts: [B.Example], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}`, "B.Example", 80, "b.example:80"},
		{"other bytes to its name as it is written", `
			ServiceEntry egress/b: {hosts: [B.Example], resolution: DNS,
				ports: [{number: 80, name: tcp, protocol: TCP}]}`, "B.Example", 80, "B.Example:80"},
		{"a forward proxy's listener takes what no route leads away, too", a + `
			VirtualService shop/v: {hosts: [a.example], http: [{route: [{destination: {host: v.example}}]}]}
			Sidecar shop/default: {egress: [{port: {number: 80, protocol: HTTP_PROXY},
				hosts: ["*/*"]}]}`, "a.example", 80, "v.example:80 | a.example:80"},
		{"a listener's own protocol says which routes count", a + `
			VirtualService shop/v: {hosts: [a.example], http: [{route: [{destination: {host: h.example}}]}],
				tcp: [{route: [{destination: {host: t.example}}]}]}
			Sidecar shop/default: {egress: [{port: {number: 80, protocol: TCP}, hosts: ["*/*"]}]}`, "a.example", 80, "t.example:80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "destinations", destinationsOf(snapshot(t, c.mesh), "sidecar shop", c.host, c.port), c.want)
		})
	}
	equal(t, "a gateway writes a host as it stands",
		destinationsOf(snapshot(t, `ServiceEntry egress/b: {hosts: [B.Example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`), "gateway egress", "B.Example", 80),
		"B.Example:80")
}

// A destination without a port, and one by another name.
func TestCompletedDestinations(t *testing.T) {
	const entries = `
		ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP},
			{number: 5432, name: tcp, protocol: TCP}]}
		ServiceEntry egress/b: {hosts: [b.example], resolution: DNS, ports: [{number: 8080, name: http, protocol: HTTP}]}
		Service shop/b: {externalName: b.example, ports: [{port: 80, name: http}]}
		Service till/b: {metadata: {annotations: {networking.istio.io/exportTo: till}}, externalName: b.example, ports: [{port: 80, name: http}]}`
	for _, c := range []struct {
		name, client, routes string
		port                 uint32
		want                 string
	}{
		{"a sidecar's requests stay on the listener's port", "sidecar shop", `http: [{route: [{destination: {host: b.example}}]}]`, 80, "b.example:80"},
		{"a waypoint's go to the service's only port", "waypoint shop", `http: [{route: [{destination: {host: b.example}}]}]`, 80, "b.example:8080"},
		{"other bytes go to the service's only port", "sidecar shop", `tcp: [{route: [{destination: {host: b.example}}]}]`, 5432, "b.example:8080"},
		{"or to the listener's where the service is unknown", "sidecar shop", `tcp: [{route: [{destination: {host: c.example}}]}]`, 5432, "c.example:5432"},
		{"a port that is written down stands", "sidecar shop", `tcp: [{route: [{destination: {host: b.example, port: {number: 1}}}]}]`, 5432, "b.example:1"},
		{"requests to another name of a host", "sidecar shop", `http: [{route: [{destination: {host: b}}]}]`, 80, "b.example:80"},
		{"other bytes to it", "sidecar shop", `tcp: [{route: [{destination: {host: b}}]}]`, 5432, "b.example:80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, entries, `VirtualService shop/a: {hosts: [a.example], `+c.routes+`}`)
			equal(t, "destinations", destinationsOf(s, c.client, "a.example", c.port), c.want)
		})
	}
	s := snapshot(t, entries, `
		VirtualService shop/a: {hosts: [a.example], http: [{route: [{destination: {host: b.shop.svc.cluster.local}}]}],
			tcp: [{route: [{destination: {host: b.shop.svc.cluster.local, port: {number: 80}}}]}]}
		Sidecar shop/default: {egress: [{port: {number: 80, protocol: HTTP}, hosts: [egress/a.example, shop/a.example]},
			{port: {number: 5432, protocol: TCP}, hosts: [egress/a.example, shop/a.example]}]}`)
	equal(t, "requests to a name that the listener does not import", destinationsOf(s, "sidecar shop", "a.example", 80), "b.shop.svc.cluster.local:80")
	equal(t, "other bytes to it", destinationsOf(s, "sidecar shop", "a.example", 5432), "b.example:80")
	s = snapshot(t, entries, `
		ServiceEntry egress/c: {hosts: [c.example], resolution: DNS, ports: [{number: 81, name: http, protocol: HTTP}]}
		VirtualService shop/c: {hosts: [c.example], http: [{route: [{destination: {host: b.shop.svc.cluster.local}}]}]}`)
	equal(t, "requests to a name that has not the listener's port", destinationsOf(s, "sidecar shop", "c.example", 81), "b.shop.svc.cluster.local:81")
}

// Where a sidecar does not listen for a port, none of its routes takes anything: only a route for another host leads there.
func TestRoutesOfPortsWithoutListener(t *testing.T) {
	s := snapshot(t, `
		ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		VirtualService shop/a: {hosts: [a.example], http: [{route: [{destination: {host: b.example}}]}]}
		VirtualService shop/b: {hosts: [b.example], http: [{route: [{destination: {host: a.example}}]}]}
		Sidecar shop/default: {egress: [{hosts: [./*]}]}`)
	client := parseClient("sidecar shop")
	svc, known := s.serviceFor(client, "a.example")
	if !known || s.listens(client, svc, 80) {
		t.Fatal("the host is not known, or is listened for")
	}
	list, direct := s.routeDestinations(client, svc, "a.example", svc.ports[0])
	if len(list) > 0 || !direct {
		t.Errorf("destinations %v, direct %t; want none, and the cluster of the host", list, direct)
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

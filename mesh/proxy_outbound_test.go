package mesh

import (
	"net/netip"
	"strings"
	"testing"
)

// Where the sidecars of namespace shop send what comes to an address and port: "request HOST", "tls NAME" or "bytes".
func TestOutbound(t *testing.T) {
	const (
		http    = `ServiceEntry egress/a @1: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
		tcp     = `ServiceEntry egress/b @2: {hosts: [b.example], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}`
		mongo   = `ServiceEntry egress/b @2: {hosts: [b.example], resolution: DNS, ports: [{number: 80, name: db, protocol: MONGO}]}`
		older   = `ServiceEntry egress/b @0: {hosts: [b.example], resolution: DNS, ports: [{number: 80, name: db, protocol: MONGO}]}`
		at      = `ServiceEntry egress/b @2: {hosts: [b.example], addresses: [198.51.100.1], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}`
		wide    = `ServiceEntry egress/b @2: {hosts: [b.example], addresses: [198.51.100.0/24], resolution: NONE, ports: [{number: 80, name: tcp, protocol: TCP}]}`
		all     = `ServiceEntry egress/b @2: {hosts: [b.example], addresses: [0.0.0.0/1], resolution: NONE, ports: [{number: 80, name: tcp, protocol: TCP}]}`
		half    = `ServiceEntry egress/b @2: {hosts: [b.example], addresses: [128.0.0.0/1, 0.0.0.5/2], resolution: NONE, ports: [{number: 80, name: tcp, protocol: TCP}]}`
		whole   = `ServiceEntry egress/b @2: {hosts: [b.example], addresses: [1.2.3.4/0], resolution: NONE, ports: [{number: 80, name: tcp, protocol: TCP}]}`
		v6      = `ServiceEntry egress/b @2: {hosts: [b.example], addresses: ["::/0"], resolution: NONE, ports: [{number: 80, name: tcp, protocol: TCP}]}`
		tls     = `ServiceEntry egress/c @3: {hosts: [c.example], resolution: DNS, ports: [{number: 80, name: tls, protocol: TLS}]}`
		sniffed = `ServiceEntry egress/d @4: {hosts: [d.example], addresses: [198.51.100.4], resolution: DNS, ports: [{number: 80, name: any}]}`
		any     = `ServiceEntry egress/d @4: {hosts: [d.example], resolution: DNS, ports: [{number: 80, name: any}]}`
		servers = `ServiceEntry egress/b @2: {hosts: [b.example], resolution: NONE, endpoints: [{address: 198.51.100.2}], ports: [{number: 80, name: tcp, protocol: TCP}]}`
		proxy   = `ServiceEntry egress/p @0: {hosts: [p.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP_PROXY}]}`
		none    = "203.0.113.255"
	)
	for _, c := range []struct{ name, mesh, address, sent, want string }{
		{"a port that nobody has", ``, none, "request a.example", "on"},
		{"a request", http, none, "request a.example", "a.example:80"},
		{"a request for another name", http, none, "request x.example", "on"},
		{"bytes to a port for requests", http, none, "bytes", "on"},
		{"bytes beside requests", http + "\n" + tcp, none, "bytes", "b.example:80"},
		{"requests beside bytes", http + "\n" + tcp, none, "request a.example", "a.example:80"},
		{"requests for the host of bytes", http + "\n" + tcp, none, "request b.example", "on"},
		{"requests to a port for bytes alone", tcp, none, "request b.example", "b.example:80"},
		{"MONGO comes too late", http + "\n" + mongo, none, "bytes", "on"},
		{"MONGO was first", http + "\n" + older, none, "request a.example", "b.example:80"},
		{"HTTP_PROXY closes what is no request", proxy + "\n" + tcp, none, "bytes", "nowhere"},
		{"and takes the place of bytes", tcp + "\n" + strings.Replace(proxy, "@0", "@5", 1), none, "bytes", "nowhere"},
		{"a port without a protocol takes its place", proxy + "\n" + any, none, "bytes", "d.example:80"},
		{"the very address", http + "\n" + at, "198.51.100.1", "request a.example", "b.example:80"},
		{"not another address", http + "\n" + at, none, "bytes", "on"},
		{"a range", http + "\n" + wide, "198.51.100.9", "request a.example", "b.example:80"},
		{"out of the range", http + "\n" + wide, none, "request a.example", "a.example:80"},
		{"a range that starts with 0.0.0.0 is no condition", http + "\n" + all, "198.51.100.9", "request a.example", "a.example:80"},
		{"and takes no bytes where requests are looked for", http + "\n" + all, "198.51.100.9", "bytes", "on"},
		{"one that is written otherwise is one", http + "\n" + half, "10.0.0.9", "request a.example", "b.example:80"},
		{"beyond it", http + "\n" + half, "100.0.0.9", "request a.example", "a.example:80"},
		{"a range of all addresses takes all or nothing", http + "\n" + whole, none, "request a.example", UnsureAll},
		{"those of IPv6", http + "\n" + v6, none, "request a.example", "a.example:80"},
		{"a route for the addresses of its host, as these are written", http + "\n" + half + `
			VirtualService egress/b: {hosts: [b.example], tcp: [{match: [{destinationSubnets: [0.0.0.5/2]}], route: [{destination: {host: a.example}}]}]}`,
			"10.0.0.9", "bytes", "a.example:80"},
		{"TLS of its name", http + "\n" + tls, none, "tls c.example", "c.example:80"},
		{"TLS of another name", http + "\n" + tls, none, "tls x.example", "on"},
		{"TLS of an ExternalName for it", http + "\n" + tls + "\nService shop/c: {externalName: c.example, ports: [{port: 80, name: http}]}", none,
			"tls c.shop.svc.cluster.local", "c.example:80"},
		{"TLS of one that writes it otherwise", http + "\n" + tls + "\nService shop/c: {externalName: C.example., ports: [{port: 80, name: http}]}", none,
			"tls c.shop.svc.cluster.local", "on"},
		{"TLS of another name beside bytes", tcp + "\n" + tls, none, "tls x.example", "b.example:80"},
		{"requests for any name at the address of a port without a protocol", http + "\n" + sniffed, "198.51.100.4", "request a.example", "d.example:80"},
		{"a port without a protocol takes the bytes of all", http + "\n" + any, none, "bytes", "on"},
		{"of other bytes the first has them", tcp + "\n" + any, none, "bytes", "b.example:80"},
		{"an endpoint where no address is declared", servers, "198.51.100.2", "bytes", "b.example:80"},
		{"and nowhere else", servers, none, "bytes", "on"},
		{"a Sidecar's listener that imports nothing keeps nothing from the one for all", tcp + `
			Sidecar shop/default: {egress: [{port: {number: 80, protocol: TCP, name: tcp}, hosts: [./*]}, {hosts: ["*/*"]}]}`, none, "bytes", "b.example:80"},
		{"but the requests", http + `
			Sidecar shop/default: {egress: [{port: {number: 80, protocol: HTTP, name: http}, hosts: [./*]}, {hosts: ["*/*"]}]}`, none, "request a.example", "on"},
		{"one that imports something does", http + "\n" + tcp + `
			Sidecar shop/default: {egress: [{port: {number: 80, protocol: HTTP, name: http}, hosts: ["*/a.example"]}, {hosts: ["*/*"]}]}`, none, "bytes", "on"},
		{"REGISTRY_ONLY", http + `
			Sidecar shop/default: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}, egress: [{hosts: ["*/*"]}]}`, none, "request x.example", "nowhere"},
		{"a route", http + `
			VirtualService shop/a: {hosts: [a.example], http: [{route: [{destination: {host: e.example}}]}]}`, none, "request a.example", "e.example:80"},
		{"a route of a name that is no service", http + `
			VirtualService shop/x: {hosts: [x.example], http: [{route: [{destination: {host: a.example}}]}]}`, none, "request x.example", "a.example:80"},
		{"a route for a wildcard is for services alone, where it matches one", http + `
			VirtualService shop/x: {hosts: ["*.example"], http: [{route: [{destination: {host: a.example}}]}]}`, none, "request x.example", "on"},
		{"a copy of requests", http + "\n" + tcp + `
			VirtualService shop/a: {hosts: [a.example], http: [{route: [{destination: {host: a.example}}], mirror: {host: b.example}}]}`, none, "request a.example", "a.example:80 | b.example:80"},
		{"no copy where the request has no cluster", http + "\n" + tcp + `
			VirtualService shop/a: {hosts: [a.example], http: [{route: [{destination: {host: e.example}}], mirror: {host: b.example}}]}`, none, "request a.example", "e.example:80"},
		{"a copy where some have one", http + "\n" + tcp + `
			VirtualService shop/a: {hosts: [a.example], http: [{
				route: [{destination: {host: e.example}, weight: 50}, {destination: {host: a.example}, weight: 50}],
				mirrors: [{destination: {host: b.example}}]}]}`, none, "request a.example", "e.example:80 | a.example:80 | b.example:80"},
		{"a copy by another route", http + "\n" + tcp + `
			VirtualService shop/a: {hosts: [a.example], http: [
				{match: [{uri: {prefix: /x}}], route: [{destination: {host: e.example}}], mirror: {host: b.example}},
				{route: [{destination: {host: a.example}}], mirror: {host: b.example}}]}`, none, "request a.example", "e.example:80 | a.example:80 | b.example:80"},
		{"TLS of a name with capitals", `
			ServiceEntry egress/c: {hosts: [C.example], resolution: DNS, ports: [{number: 80, name: tls, protocol: TLS}]}`, none, "tls c.example", "C.example:80"},
		{"a route for a range", http + "\n" + tcp + `
			VirtualService shop/b: {hosts: [b.example], tcp: [{match: [{destinationSubnets: [198.51.100.0/24]}], route: [{destination: {host: e.example}}]}]}`,
			"198.51.100.9", "request a.example", "e.example:80"},
		{"a wildcard", `
			ServiceEntry egress/w: {hosts: ["*.example"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}`, none, "request x.example", "*.example:80"},
		{"one of several addresses", `
			ServiceEntry egress/b: {hosts: [b.example], addresses: [198.51.100.1, 198.51.100.2], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}
			Sidecar shop/default: {egress: [{hosts: [egress/b.example]}]}`, none, "bytes", "one of several addresses, by a Sidecar with exact hosts"},
		{"an HTTP proxy for services of other ports", `
			ServiceEntry egress/b: {hosts: ["*.example"], resolution: NONE, ports: []}
			Sidecar shop/default: {egress: [{port: {number: 80, name: p, protocol: HTTP_PROXY}, hosts: [egress/*]}]}`, none, "tls b.example", UnsureHTTPProxy},
	} {
		t.Run(c.name, func(t *testing.T) {
			sent := outbound(netip.AddrPortFrom(netip.MustParseAddr(c.address), 80), c.sent)
			equal(t, "outcome", outcomeLine(snapshot(t, c.mesh).Outbound(parseClient("sidecar shop"), sent)), c.want)
		})
	}
}

// Where a sidecar that resolves names sends what comes to the addresses that Istio has allocated.
func TestOutboundWhereDNSIsCaptured(t *testing.T) {
	const mesh = `
		ServiceEntry egress/a @1: {hosts: [a.example], resolution: DNS, ports: [{number: 3306, name: tcp, protocol: TCP}], status: {addresses: [{host: a.example, value: 240.240.0.1}]}}
		ServiceEntry egress/b @2: {hosts: [b.example], resolution: DNS, ports: [{number: 3306, name: tcp, protocol: TCP}],
			status: {addresses: [{host: b.example, value: "2001:2::2"}, {host: b.example, value: 240.240.0.2}]}}`
	for _, c := range []struct {
		address  string
		captured bool
		want     string
	}{
		{"240.240.0.1", true, "a.example:3306"},
		{"240.240.0.2", true, "b.example:3306"},
		{"2001:2::2", true, "b.example:3306"},
		{"203.0.113.255", true, "on"},
		{"240.240.0.2", false, "a.example:3306"},
	} {
		sent := Outbound{To: netip.AddrPortFrom(netip.MustParseAddr(c.address), 3306), DNSCapture: c.captured}
		equal(t, c.address, outcomeLine(snapshot(t, mesh).Outbound(parseClient("sidecar shop"), sent)), c.want)
	}
}

// Where the waypoint of namespace apps sends what comes out of its tunnel.
func TestOutboundOfWaypoints(t *testing.T) {
	const a = `
			KubernetesGateway apps/w: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008}]}
			ServiceEntry apps/a @1: {metadata: {labels: {istio.io/use-waypoint: w}}, hosts: [a.example], addresses: [240.0.0.1], resolution: DNS, ports: [
				{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}, {number: 3306, name: tcp, protocol: TCP}, {number: 9000, name: any}]}`
	const route = a + `
			VirtualService apps/a: {hosts: [a.example], http: [{match: [{headers: {x: {exact: other}}}], route: [{destination: {host: b.example, port: {number: 80}}}]}],
				tcp: [{match: [{port: 3306}], route: [{destination: {host: d.example}}]}]}`
	for _, c := range []struct{ name, mesh, address, sent, want string }{
		{"a request", a, "240.0.0.1:80", "request x.example", "a.example:80"},
		{"bytes to a port for requests", a, "240.0.0.1:80", "bytes", "nowhere"},
		{"TLS", a, "240.0.0.1:443", "tls x.example", "a.example:443"},
		{"bytes", a, "240.0.0.1:3306", "bytes", "a.example:3306"},
		{"a request to a port for bytes", route, "240.0.0.1:3306", "request a.example", "d.example:3306"},
		{"bytes to a port without a protocol", route, "240.0.0.1:9000", "bytes", "a.example:9000"},
		{"a request to it", route, "240.0.0.1:9000", "request a.example", "b.example:80"},
		{"a port that nobody has", a, "240.0.0.1:81", "bytes", "nowhere"},
		{"an address that nobody has", a, "240.0.0.2:80", "request a.example", "nowhere"},
		{"a route", route, "240.0.0.1:80", "request a.example", "b.example:80"},
		{"routes for some requests of two VirtualServices", strings.Replace(route, "@1", "@0", 1) + `
			VirtualService apps/b: {hosts: ["*.example"], http: [{route: [{destination: {host: c.example}}]}]}`, "240.0.0.1:80", "request a.example",
			"b.example:80 | c.example:80"},
		{"a route for pods with labels", a + `
			VirtualService apps/a: {hosts: [a.example], http: [{match: [{sourceLabels: {app: web}}], route: [{destination: {host: b.example}}]}]}`,
			"240.0.0.1:80", "request a.example", "a.example:80"},
		{"a route for the waypoint's namespace", a + `
			VirtualService apps/a: {hosts: [a.example], http: [{match: [{sourceNamespace: apps}], route: [{destination: {host: b.example}}]}]}`,
			"240.0.0.1:80", "request a.example", "b.example:80"},
		{"a tls route by the host's name", a + `
			VirtualService apps/a: {hosts: [a.example], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`,
			"240.0.0.1:443", "tls x.example", "b.example:443"},
		{"a tls route by another", a + `
			VirtualService apps/a: {hosts: [a.example], tls: [{match: [{sniHosts: ["*.example"]}], route: [{destination: {host: b.example}}]}]}`,
			"240.0.0.1:443", "tls a.example", "a.example:443"},
		{"a tcp route for some clients", a + `
			VirtualService apps/a: {hosts: [a.example], tcp: [{match: [{sourceNamespace: apps}], route: [{destination: {host: b.example}}]}]}`,
			"240.0.0.1:3306", "bytes", "a.example:3306"},
		{"a route of a third namespace", a + `
			VirtualService shop/a: {hosts: [a.example], http: [{route: [{destination: {host: b.example}}]}]}`, "240.0.0.1:80", "request a.example", "a.example:80"},
		{"an allocated address", a + `
			ServiceEntry apps/c @2: {metadata: {labels: {istio.io/use-waypoint: w}}, hosts: [c.example], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}], status: {addresses: [{host: c.example, value: 240.240.0.1}]}}`,
			"240.240.0.1:80", "request c.example", "c.example:80"},
		{"one of several addresses", strings.Replace(a, "[240.0.0.1]", "[240.0.0.1, 240.0.0.2]", 1), "240.0.0.2:80", "request a.example", UnsureWaypointAddress},
		{"a host that is exported to nobody", strings.Replace(a, "resolution: DNS", "exportTo: ['~'], resolution: DNS", 1), "240.0.0.1:80", "request a.example", "a.example:80"},
		{"the narrowest range", a + `
			ServiceEntry apps/c @0: {metadata: {labels: {istio.io/use-waypoint: w}}, hosts: [c.example], addresses: [240.0.0.0/24], resolution: NONE,
				ports: [{number: 80, name: http, protocol: HTTP}]}`, "240.0.0.1:80", "request a.example", "a.example:80"},
		{"a host for which another waypoint stands, or none", a + `
			ServiceEntry apps/c @0: {hosts: [c.example], addresses: [240.0.0.1], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`,
			"240.0.0.1:80", "request a.example", "a.example:80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sent := outbound(netip.MustParseAddrPort(c.address), c.sent)
			equal(t, "outcome", outcomeLine(snapshot(t, c.mesh).Outbound(parseClient("waypoint apps"), sent)), c.want)
		})
	}
}

// outbound reads what is sent: "request HOST", "tls NAME" or "bytes".
func outbound(to netip.AddrPort, sent string) Outbound {
	o := Outbound{To: to}
	switch kind, name, _ := strings.Cut(sent, " "); kind {
	case "request":
		o.Request = name
	case "tls":
		o.TLS, o.ServerName = true, name
	}
	return o
}

// outcomeLine returns an outcome on one line: destinations, "on" where it passes on, or why it is not told.
func outcomeLine(o Outcome) string {
	switch {
	case o.Unsure != "":
		return o.Unsure
	case o.PassesOn && len(o.Destinations) == 0:
		return "on"
	case o.PassesOn:
		return destinationsLine(o.Destinations) + " | on"
	}
	return destinationsLine(o.Destinations)
}

// Which of what comes to a port the proxy reads as a request.
func TestOutboundReadsRequests(t *testing.T) {
	const mesh = `
		ServiceEntry egress/a @1: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		ServiceEntry egress/b @2: {hosts: [b.example], addresses: [198.51.100.1], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}`
	for address, want := range map[string]bool{"203.0.113.255": true, "198.51.100.1": false} {
		sent := Outbound{To: netip.AddrPortFrom(netip.MustParseAddr(address), 80), Request: "a.example"}
		equal(t, "read at "+address, snapshot(t, mesh).Outbound(parseClient("sidecar shop"), sent).ReadsRequest, want)
	}
}

package mesh

import "testing"

const egressGatewayPods = "gateway istio-system istio=egressgateway"

// Where the pods of a gateway send requests: what comes in plaintext, or in TLS that ends at the gateway.
func TestGatewayHTTPRoutes(t *testing.T) {
	const plain = `Gateway egress/gw @1: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`
	const https = `Gateway egress/gw @1: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example], tls: {mode: ISTIO_MUTUAL}}]}`
	for _, c := range []struct {
		name, mesh           string
		port                 uint32
		sni, authority, want string
	}{
		{"by the Host header", plain + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "b.example:80"},
		{"in any letters", plain + `
			VirtualService egress/a: {hosts: [a.Example], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "A.example", "b.example:80"},
		{"another name", plain + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "c.example", "nowhere"},
		{"a VirtualService of another gateway", plain + `
			VirtualService egress/a: {hosts: [a.example], gateways: [other], http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "nowhere"},
		{"a VirtualService that the gateway's namespace does not see", plain + `
			VirtualService egress/a: {hosts: [a.example], exportTo: [.], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "nowhere"},
		{"a server in plaintext does not look at the SNI", plain + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}`, 80, "a.example", "a.example", "b.example:80"},
		{"a server that redirects to HTTPS", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"], tls: {httpsRedirect: true}}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "nowhere"},
		{"one that redirects for another host", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example]}, {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.Example"], tls: {httpsRedirect: true}}]}
			VirtualService egress/a: {hosts: ["*.example"], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "b.example:80"},
		{"one that redirects for this host, too", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example], tls: {httpsRedirect: true}}, {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example"]}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "nowhere"},
		{"one that redirects a name for which it has no routes", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example"]}]}
			Gateway egress/other: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.Example], tls: {httpsRedirect: true}}]}
			VirtualService egress/a: {hosts: ["*.example"], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "nowhere"},
		{"one that redirects passes no TLS on", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example], tls: {httpsRedirect: true}}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, 80, "a.example", "a.example", "nowhere"},

		{"the closest host", plain + `
			VirtualService egress/a @1: {hosts: ["*.example"], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: c.example}}]}]}
			VirtualService egress/c @3: {hosts: ["*"], gateways: [gw], http: [{route: [{destination: {host: d.example}}]}]}`, 80, "", "a.example", "c.example:80"},
		{"the closest wildcard", plain + `
			VirtualService egress/a @1: {hosts: ["*.b.example", x.example], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: ["*.example"], gateways: [gw], http: [{route: [{destination: {host: c.example}}]}]}
			VirtualService egress/c @3: {hosts: ["*.a.b.example"], gateways: [gw], http: [{route: [{destination: {host: d.example}}]}]}`, 80, "", "c.b.example", "b.example:80"},
		{"a host that is shorter than the wildcard over it", plain + `
			VirtualService egress/a @1: {hosts: ["*a.example"], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: c.example}}]}]}`, 80, "", "a.example", "c.example:80"},
		{"routes of all VirtualServices for a host add up, to the first that takes all", plain + `
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw], http: [{match: [{uri: {prefix: /x}}], route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: c.example}}]}]}
			VirtualService egress/c @3: {hosts: [a.example], gateways: [gw], http: [{match: [{uri: {prefix: /y}}], route: [{destination: {host: d.example}}]}, {route: [{destination: {host: e.example}}]}]}`, 80, "", "a.example", "b.example:80 | d.example:80 | c.example:80"},
		{"matches for this gateway and port", plain + `
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw, mesh], http: [{match: [{gateways: [mesh]}], route: [{destination: {host: b.example}}]}, {match: [{port: 8080}], route: [{destination: {host: c.example}}]}, {match: [{gateways: [gw], port: 80}], route: [{destination: {host: d.example}}]}]}`, 80, "", "a.example", "d.example:80"},
		{"matches for the gateway's namespace and labels", plain + `
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw], http: [{match: [{sourceNamespace: shop}], route: [{destination: {host: b.example}}]}, {match: [{sourceLabels: {istio: egressgateway}, sourceNamespace: istio-system}], route: [{destination: {host: c.example}}]}]}`, 80, "", "a.example", "c.example:80"},
		{"servers in plaintext share their routes", plain + `
			Gateway egress/other @2: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example]}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [other], http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "b.example:80"},
		{"no server on the port", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}]}`, 80, "", "a.example", "not taken"},
		{"a Gateway for other pods", `
			Gateway egress/gw: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`, 80, "", "a.example", "not taken"},

		{"requests in TLS that ends here", https + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}`, 443, "a.example", "a.example", "b.example:443"},
		{"TLS for a name that no server has", https + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}`, 443, "b.example", "a.example", "not taken"},
		{"the server whose name is closest", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: ["*.example"], tls: {mode: SIMPLE}}, {port: {number: 443, name: b, protocol: HTTPS}, hosts: [a.example], tls: {mode: SIMPLE}}, {port: {number: 443, name: c, protocol: HTTPS}, hosts: ["*"], tls: {mode: SIMPLE}}]}
			VirtualService egress/a @1: {hosts: ["*.example"], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [b.example], gateways: [gw], http: [{route: [{destination: {host: c.example}}]}]}`, 443, "a.example", "b.example", "nowhere"},
		{"each server in TLS has routes of its own", `
			Gateway egress/gw @1: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: [b.example], tls: {mode: SIMPLE}}]}
			Gateway egress/other @2: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: b, protocol: HTTPS}, hosts: [a.example], tls: {mode: SIMPLE}}]}
			VirtualService egress/a: {hosts: [b.example], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}`, 443, "a.example", "b.example", "nowhere"},
		{"of servers alike the older", `
			Gateway egress/gw @1: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: ["*", x.example], tls: {mode: SIMPLE}}]}
			Gateway egress/other @2: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: b, protocol: HTTPS}, hosts: ["egress/*"], tls: {mode: SIMPLE}}]}
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [other], http: [{route: [{destination: {host: c.example}}]}]}`, 443, "a.example", "a.example", "b.example:443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			for range 20 { // the hosts are in a map
				equal(t, "destinations", gatewayDestinationsOf(s, egressGatewayPods, c.port, c.sni, c.authority), c.want)
			}
		})
	}
}

// Where the pods of a gateway send bytes that they do not read.
func TestGatewayFilterChains(t *testing.T) {
	const through = `Gateway egress/gw @1: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: PASSTHROUGH}}]}`
	const ended = `Gateway egress/gw @1: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: [a.example], tls: {mode: SIMPLE}}]}`
	const tcp = `Gateway egress/gw @1: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: tcp, protocol: TCP}, hosts: ["*"]}]}`
	for _, c := range []struct{ name, mesh, sni, want string }{
		{"TLS by its SNI", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example", "b.example:443"},
		{"another SNI", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "c.example", "not taken"},
		{"the closest SNI", through + `
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw], tls: [{match: [{sniHosts: ["*.example"]}], route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [gw], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: c.example}}]}]}
			VirtualService egress/c @3: {hosts: [a.example], gateways: [gw], tls: [{match: [{sniHosts: ["*"]}], route: [{destination: {host: d.example}}]}]}`, "a.example", "c.example:443"},
		{"of routes alike the first", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tls: [{match: [{}], route: [{destination: {host: b.example}}]}, {match: [{}], route: [{destination: {host: c.example}}]}]}`, "a.example", "b.example:443"},
		{"a match with a name that an older one has is dropped whole", through + `
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw], tls: [{match: [{sniHosts: [x.example]}], route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [gw], tls: [{match: [{sniHosts: [a.example, x.example]}], route: [{destination: {host: c.example}}]}]}`, "a.example", "not taken"},
		{"a match for another port", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tls: [{match: [{port: 8443, sniHosts: [a.example]}, {port: 443, sniHosts: [b.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example", "not taken"},
		{"a match for this gateway and port", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw, mesh], tls: [{match: [{gateways: [mesh], sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}, {match: [{gateways: [gw], port: 443, sniHosts: [a.example]}], route: [{destination: {host: c.example}}]}]}`, "a.example", "c.example:443"},
		{"a gateway does not look at the source", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tls: [{match: [{sourceNamespace: shop, sourceLabels: {app: web}, sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example", "b.example:443"},
		{"a route without destinations takes no name", through + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tls: [{match: [{sniHosts: [a.example]}]}, {match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example", "b.example:443"},
		{"hosts that the server has not", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: [c.example], tls: {mode: PASSTHROUGH}}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example", "not taken"},
		{"an SNI that the server has not", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: [a.example], tls: {mode: PASSTHROUGH}}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tls: [{match: [{sniHosts: [c.example]}], route: [{destination: {host: b.example}}]}]}`, "c.example", "b.example:443"},
		{"a VirtualService of one server's Gateway alone", through + `
			Gateway egress/other @2: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: tls2, protocol: TLS}, hosts: [c.example], tls: {mode: PASSTHROUGH}}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [other], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example", "not taken"},
		{"AUTO_PASSTHROUGH goes past all routes", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: AUTO_PASSTHROUGH}}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, "a.example", "not taken"},

		{"bytes by tcp routes", tcp + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tcp: [{route: [{destination: {host: b.example}}]}, {route: [{destination: {host: c.example}}]}]}`, "", "b.example:443"},
		{"the first route that applies", tcp + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw, mesh], tcp: [{}, {match: [{gateways: [mesh]}], route: [{destination: {host: b.example}}]}, {match: [{port: 8443}], route: [{destination: {host: c.example}}]}, {match: [{gateways: [gw], port: 443}], route: [{destination: {host: d.example}}]}]}`, "", "d.example:443"},
		{"the source does not count for them either", tcp + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tcp: [{match: [{sourceNamespace: shop}], route: [{destination: {host: b.example}}]}]}`, "", "b.example:443"},
		{"the first VirtualService that has one", tcp + `
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw], tcp: [{match: [{port: 8443}], route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [gw], tcp: [{route: [{destination: {host: c.example}}]}]}`, "", "c.example:443"},
		{"no route", tcp, "", "not taken"},
		{"a host that the server has not", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: tcp, protocol: TCP}, hosts: [c.example]}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tcp: [{route: [{destination: {host: b.example}}]}]}`, "", "not taken"},
		{"bytes in TLS that ends here", ended + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tcp: [{route: [{destination: {host: b.example}}]}]}`, "a.example", "b.example:443"},
		{"in TLS for another name", ended + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw], tcp: [{route: [{destination: {host: b.example}}]}]}`, "c.example", "not taken"},
		{"a server that reads requests goes before one that is as close and younger", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: SIMPLE}}, {port: {number: 443, name: tls, protocol: TLS}, hosts: ["egress/*"], tls: {mode: PASSTHROUGH}}]}
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw], tls: [{match: [{}], route: [{destination: {host: b.example}}]}], http: [{route: [{destination: {host: c.example}}]}]}`, "a.example", "c.example:443"},
		{"a younger one that reads requests does not", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ["egress/*"], tls: {mode: PASSTHROUGH}}, {port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: SIMPLE}}]}
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw], tls: [{match: [{}], route: [{destination: {host: b.example}}]}], http: [{route: [{destination: {host: c.example}}]}]}`, "a.example", "b.example:443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "destinations", gatewayDestinationsOf(snapshot(t, c.mesh), egressGatewayPods, 443, c.sni, "a.example"), c.want)
		})
	}
}

// The port of a destination that names none, and the service that has another name.
func TestCompletedGatewayDestinations(t *testing.T) {
	const gateway = `Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}, {port: {number: 81, name: tcp, protocol: TCP}, hosts: ["*"]}]}`
	for _, c := range []struct{ name, mesh, to, http, tcp string }{
		{"an unknown service", ``, `{host: b.example}`, "b.example:80", "b.example:81"},
		{"a service with one port", `
			ServiceEntry egress/b: {hosts: [b.example], resolution: DNS, ports: [{number: 8080, name: http, protocol: HTTP}]}`, `{host: b.example}`, "b.example:8080", "b.example:8080"},
		{"a port that is written down", `
			ServiceEntry egress/b: {hosts: [b.example], resolution: DNS, ports: [{number: 8080, name: http, protocol: HTTP}]}`, `{host: b.example, port: {number: 1}}`, "b.example:1", "b.example:1"},
		{"a service with several", `
			ServiceEntry egress/b: {hosts: [b.example], resolution: DNS, ports: [{number: 8080, name: http, protocol: HTTP}, {number: 8081, name: more, protocol: HTTP}]}`, `{host: b.example}`, "b.example:80", "b.example:81"},
		{"for requests a service of the VirtualService's namespace goes first", `
			ServiceEntry egress/b @2: {hosts: [b.example], resolution: DNS, ports: [{number: 8080, name: http, protocol: HTTP}]}
			ServiceEntry shop/b @1: {hosts: [b.example], resolution: DNS, ports: [{number: 9090, name: http, protocol: HTTP}]}`, `{host: b.example}`, "b.example:8080", "b.example:9090"},
		{"not one that the gateway's namespace does not see", `
			ServiceEntry egress/b @2: {hosts: [b.example], exportTo: [.], resolution: DNS, ports: [{number: 8080, name: http, protocol: HTTP}]}
			ServiceEntry shop/b @1: {hosts: [b.example], resolution: DNS, ports: [{number: 9090, name: http, protocol: HTTP}]}`, `{host: b.example}`, "b.example:9090", "b.example:9090"},
		{"an ExternalName", `
			Service egress/b: {externalName: b.example, ports: [{port: 8080, name: http}]}`, `{host: b}`, "b.example:8080", "b.example:8080"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, gateway, c.mesh, `
				VirtualService egress/a: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: `+c.to+`}]}], tcp: [{route: [{destination: `+c.to+`}]}]}`)
			equal(t, "requests", gatewayDestinationsOf(s, egressGatewayPods, 80, "", "a.example"), c.http)
			equal(t, "bytes", gatewayDestinationsOf(s, egressGatewayPods, 81, "", ""), c.tcp)
		})
	}
}

// The Gateways that a client names configure it, whatever its labels are.
func TestGatewayDestinationsOfNamedGateways(t *testing.T) {
	s := snapshot(t, `
		Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
		Gateway egress/other: {selector: {istio: other}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
		VirtualService egress/a: {hosts: [a.example], gateways: [other], http: [{route: [{destination: {host: b.example}}]}]}`)
	client := parseClient(egressGatewayPods)
	client.Gateways = []string{"egress/gone", "egress/other"}
	list, known := s.GatewayDestinations(client, 80, "", "a.example")
	equal(t, "destinations", destinationsLine(list), "b.example:80")
	equal(t, "known", known, true)
	client.Gateways = []string{"egress/gone"}
	_, known = s.GatewayDestinations(client, 80, "", "a.example")
	equal(t, "known of one that is gone", known, false)
}

package mesh

import (
	"strings"
	"testing"
)

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
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "b.example:80"},
		{"in any letters", plain + `
			VirtualService egress/a: {hosts: [a.Example], gateways: [gw],
				http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "A.example", "b.example:80"},
		{"another name", plain + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "c.example", "nowhere"},
		{"a VirtualService of another gateway", plain + `
			VirtualService egress/a: {hosts: [a.example], gateways: [other],
				http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "nowhere"},
		{"a VirtualService that the gateway's namespace does not see", plain + `
			VirtualService egress/a: {hosts: [a.example], exportTo: [.], gateways: [gw],
				http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "nowhere"},
		{"a server in plaintext does not look at the SNI", plain + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				http: [{route: [{destination: {host: b.example}}]}]}`, 80, "a.example", "a.example", "b.example:80"},
		{"a server that redirects to HTTPS", `
			Gateway egress/gw: {selector: {istio: egressgateway},
				servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"], tls: {httpsRedirect: true}}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "nowhere"},
		{"one that redirects for another host", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example]},
				{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.Example"], tls: {httpsRedirect: true}}]}
			VirtualService egress/a: {hosts: ["*.example"], gateways: [gw],
				http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "b.example:80"},
		{"one that redirects for this host, too", `
			Gateway egress/gw: {selector: {istio: egressgateway},
				servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example], tls: {httpsRedirect: true}},
				{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example"]}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "nowhere"},
		{"one that redirects a name for which it has no routes", `
			Gateway egress/gw: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example"]}]}
			Gateway egress/other: {selector: {istio: egressgateway},
				servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.Example], tls: {httpsRedirect: true}}]}
			VirtualService egress/a: {hosts: ["*.example"], gateways: [gw],
				http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "nowhere"},
		{"one that redirects passes no TLS on", `
			Gateway egress/gw: {selector: {istio: egressgateway},
				servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example], tls: {httpsRedirect: true}}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: b.example}}]}]}`, 80, "a.example", "a.example", "nowhere"},

		{"the closest host", plain + `
			VirtualService egress/a @1: {hosts: ["*.example"], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: c.example}}]}]}
			VirtualService egress/c @3: {hosts: ["*"], gateways: [gw],
				http: [{route: [{destination: {host: d.example}}]}]}`, 80, "", "a.example", "c.example:80"},
		{"the closest wildcard", plain + `
			VirtualService egress/a @1: {hosts: ["*.b.example", x.example], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: ["*.example"], gateways: [gw], http: [{route: [{destination: {host: c.example}}]}]}
			VirtualService egress/c @3: {hosts: ["*.a.b.example"], gateways: [gw],
				http: [{route: [{destination: {host: d.example}}]}]}`, 80, "", "c.b.example", "b.example:80"},
		{"a host that is shorter than the wildcard over it", plain + `
			VirtualService egress/a @1: {hosts: ["*a.example"], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [gw],
				http: [{route: [{destination: {host: c.example}}]}]}`, 80, "", "a.example", "c.example:80"},
		{"routes of all VirtualServices for a host add up, to the first that takes all", plain + `
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw],
				http: [{match: [{uri: {prefix: /x}}], route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: c.example}}]}]}
			VirtualService egress/c @3: {hosts: [a.example], gateways: [gw],
				http: [{match: [{uri: {prefix: /y}}], route: [{destination: {host: d.example}}]},
				{route: [{destination: {host: e.example}}]}]}`, 80, "", "a.example", "b.example:80 | d.example:80 | c.example:80"},
		{"matches for this gateway and port", plain + `
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw, mesh],
				http: [{match: [{gateways: [mesh]}], route: [{destination: {host: b.example}}]},
				{match: [{port: 8080}], route: [{destination: {host: c.example}}]}, {match: [{gateways: [gw], port: 80}],
				route: [{destination: {host: d.example}}]}]}`, 80, "", "a.example", "d.example:80"},
		{"matches for the gateway's namespace and labels", plain + `
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw],
				http: [{match: [{sourceNamespace: shop}], route: [{destination: {host: b.example}}]},
				{match: [{sourceLabels: {istio: egressgateway}, sourceNamespace: istio-system}],
				route: [{destination: {host: c.example}}]}]}`, 80, "", "a.example", "c.example:80"},
		{"servers in plaintext share their routes", plain + `
			Gateway egress/other @2: {selector: {istio: egressgateway},
				servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example]}]}
			VirtualService egress/a: {hosts: [a.example], gateways: [other],
				http: [{route: [{destination: {host: b.example}}]}]}`, 80, "", "a.example", "b.example:80"},
		{"no server on the port", `
			Gateway egress/gw: {selector: {istio: egressgateway},
				servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}]}`, 80, "", "a.example", "not taken"},
		{"a Gateway for other pods", `
			Gateway egress/gw: {selector: {istio: ingressgateway},
				servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`, 80, "", "a.example", "not taken"},

		{"requests in TLS that ends here", https + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				http: [{route: [{destination: {host: b.example}}]}]}`, 443, "a.example", "a.example", "b.example:443"},
		{"TLS for a name that no server has", https + `
			VirtualService egress/a: {hosts: [a.example], gateways: [gw],
				http: [{route: [{destination: {host: b.example}}]}]}`, 443, "b.example", "a.example", "not taken"},
		{"the server whose name is closest", `
			Gateway egress/gw: {selector: {istio: egressgateway},
				servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: ["*.example"], tls: {mode: SIMPLE}},
				{port: {number: 443, name: b, protocol: HTTPS}, hosts: [a.example],
				tls: {mode: SIMPLE}}, {port: {number: 443, name: c, protocol: HTTPS}, hosts: ["*"], tls: {mode: SIMPLE}}]}
			VirtualService egress/a @1: {hosts: ["*.example"], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [b.example], gateways: [gw],
				http: [{route: [{destination: {host: c.example}}]}]}`, 443, "a.example", "b.example", "nowhere"},
		{"each server in TLS has routes of its own", `
			Gateway egress/gw @1: {selector: {istio: egressgateway},
				servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: [b.example], tls: {mode: SIMPLE}}]}
			Gateway egress/other @2: {selector: {istio: egressgateway},
				servers: [{port: {number: 443, name: b, protocol: HTTPS}, hosts: [a.example], tls: {mode: SIMPLE}}]}
			VirtualService egress/a: {hosts: [b.example], gateways: [gw],
				http: [{route: [{destination: {host: b.example}}]}]}`, 443, "a.example", "b.example", "nowhere"},
		{"of servers alike the older", `
			Gateway egress/gw @1: {selector: {istio: egressgateway},
				servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: ["*", x.example], tls: {mode: SIMPLE}}]}
			Gateway egress/other @2: {selector: {istio: egressgateway},
				servers: [{port: {number: 443, name: b, protocol: HTTPS}, hosts: ["egress/*"], tls: {mode: SIMPLE}}]}
			VirtualService egress/a @1: {hosts: [a.example], gateways: [gw], http: [{route: [{destination: {host: b.example}}]}]}
			VirtualService egress/b @2: {hosts: [a.example], gateways: [other],
				http: [{route: [{destination: {host: c.example}}]}]}`, 443, "a.example", "a.example", "b.example:443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			for range 20 { // the hosts are in a map
				equal(t, "destinations", gatewayDestinationsOf(s, egressGatewayPods, c.port, c.sni, c.authority), c.want)
			}
			if c.sni == "" || c.sni == c.authority {
				want := strings.NewReplacer("nowhere", "", "not taken", "").Replace(c.want)
				equal(t, "by routes", requestDestinations(s, parseClient(egressGatewayPods), c.port, c.authority), want)
			}
		})
	}
}

package mesh

import (
	"fmt"
	"testing"
)

// What a Gateway under review answers for: the hops to it that stored routes take, and what it newly lets out.
func TestReviewGateway(t *testing.T) {
	const host = "egress.istio-system.svc.cluster.local"
	const mesh = `
		Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 80, name: http}, {port: 443, name: https}]}
		ServiceEntry egress/a: {hosts: [a.example], exportTo: [shop, istio-system], resolution: DNS,
			ports: [{number: 80, name: http, protocol: HTTP}]}
		VirtualService shop/v: {hosts: [a.example], exportTo: [., istio-system], gateways: [mesh, egress/gw], http: [
			{match: [{gateways: [mesh], sourceNamespace: shop}], route: [{destination: {host: ` + host + `, port: {number: 443}}}]},
			{match: [{gateways: [egress/gw]}], route: [{destination: {host: a.example, port: {number: 80}}}]}]}`
	const mutual = `
		Gateway egress/gw: {selector: {istio: egress},
			servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: ISTIO_MUTUAL}}]}`
	const plain = `
		Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 443, name: http, protocol: HTTP}, hosts: ["*"]}]}`
	for _, c := range []reviewCase{
		{"a new Gateway lets out what its routes send", mesh, mutual, `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext
			sidecar shop ` + host + `:443 (to gateway) plaintext no-rule carrying http`},
		{"what it let out before is not its own", mesh + plain, mutual, `
			sidecar shop ` + host + `:443 (to gateway) plaintext no-rule carrying http`},
		{"a server that lets out something more", mesh + `
			Gateway egress/gw: {selector: {istio: egress},
				servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [b.example], tls: {mode: ISTIO_MUTUAL}}]}`, mutual, `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext
			sidecar shop ` + host + `:443 (to gateway) plaintext no-rule carrying http`},
		{"plaintext to its own server beside one of mutual TLS for another host", mesh + `
			Gateway shop/other @1: {selector: {istio: egress},
				servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [b.example], tls: {mode: ISTIO_MUTUAL}}]}`, `
			Gateway egress/gw @0: {selector: {istio: egress}, servers: [{port: {number: 443, name: http, protocol: HTTP}, hosts: [a.example]}]}`, `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext
			sidecar istio-system ` + host + `:443 (to gateway) plaintext no-rule carrying http for server 0 of Gateway egress/gw
			sidecar shop ` + host + `:443 (to gateway) plaintext no-rule carrying http for server 0 of Gateway egress/gw`},
		{"plaintext to one of two servers that would have to change", mesh + `
			Gateway shop/other @1: {selector: {istio: egress},
				servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: [b.example], tls: {mode: PASSTHROUGH}}]}`, `
			Gateway egress/gw @0: {selector: {istio: egress}, servers: [{port: {number: 443, name: http, protocol: HTTP}, hosts: [a.example]}]}`, `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext
			sidecar istio-system ` + host + `:443 (to gateway) plaintext no-rule carrying http
			sidecar shop ` + host + `:443 (to gateway) plaintext no-rule carrying http`},
		{"a deleted Gateway serves nothing any more", mesh + mutual, "delete Gateway egress/gw", ``},
		{"a Gateway without routes", mesh, `
			Gateway egress/other: {selector: {istio: egress},
				servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: ISTIO_MUTUAL}}]}`, ``},
		{"routes below a wildcard", `
			Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 80, name: http}, {port: 443, name: https}]}
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [shop, istio-system], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/v: {hosts: ["*.example"], exportTo: [.], gateways: [mesh, egress/gw],
				http: [{match: [{gateways: [mesh]}], route: [{destination: {host: ` + host + `, port: {number: 443}}}]}]}`, mutual, `
			sidecar shop ` + host + `:443 (to gateway) plaintext no-rule carrying http`},
	} {
		c.run(t)
	}
	const service = `Service shop/web: {ports: [{port: 80, name: http}]}`
	equal(t, service, reviewed(t, mesh+mutual, service), "")
}

// The SNI that a hop to a gateway needs, by the route that leads there or, for a rule under review, by those that may, and
// the Service beside which clients of all namespaces look for the rule.
func TestReviewGatewayServerName(t *testing.T) {
	const host = "egress.istio-system.svc.cluster.local"
	const entry = `
		ServiceEntry shop/a: {hosts: [a.example], exportTo: [shop, istio-system], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	const route = `
		VirtualService shop/v: {hosts: [a.example], exportTo: [.], gateways: [mesh, egress/gw], http: [
			{match: [{gateways: [mesh]}], route: [{destination: {host: ` + host + `, port: {number: 443}}}]}]}`
	const rule = `
		DestinationRule shop/gw: {host: ` + host + `}`
	gateway := func(servers string) string {
		return `
		Gateway egress/gw: {selector: {istio: egress}, servers: [` + servers + `]}`
	}
	mutual := func(name, hosts string) string {
		return `{port: {number: 443, name: ` + name + `, protocol: HTTPS}, hosts: ` + hosts + `, tls: {mode: ISTIO_MUTUAL}}`
	}
	for _, c := range []struct{ name, before, change, want string }{
		{"the server's only name", entry + route, gateway(mutual("a", "[a.example]")), "a.example"},
		{"the server that has the route's host", entry + route, gateway(mutual("b", "[b.example]") + "," + mutual("a", "[a.example]")), "a.example"},
		{"a host below the server's wildcard", entry + route, gateway(mutual("a", `["*.example"]`)), "a.example"},
		{"a server for any host", entry + route, gateway(mutual("a", `["*"]`)), "a.example"},
		{"of a namespace", entry + route, gateway(mutual("a", "[shop/a.example]")), "a.example"},
		{"a server in plaintext, which is to have TLS", entry + route, gateway(`{port: {number: 443, name: a, protocol: HTTP}, hosts: [a.example]}`), "a.example"},
		{"the route that may lead there", entry + route + gateway(mutual("b", "[b.example]")+","+mutual("a", "[a.example]")), rule, "a.example"},
		{"no route yet", gateway(mutual("a", `["*.example", b.example]`)), rule, "b.example"},
		{"a wildcard alone", gateway(mutual("a", `["*.example"]`)), rule, "www.example"},
		{"any host alone", gateway(mutual("a", `["*"]`)), rule, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, next, object := changed(t, c.before, c.change)
			for _, f := range mustReview(t, old, next, object, nil) {
				if f.HopKind == HopGateway {
					equal(t, "name", f.ServerName, c.want)
					equal(t, "service", f.Service, Ref{Kind: KindService, Namespace: "istio-system", Name: "egress"})
					return
				}
			}
			t.Error("no hop to the gateway")
		})
	}
}

// A plaintext server that a fix can change alone.
func TestReviewGatewayOnlyServer(t *testing.T) {
	const host = "egress.istio-system.svc.cluster.local"
	const mesh = `
		Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 80, name: http}]}
		ServiceEntry shop/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	const server = `{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example]}`
	const another = `{port: {number: 8080, name: other, protocol: HTTP}, hosts: ["*"]}`
	const route = `
		VirtualService shop/v: {hosts: [a.example], exportTo: [.], gateways: [mesh, egress/gw], http: [
			{match: [{gateways: [mesh]}], route: [{destination: {host: ` + host + `, port: {number: 80}}}]}]}`
	for _, c := range []struct{ name, gateways, want string }{
		{"alone on its port", `
		Gateway shop/gw: {selector: {istio: egress}, servers: [` + another + `, ` + server + `]}`, "{Gateway shop/gw 1}"},
		{"of another namespace", `
		Gateway egress/gw: {selector: {istio: egress}, servers: [` + another + `, ` + server + `]}`, "<nil>"},
		{"where another route leads, too", `
		Gateway shop/gw: {selector: {istio: egress}, servers: [` + server + `]}
		VirtualService other/v: {hosts: [b.example], http: [{route: [{destination: {host: ` + host + `, port: {number: 80}}}]}]}`, "<nil>"},
		{"beside another one", `
		Gateway egress/gw: {selector: {istio: egress}, servers: [` + server + `, ` + server + `]}`, "<nil>"},
		{"beside another Gateway's", `
		Gateway egress/gw: {selector: {istio: egress}, servers: [` + server + `]}
		Gateway shop/gw: {selector: {istio: egress}, servers: [` + server + `]}`, "<nil>"},
		{"for TLS", `
		Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: https, protocol: HTTPS}, hosts: [a.example], tls: {mode: ISTIO_MUTUAL}}]}`, "<nil>"},
	} {
		old, next, object := changed(t, mesh+c.gateways, route)
		for _, f := range mustReview(t, old, next, object, nil) {
			if f.HopKind != HopGateway {
				continue
			}
			have := "<nil>"
			if f.Server != nil {
				have = fmt.Sprint(*f.Server)
			}
			equal(t, c.name, have, c.want)
		}
	}
}

// The application's own TLS inside that of the mesh: a gateway may end the outer one and pass on the inner.
func TestReviewGatewayTLSInside(t *testing.T) {
	const host = "egress.istio-system.svc.cluster.local"
	const mesh = `
		Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 443, name: https}]}
		ServiceEntry shop/a: {hosts: [a.example], exportTo: [shop], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
		DestinationRule shop/gw: {host: ` + host + `, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: a.example}}}
		VirtualService shop/v: {hosts: [a.example], exportTo: [.], gateways: [mesh, egress/gw], tls: [
			{match: [{gateways: [mesh], sniHosts: [a.example]}], route: [{destination: {host: ` + host + `, port: {number: 443}}}]}]}`
	for _, c := range []struct{ name, server, want string }{
		{"ended, and passed on as bytes", `{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: ISTIO_MUTUAL}}`, "originated ISTIO_MUTUAL"},
		{"ended, and read as requests", `{port: {number: 443, name: tls, protocol: HTTPS}, hosts: ["*"], tls: {mode: ISTIO_MUTUAL}}`, "double-tls ISTIO_MUTUAL"},
		{"passed on", `{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: PASSTHROUGH}}`, "double-tls ISTIO_MUTUAL"},
		{"passed on as bytes", `{port: {number: 443, name: tcp, protocol: TCP}, hosts: ["*"]}`, "double-tls ISTIO_MUTUAL for server 0 of Gateway egress/gw"},
	} {
		reviewCase{c.name, mesh, `
			Gateway egress/gw: {selector: {istio: egress}, servers: [` + c.server + `]}`, `
			sidecar shop ` + host + `:443 (to gateway) ` + c.want}.run(t)
	}
}

// The facts of a hop to a gateway by which policies judge it. A gateway of which no Service is known has a port for what the
// server speaks.
func TestReviewGatewayServer(t *testing.T) {
	for _, c := range []struct{ name, server, want string }{
		{"in plaintext", `{port: {number: 443, name: http, protocol: HTTP}, hosts: [shop/a.example]}`, `tls="" names=[] payload=http protocol=HTTP`},
		{"HTTPS", `{port: {number: 443, name: https, protocol: HTTPS}, hosts: [shop/a.example, b.example], tls: {mode: ISTIO_MUTUAL}}`, `tls="ISTIO_MUTUAL" names=[a.example b.example] payload=http protocol=TLS`},
		{"TLS passed on", `{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: PASSTHROUGH}}`, `tls="PASSTHROUGH" names=[*] payload=tls protocol=TLS`},
		{"bytes", `{port: {number: 443, name: tcp, protocol: TCP}, hosts: ["*"]}`, `tls="" names=[] payload=opaque protocol=HTTP`},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, next, object := changed(t, `Gateway egress/gw: {selector: {istio: egress}, servers: [`+c.server+`]}`, `
				DestinationRule shop/gw: {host: egress.istio-system.svc.cluster.local}`)
			flows := mustReview(t, old, next, object, nil)
			equal(t, "flows", len(flows), 1)
			for _, f := range flows {
				equal(t, "hop", fmt.Sprintf("tls=%q names=%v payload=%s protocol=%s", f.ServerTLS, f.SNIHosts, f.Payload, f.Protocol), c.want)
				equal(t, "leads", fmt.Sprint(f.Hops[0].From, " to ", f.Hops[0].To, " ", f.Hops[0].Port), "sidecar shop to gateway egress.istio-system.svc.cluster.local 443")
			}
		})
	}
}

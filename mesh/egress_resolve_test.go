package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// In which form the bytes leave, and why.
func TestResolveVerdict(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}, {number: 443, name: https, protocol: HTTPS}, {number: 5432, name: tcp, protocol: TCP}, {number: 53, name: dns, protocol: UDP}]}`
	const simple = `
		DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, sni: x.example}}}`
	for _, c := range []struct {
		name, mesh, client, host string
		port                     uint32
		want                     string
	}{
		{"requests without TLS", entry, "sidecar shop", "api.bank.example", 80, "plaintext no-rule: api.bank.example 443"},
		{"bytes without TLS", entry, "sidecar shop", "api.bank.example", 5432, "plaintext no-rule: api.bank.example 5432"},
		{"the application's own TLS", entry, "sidecar shop", "api.bank.example", 443, "application-tls no-rule: api.bank.example 443"},
		{"the proxy's TLS", entry + simple, "sidecar shop", "api.bank.example", 80, "originated: api.bank.example 443 SIMPLE sni=x.example"},
		{"the proxy's TLS around bytes", entry + simple, "sidecar shop", "api.bank.example", 5432, "originated: api.bank.example 5432 SIMPLE sni=x.example"},
		{"the proxy's TLS around the application's", entry + simple, "sidecar shop", "api.bank.example", 443, "double-tls: api.bank.example 443 SIMPLE sni=x.example"},
		{"a ztunnel reads no rule", entry + simple, "ztunnel shop", "api.bank.example", 80, "plaintext ztunnel: api.bank.example 443"},
		{"nor routes", entry + simple + `
			VirtualService egress/bank: {hosts: [api.bank.example], http: [{redirect: {uri: /}}]}`, "ztunnel shop", "api.bank.example", 80, "plaintext ztunnel: api.bank.example 443"},
		{"a cluster that is not built", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, workloadSelector: {labels: {app: bank}}, ports: [{number: 80, name: http, protocol: HTTP}]}`, "sidecar shop", "api.bank.example", 80, "unknown: api.bank.example 80"},

		{"the mesh's own TLS to endpoints outside that take it", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], location: MESH_INTERNAL, resolution: DNS, endpoints: [{address: a.example, serviceAccount: bank}], ports: [{number: 80, name: http, protocol: HTTP}]}`, "sidecar shop", "api.bank.example", 80, "originated: api.bank.example 80 ISTIO_MUTUAL verified"},
		{"which not all of them take", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], location: MESH_INTERNAL, resolution: DNS, endpoints: [{address: a.example, serviceAccount: bank}, {address: b.example}], ports: [{number: 80, name: http, protocol: HTTP}]}`, "sidecar shop", "api.bank.example", 80, "plaintext no-rule: api.bank.example 80"},
		{"which a rule disables", `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}
			ServiceEntry egress/bank: {hosts: [api.bank.example], location: MESH_INTERNAL, resolution: DNS, endpoints: [{address: a.example, serviceAccount: bank}], ports: [{number: 80, name: http, protocol: HTTP}]}`, "sidecar shop", "api.bank.example", 80, "plaintext disabled: api.bank.example 80"},

		{"an unknown host", entry, "sidecar shop", "www.bank.example", 80, "unknown unknown-host"},
		{"an unknown port", entry, "sidecar shop", "api.bank.example", 8080, "unknown passthrough"},
		{"UDP", entry, "sidecar shop", "api.bank.example", 53, "unknown passthrough"},
		{"a name below a wildcard", `
			ServiceEntry egress/bank: {hosts: ["*.bank.example"], ports: [{number: 80, name: http, protocol: HTTP}]}`, "sidecar shop", "www.bank.example", 80, "plaintext no-rule: *.bank.example 80"},
		{"a host that the Sidecar does not listen for, below a wildcard for which it does", entry + `
			ServiceEntry shop/bank: {hosts: ["*.bank.example"], ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/v: {hosts: [v.example], http: [{route: [{destination: {host: api.bank.example}}]}]}
			Sidecar shop/default: {egress: [{hosts: [./*]}]}`, "sidecar shop", "api.bank.example", 80, "plaintext no-rule: *.bank.example 80"},
		{"a host that the Sidecar does not listen for", entry + `
			VirtualService shop/v: {hosts: [v.example], http: [{route: [{destination: {host: api.bank.example}}]}]}
			Sidecar shop/default: {egress: [{hosts: [./*]}]}`, "sidecar shop", "api.bank.example", 80, "unknown passthrough"},

		{"a host that is declared goes before a wildcard", entry + `
			ServiceEntry egress/wide: {hosts: ["*.bank.example"], ports: [{number: 80, name: http, protocol: HTTP}]}`, "sidecar shop", "api.bank.example", 80, "plaintext no-rule: api.bank.example 443"},
		{"a gateway itself", entry + simple, "gateway egress", "api.bank.example", 80, "originated: api.bank.example 443 SIMPLE sni=x.example"},
		{"bytes that a route has no destination for pass by", entry + `
			VirtualService egress/bank: {hosts: [api.bank.example], tcp: [{route: [{destination: {host: x.example}}, {destination: {host: y.example}}]}]}`, "sidecar shop", "api.bank.example", 5432, "unknown passthrough: nowhere 5432"},
		{"a redirect", entry + `
			VirtualService egress/bank: {hosts: [api.bank.example], http: [{redirect: {uri: /}}]}`, "sidecar shop", "api.bank.example", 80, "unknown no-destination: nowhere 80"},
		{"TLS that no route takes passes by", entry + `
			VirtualService egress/bank: {hosts: [api.bank.example], tls: [{match: [{sniHosts: [x.example]}], route: [{destination: {host: x.example}}]}]}`, "sidecar shop", "api.bank.example", 443, "unknown passthrough: nowhere 443"},
		{"what a waypoint's routes answer is not known", entry + `
			VirtualService egress/bank: {hosts: [api.bank.example], http: [{redirect: {uri: /}}]}`, "waypoint egress", "api.bank.example", 80, "plaintext no-rule: api.bank.example 443"},
		{"what a waypoint's routes send on is", entry + simple + `
			ServiceEntry egress/plain: {hosts: [plain.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService egress/plain: {hosts: [plain.example], http: [{route: [{destination: {host: api.bank.example, port: {number: 80}}}]}]}`, "waypoint egress", "plain.example", 80, "originated: api.bank.example 443 SIMPLE sni=x.example"},
		{"a route that stays in the mesh", entry + `
			VirtualService egress/bank: {hosts: [api.bank.example], http: [{route: [{destination: {host: web}}]}]}`, "sidecar shop", "api.bank.example", 80, "unknown: web.egress.svc.cluster.local 80"},
		{"a route to itself, by another name", entry + simple + `
			VirtualService egress/bank: {hosts: [api.bank.example], http: [{rewrite: {authority: y.example}, route: [{destination: {host: api.bank.example}}]}]}`, "sidecar shop", "api.bank.example", 80, "originated: api.bank.example 443 SIMPLE sni=x.example"},
		{"the authority of a route is the automatic SNI", entry + `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}
			VirtualService egress/bank: {hosts: [api.bank.example], http: [{rewrite: {authority: y.example}, route: [{destination: {host: api.bank.example}}]}]}`, "sidecar shop", "api.bank.example", 80, "originated: api.bank.example 443 SIMPLE sni=y.example verified"},
		{"a listener for HTTP makes requests of what is sent", entry + simple + `
			Sidecar shop/default: {egress: [{port: {number: 5432, protocol: TCP}, hosts: ["*/*"]}]}`, "sidecar shop", "api.bank.example", 5432, "originated: api.bank.example 5432 SIMPLE sni=x.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "path", resolved(snapshot(t, c.mesh), c.client, c.host, c.port), c.want)
		})
	}
}

// Where routes split the traffic, the answer is that of what fares worst.
func TestResolveWorst(t *testing.T) {
	const entries = `
		ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTP}]}
		ServiceEntry egress/plain: {hosts: [plain.example], resolution: DNS, ports: [{number: 443, name: http, protocol: HTTP}]}
		ServiceEntry egress/tls: {hosts: [tls.example], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}
		ServiceEntry egress/gone: {hosts: [gone.example], resolution: DNS, workloadSelector: {labels: {app: gone}}, ports: [{number: 443, name: http, protocol: HTTP}]}
		DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}
		DestinationRule egress/tls: {host: tls.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	for _, c := range []struct{ first, second, want string }{
		{"a.example", "plain.example", "plaintext no-rule: plain.example 443"},
		{"plain.example", "a.example", "plaintext no-rule: plain.example 443"},
		{"a.example", "gone.example", "unknown: gone.example 443"},
		{"gone.example", "plain.example", "plaintext no-rule: plain.example 443"},
		{"a.example", "tls.example", "originated: a.example 443 SIMPLE verified"},
		{"web.shop.svc.cluster.local", "a.example", "originated: a.example 443 SIMPLE verified"},
	} {
		s := snapshot(t, entries, `VirtualService egress/a: {hosts: [a.example], http: [{route: [{destination: {host: `+c.first+`}, weight: 1}, {destination: {host: `+c.second+`}, weight: 1}]}]}`)
		equal(t, c.first+", "+c.second, resolved(s, "sidecar shop", "a.example", 443), c.want)
	}
	order := []Verdict{Plaintext, Unknown, DoubleTLS, ApplicationTLS, Originated}
	for i, a := range order {
		for _, b := range order[i:] {
			equal(t, "worse of "+string(a+", "+b), worse(a, b), a)
			equal(t, "worse of "+string(b+", "+a), worse(b, a), a)
		}
	}
}

// Traffic that goes out by an egress gateway: the hop to it, and the one that leaves.
func TestResolveThroughGateway(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}, {number: 5432, name: tcp, protocol: TCP}]}
		DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const service = `
		Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 80, name: http}, {port: 443, name: tls}]}`
	const gateway = `
		Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}, {port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: PASSTHROUGH}}]}`
	const toGateway, out = "egress.istio-system.svc.cluster.local", "route: [{destination: {host: api.bank.example, port: {number: 443}}}]"
	const http = `
		VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], http: [
		{match: [{gateways: [mesh]}], route: [{destination: {host: ` + toGateway + `, port: {number: 80}}}]},
		{match: [{gateways: [gw]}], ` + out + `}]}`
	const tls = `
		VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], tls: [
		{match: [{gateways: [mesh], sniHosts: [api.bank.example]}], route: [{destination: {host: ` + toGateway + `, port: {number: 443}}}]},
		{match: [{gateways: [gw], sniHosts: [api.bank.example]}], ` + out + `}]}`
	for _, c := range []struct {
		name, mesh string
		port       uint32
		want       string
	}{
		{"requests", service + gateway + http, 80,
			"originated: gateway " + toGateway + " 80 | api.bank.example 443 SIMPLE verified"},
		{"TLS that the gateway passes on, where a rule wraps it once more", service + gateway + tls, 443,
			"double-tls: gateway " + toGateway + " 443 | api.bank.example 443 SIMPLE"},
		{"a gateway of which no Service is known, by its name", gateway + http, 80,
			"originated: gateway " + toGateway + " 80 | api.bank.example 443 SIMPLE verified"},
		{"a gateway that is not known at all", http, 80,
			"originated: gateway " + toGateway + " 80 | api.bank.example 443 SIMPLE verified"},
		{"a Gateway that does not serve the port", service + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}]}` + http, 80,
			"originated: gateway " + toGateway + " 80 | api.bank.example 443 SIMPLE verified"},
		{"an unknown gateway: a match for its port and namespace, and the port of the only service", strings.ReplaceAll(`
			ServiceEntry egress/tls: {hosts: [tls.example], resolution: DNS, ports: [{number: 8443, name: https, protocol: HTTPS}]}
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], http: [
				{match: [{gateways: [mesh]}], route: [{destination: {host: TO, port: {number: 80}}}]},
				{match: [{gateways: [gw], port: 443}], route: [{destination: {host: api.bank.example}}]},
				{match: [{sourceNamespace: shop}], route: [{destination: {host: api.bank.example}}]},
				{match: [{port: 80, sourceNamespace: istio-system}], route: [{destination: {host: tls.example}}]}]}`, "TO", toGateway), 80,
			"plaintext no-rule: gateway " + toGateway + " 80 | tls.example 8443"},
		{"an unknown gateway: TLS by its SNI", strings.ReplaceAll(`
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], tls: [
				{match: [{gateways: [mesh], sniHosts: [api.bank.example]}], route: [{destination: {host: TO, port: {number: 443}}}]},
				{match: [{gateways: [gw], sniHosts: [x.example]}], route: [{destination: {host: TO}}]},
				{match: [{gateways: [gw], sniHosts: ["*.bank.example"]}], route: [{destination: {host: api.bank.example, port: {number: 443}}}]}]}`, "TO", toGateway), 443,
			"double-tls: gateway " + toGateway + " 443 | api.bank.example 443 SIMPLE"},
		{"an unknown gateway: the first VirtualService that has a route", `
			ServiceEntry egress/plain: {hosts: [plain.example], resolution: DNS, ports: [{number: 443, name: http, protocol: HTTP}]}
			VirtualService egress/a: {hosts: [api.bank.example], gateways: [gw], http: [{match: [{port: 8080}], route: [{destination: {host: plain.example}}]}]}
			VirtualService egress/c: {hosts: [api.bank.example], gateways: [gw], http: [{route: [{destination: {host: plain.example}}]}]}` + http, 80,
			"originated: gateway " + toGateway + " 80 | api.bank.example 443 SIMPLE verified"},
		{"an unknown gateway: tcp routes where no others are", strings.ReplaceAll(`
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], tls: [
				{match: [{gateways: [mesh], sniHosts: [api.bank.example]}], route: [{destination: {host: TO, port: {number: 443}}}]}],
				tcp: [{match: [{gateways: [gw]}], route: [{destination: {host: api.bank.example, port: {number: 443}}}]}]}`, "TO", toGateway), 443,
			"double-tls: gateway " + toGateway + " 443 | api.bank.example 443 SIMPLE"},
		{"a Gateway for other hosts", service + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [x.example]}]}` + http, 80,
			"unknown: gateway " + toGateway + " 80"},
		{"a Gateway that is known, and another that is not", service + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [x.example]}]}` + strings.Replace(http, "gw]", "gw, other]", 1), 80,
			"unknown: gateway " + toGateway + " 80"},
		{"and has a route for all gateways", service + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [x.example]}]}
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw, other], http: [
				{match: [{gateways: [mesh]}], route: [{destination: {host: ` + toGateway + `, port: {number: 80}}}]},
				{match: [{gateways: [other]}], route: [{destination: {host: api.bank.example, port: {number: 443}}}]}]}`, 80,
			"originated: gateway " + toGateway + " 80 | api.bank.example 443 SIMPLE verified"},
		{"the server of the SNI that the hop has", service + `
			ServiceEntry egress/plain: {hosts: [plain.example], resolution: DNS, ports: [{number: 443, name: http, protocol: HTTP}]}
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: https, protocol: HTTPS}, hosts: [api.bank.example], tls: {mode: ISTIO_MUTUAL}}]}
			Gateway egress/wide: {selector: {istio: egress}, servers: [{port: {number: 80, name: https, protocol: HTTPS}, hosts: ["*.bank.example"], tls: {mode: ISTIO_MUTUAL}}]}
			VirtualService egress/wide: {hosts: ["*.bank.example"], gateways: [wide], http: [{route: [{destination: {host: plain.example}}]}]}
			DestinationRule egress/egress: {host: ` + toGateway + `, exportTo: ["*"], trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: www.bank.example}}}
			DestinationRule istio-system/egress: {host: ` + toGateway + `, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: www.bank.example}}}` + http, 80,
			"plaintext no-rule: gateway " + toGateway + " 80 ISTIO_MUTUAL sni=www.bank.example verified | plain.example 443"},
		{"or of the SNI that it should have", service + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: https, protocol: HTTPS}, hosts: [api.bank.example], tls: {mode: ISTIO_MUTUAL}}]}
			DestinationRule istio-system/egress: {host: ` + toGateway + `, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}` + http, 80,
			"originated: gateway " + toGateway + " 80 ISTIO_MUTUAL sni=outbound_.80_._." + toGateway + " verified | api.bank.example 443 SIMPLE verified"},
		{"of several ways the gateway that leads to the worst", service + gateway + `
			ServiceEntry egress/plain: {hosts: [plain.example], resolution: DNS, ports: [{number: 443, name: http, protocol: HTTP}]}
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], http: [
				{match: [{gateways: [mesh]}], route: [{destination: {host: api.bank.example, port: {number: 80}}, weight: 1}, {destination: {host: ` + toGateway + `, port: {number: 80}}, weight: 1}]},
				{match: [{gateways: [gw]}], route: [{destination: {host: plain.example, port: {number: 443}}}]}]}`, 80,
			"plaintext no-rule: gateway " + toGateway + " 80 | plain.example 443"},
		{"a Gateway without a route out", service + gateway + `
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], http: [{match: [{gateways: [mesh]}], route: [{destination: {host: ` + toGateway + `, port: {number: 80}}}]}]}`, 80,
			"unknown: gateway " + toGateway + " 80"},
		{"a Gateway whose route stays in the mesh", service + gateway + `
			VirtualService egress/bank: {hosts: [api.bank.example], gateways: [mesh, gw], http: [
				{match: [{gateways: [mesh]}], route: [{destination: {host: ` + toGateway + `, port: {number: 80}}}]},
				{match: [{gateways: [gw]}], route: [{destination: {host: web}}]}]}`, 80,
			"unknown: gateway " + toGateway + " 80"},
		{"a service of the mesh to which a route leads that is bound to no gateway", `
			VirtualService egress/bank: {hosts: [api.bank.example], http: [{route: [{destination: {host: ` + toGateway + `, port: {number: 80}}}]}]}`, 80,
			"unknown: " + toGateway + " 80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "path", resolved(snapshot(t, entry, c.mesh), "sidecar shop", "api.bank.example", c.port), c.want)
		})
	}
}

// What routes have no destination for, and the field that says so.
func TestResolveNoDestination(t *testing.T) {
	const entry = `
		ServiceEntry egress/a: {hosts: [a.example, "*.wide.example"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}, {number: 81, name: any}, {number: 443, name: tls, protocol: TLS}, {number: 5432, name: tcp, protocol: TCP}]}
		DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const nobody = `route: [{destination: {host: x.example}}, {destination: {host: y.example}}]`
	for _, c := range []struct {
		name, routes, host string
		port               uint32
		want               string
	}{
		{"a redirect", `VirtualService shop/v: {hosts: [a.example], http: [{redirect: {uri: /}}]}`, "a.example", 80, "HTTP VirtualService shop/v spec.http[0].redirect"},
		{"a direct answer", `VirtualService shop/v: {hosts: [a.example], http: [{directResponse: {status: 503}}]}`, "a.example", 80, "HTTP VirtualService shop/v spec.http[0].directResponse"},
		{"a route without weights", `VirtualService shop/v: {hosts: [a.example], http: [{` + nobody + `}]}`, "a.example", 80, "HTTP VirtualService shop/v spec.http[0].route"},
		{"the first that is for the request", `VirtualService shop/v: {hosts: [a.example], gateways: [mesh, gw], http: [{match: [{gateways: [gw]}], ` + nobody + `}, {match: [{port: 81}], ` + nobody + `}, {match: [{sourceNamespace: till}], ` + nobody + `}, {match: [{gateways: [mesh]}], redirect: {uri: /}}]}`, "a.example", 80, "HTTP VirtualService shop/v spec.http[3].redirect"},
		{"a delegate", `
			VirtualService shop/v: {hosts: [a.example], http: [{delegate: {name: d}}]}
			VirtualService shop/d: {http: [{redirect: {uri: /}}]}`, "a.example", 80, "HTTP VirtualService shop/v spec.http[0].delegate"},
		{"the first VirtualService that has one", `
			VirtualService shop/u @1: {hosts: [a.example], http: [{match: [{port: 81}], ` + nobody + `}]}
			VirtualService shop/v @2: {hosts: [a.example], http: [{redirect: {uri: /}}]}`, "a.example", 80, "HTTP VirtualService shop/v spec.http[0].redirect"},
		{"requests that the proxy finds on a sniffed port", `VirtualService shop/v: {hosts: [a.example], http: [{redirect: {uri: /}}], tcp: [{` + nobody + `}]}`, "a.example", 81, " VirtualService shop/v spec.http[0].redirect"},
		{"TLS", `
			VirtualService shop/u @1: {hosts: [a.example], tls: [{match: [{port: 81, sniHosts: [a.example]}], ` + nobody + `}]}
			VirtualService shop/v @2: {hosts: [a.example], tls: [{match: [{sniHosts: [a.example]}], ` + nobody + `}]}`, "a.example", 443, "TLS VirtualService shop/v spec.tls"},
		{"bytes", `
			VirtualService shop/u @1: {hosts: [a.example], tcp: [{match: [{port: 81}], ` + nobody + `}]}
			VirtualService shop/v @2: {hosts: [a.example], tcp: [{` + nobody + `}]}`, "a.example", 5432, "TCP VirtualService shop/v spec.tcp"},
		{"a name below a wildcard", `VirtualService shop/v: {hosts: [x.wide.example], http: [{redirect: {uri: /}}]}`, "x.wide.example", 80, "HTTP VirtualService shop/v spec.http[0].redirect"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := snapshot(t, entry, c.routes).Resolve(parseClient("sidecar shop"), c.host, c.port)
			h := p.Hops[0]
			equal(t, "decided by", fmt.Sprint(h.Protocol, " ", h.DecidedBy), c.want)
			equal(t, "hop", fmt.Sprintf("%s to %s %d %s%t", h.From, h.To, h.Port, h.TLS, h.Names != nil), fmt.Sprintf("sidecar shop to nowhere %d true", c.port))
			equal(t, "verdict", p.Verdict, Unknown)
		})
	}
}

// A path names what was asked, even where there is no answer.
func TestResolvePath(t *testing.T) {
	client := parseClient("sidecar shop app=web")
	p := snapshot(t, ``).Resolve(client, "a.example", 80)
	equal(t, "path", fmt.Sprint(p.Client, " ", p.Host, " ", p.Port, p.Hops != nil), "sidecar shop app=web a.example 80 true")
	s := snapshot(t, `
		ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		VirtualService shop/v: {hosts: [a.example], http: [{route: [{destination: {host: web}}]}]}`)
	mutual := snapshot(t, `
		ServiceEntry egress/a: {hosts: [a.example], location: MESH_INTERNAL, resolution: DNS, endpoints: [{address: b.example, serviceAccount: a}], ports: [{number: 443, name: https, protocol: HTTPS}]}`)
	equal(t, "the application's TLS in the mesh's own", mutual.Resolve(client, "a.example", 443).Verdict, ApplicationTLS)
	h := s.Resolve(client, "a.example", 80).Hops[0]
	equal(t, "hop inside the mesh", fmt.Sprint(h.From, " to ", h.To, " ", h.Port, h.Names != nil), "sidecar shop app=web to web.shop.svc.cluster.local 80 true")
}

package mesh

import (
	"fmt"
	"testing"
)

// In which form the bytes leave, and why.
func TestResolveVerdict(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS,
			ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}, {number: 443, name: https, protocol: HTTPS},
			{number: 5432, name: tcp, protocol: TCP}, {number: 53, name: dns, protocol: UDP}]}`
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
			VirtualService egress/bank: {hosts: [api.bank.example],
				http: [{redirect: {uri: /}}]}`, "ztunnel shop", "api.bank.example", 80, "plaintext ztunnel: api.bank.example 443"},
		{"a cluster that is not built", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, workloadSelector: {labels: {app: bank}},
				ports: [{number: 80, name: http, protocol: HTTP}]}`, "sidecar shop", "api.bank.example", 80, "unknown: api.bank.example 80"},

		{"the mesh's own TLS to endpoints outside that take it", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], location: MESH_INTERNAL, resolution: DNS,
				endpoints: [{address: a.example, serviceAccount: bank}], ports: [{number: 80, name: http,
				protocol: HTTP}]}`, "sidecar shop", "api.bank.example", 80, "originated: api.bank.example 80 ISTIO_MUTUAL verified"},
		{"but not to a host that is outside by its location", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, endpoints: [{address: a.example, serviceAccount: bank}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, "sidecar shop", "api.bank.example", 80, "plaintext no-rule: api.bank.example 80"},
		{"which not all of them take", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], location: MESH_INTERNAL, resolution: DNS,
				endpoints: [{address: a.example, serviceAccount: bank},
				{address: b.example}], ports: [{number: 80, name: http,
				protocol: HTTP}]}`, "sidecar shop", "api.bank.example", 80, "plaintext no-rule: api.bank.example 80"},
		{"which a rule disables", `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}
			ServiceEntry egress/bank: {hosts: [api.bank.example], location: MESH_INTERNAL, resolution: DNS,
				endpoints: [{address: a.example, serviceAccount: bank}], ports: [{number: 80, name: http,
				protocol: HTTP}]}`, "sidecar shop", "api.bank.example", 80, "plaintext disabled: api.bank.example 80"},

		{"an unknown host", entry, "sidecar shop", "www.bank.example", 80, "unknown unknown-host"},
		{"an unknown port", entry, "sidecar shop", "api.bank.example", 8080, "unknown passthrough"},
		{"UDP", entry, "sidecar shop", "api.bank.example", 53, "unknown passthrough"},
		{"a name below a wildcard", `
			ServiceEntry egress/bank: {hosts: ["*.bank.example"],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, "sidecar shop", "www.bank.example", 80, "plaintext no-rule: *.bank.example 80"},
		{"a host that the Sidecar does not listen for, below a wildcard for which it does", entry + `
			ServiceEntry shop/bank: {hosts: ["*.bank.example"], ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/v: {hosts: [v.example], http: [{route: [{destination: {host: api.bank.example}}]}]}
			Sidecar shop/default: {egress: [{hosts: [./*]}]}`, "sidecar shop", "api.bank.example", 80, "plaintext no-rule: *.bank.example 80"},
		{"a host that the Sidecar does not listen for", entry + `
			VirtualService shop/v: {hosts: [v.example], http: [{route: [{destination: {host: api.bank.example}}]}]}
			Sidecar shop/default: {egress: [{hosts: [./*]}]}`, "sidecar shop", "api.bank.example", 80, "unknown passthrough"},

		{"a host that is declared goes before a wildcard", entry + `
			ServiceEntry egress/wide: {hosts: ["*.bank.example"],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, "sidecar shop", "api.bank.example", 80, "plaintext no-rule: api.bank.example 443"},
		{"a gateway itself", entry + simple, "gateway egress", "api.bank.example", 80, "originated: api.bank.example 443 SIMPLE sni=x.example"},
		{"bytes that a route has no destination for pass by", entry + `
			VirtualService egress/bank: {hosts: [api.bank.example],
				tcp: [{route: [{destination: {host: x.example}},
				{destination: {host: y.example}}]}]}`, "sidecar shop", "api.bank.example", 5432, "unknown passthrough: nowhere 5432"},
		{"a redirect", entry + `
			VirtualService egress/bank: {hosts: [api.bank.example],
				http: [{redirect: {uri: /}}]}`, "sidecar shop", "api.bank.example", 80, "unknown no-destination: nowhere 80"},
		{"TLS that no route takes passes by", entry + `
			VirtualService egress/bank: {hosts: [api.bank.example],
				tls: [{match: [{sniHosts: [x.example]}],
				route: [{destination: {host: x.example}}]}]}`, "sidecar shop", "api.bank.example", 443, "unknown passthrough: nowhere 443"},
		{"what a waypoint's routes answer is not known", entry + `
			VirtualService egress/bank: {hosts: [api.bank.example],
				http: [{redirect: {uri: /}}]}`, "waypoint egress", "api.bank.example", 80, "plaintext no-rule: api.bank.example 443"},
		{"what a waypoint's routes send on is", entry + simple + `
			ServiceEntry egress/plain: {hosts: [plain.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService egress/plain: {hosts: [plain.example],
				http: [{route: [{destination: {host: api.bank.example,
				port: {number: 80}}}]}]}`, "waypoint egress", "plain.example", 80, "originated: api.bank.example 443 SIMPLE sni=x.example"},
		{"a route that stays in the mesh", entry + `
			VirtualService egress/bank: {hosts: [api.bank.example],
				http: [{route: [{destination: {host: web}}]}]}`, "sidecar shop", "api.bank.example", 80, "unknown: web.egress.svc.cluster.local 80"},
		{"a route to itself, by another name", entry + simple + `
			VirtualService egress/bank: {hosts: [api.bank.example],
				http: [{rewrite: {authority: y.example},
				route: [{destination: {host: api.bank.example}}]}]}`, "sidecar shop", "api.bank.example", 80, "originated: api.bank.example 443 SIMPLE sni=x.example"},
		{"the authority of a route is the automatic SNI", entry + `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}
			VirtualService egress/bank: {hosts: [api.bank.example],
				http: [{rewrite: {authority: y.example},
				route: [{destination: {host: api.bank.example}}]}]}`, "sidecar shop", "api.bank.example", 80, "originated: api.bank.example 443 SIMPLE sni=y.example verified"},
		{"a listener for HTTP makes requests of what is sent", entry + simple + `
			Sidecar shop/default: {egress: [{port: {number: 5432, protocol: TCP},
				hosts: ["*/*"]}]}`, "sidecar shop", "api.bank.example", 5432, "originated: api.bank.example 5432 SIMPLE sni=x.example"},
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
		ServiceEntry egress/gone: {hosts: [gone.example], resolution: DNS, workloadSelector: {labels: {app: gone}},
			ports: [{number: 443, name: http, protocol: HTTP}]}
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
		ServiceEntry egress/a: {hosts: [a.example], location: MESH_INTERNAL, resolution: DNS, endpoints: [{address: b.example, serviceAccount: a}],
			ports: [{number: 443, name: https, protocol: HTTPS}]}`)
	equal(t, "the application's TLS in the mesh's own", mutual.Resolve(client, "a.example", 443).Verdict, ApplicationTLS)
	h := s.Resolve(client, "a.example", 80).Hops[0]
	equal(t, "hop inside the mesh", fmt.Sprint(h.From, " to ", h.To, " ", h.Port, h.Names != nil), "sidecar shop app=web to web.shop.svc.cluster.local 80 true")
}

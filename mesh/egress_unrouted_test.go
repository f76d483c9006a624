package mesh

import (
	"fmt"
	"testing"
)

// What routes have no destination for, and the field that says so.
func TestResolveNoDestination(t *testing.T) {
	const entry = `
		ServiceEntry egress/a: {hosts: [a.example, "*.wide.example"], resolution: NONE,
			ports: [{number: 80, name: http, protocol: HTTP}, {number: 81, name: any}, {number: 443, name: tls, protocol: TLS},
			{number: 5432, name: tcp, protocol: TCP}]}
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
			VirtualService shop/v @2: {hosts: [a.example],
				http: [{redirect: {uri: /}}]}`, "a.example", 80, "HTTP VirtualService shop/v spec.http[0].redirect"},
		{"requests that the proxy finds on a sniffed port", `VirtualService shop/v: {hosts: [a.example], http: [{redirect: {uri: /}}], tcp: [{` + nobody + `}]}`, "a.example", 81, " VirtualService shop/v spec.http[0].redirect"},
		{"TLS", `
			VirtualService shop/u @1: {hosts: [a.example], tls: [{match: [{port: 81, sniHosts: [a.example]}], ` + nobody + `}]}
			VirtualService shop/v @2: {hosts: [a.example],
				tls: [{match: [{sniHosts: [a.example]}], ` + nobody + `}]}`, "a.example", 443, "TLS VirtualService shop/v spec.tls"},
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

package mesh

import "testing"

// What comes through an egress gateway's pods, and is taken there by a Gateway of another namespace.
func TestReviewGatewayPaths(t *testing.T) {
	const service = "egress.istio-system.svc.cluster.local"
	const given = `
		Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 80, name: http}, {port: 443, name: https}]}
		ServiceEntry data/a: {hosts: [a.example], exportTo: [shop, istio-system], resolution: DNS,
			ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}]}
		DestinationRule istio-system/a: {host: a.example, trafficPolicy: {portLevelSettings: [{port: {number: 443}, tls: {mode: SIMPLE}}]}}
		ServiceEntry team/evil: {hosts: [evil.example], exportTo: [istio-system], resolution: DNS, ports: [{number: 443, name: http, protocol: HTTP}, {number: 80, name: tcp, protocol: TCP}]}
		DestinationRule team/evil: {host: evil.example, exportTo: [istio-system], trafficPolicy: {portLevelSettings: [{port: {number: 443}, tls: {mode: SIMPLE}}]}}
		Gateway istio-system/gw: {selector: {istio: egress},
			servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*.example"], tls: {mode: ISTIO_MUTUAL}}]}
		DestinationRule istio-system/egress: {host: ` + service + `, subsets: [{name: s, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: a.example}}}]}
		VirtualService istio-system/v: {hosts: ["*.example"], exportTo: [shop, istio-system], gateways: [mesh, gw], http: [
			{match: [{gateways: [mesh]}], route: [{destination: {host: ` + service + `, port: {number: 443}, subset: s}}]},
			{match: [{gateways: [gw]}], route: [{destination: {host: a.example, port: {number: 443}}}]}]}`
	const requests = `
		Gateway team/g: {selector: {istio: egress},
			servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example], tls: {mode: ISTIO_MUTUAL}}]}`
	const bytes = `
		Gateway team/g: {selector: {istio: egress},
			servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: [a.example], tls: {mode: ISTIO_MUTUAL}}]}`
	const toEvil = `
		VirtualService team/v: {hosts: [a.example], gateways: [g], http: [{route: [{destination: {host: evil.example, port: {number: 443}}}], rewrite: {authority: evil.example}}]}`
	const hops = `
			sidecar istio-system ` + service + `:443/s (to gateway) originated ISTIO_MUTUAL carrying http
			sidecar shop ` + service + `:443/s (to gateway) originated ISTIO_MUTUAL carrying http`
	const anotherName = hops + `
			gateway istio-system istio=egress evil.example:443 originated SIMPLE was originated by VirtualService team/v lost check of a.example of ServiceEntry data/a for evil.example`
	for _, c := range []reviewCase{
		{"nowhere", given, requests, ``},
		{"bytes without a name", given + bytes, `
			VirtualService team/v: {hosts: [a.example], gateways: [g], tcp: [{route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			gateway istio-system istio=egress a.example:443 originated SIMPLE unverified carrying http was originated lost check of a.example of ServiceEntry data/a
			gateway istio-system istio=egress a.example:443 originated SIMPLE unverified carrying opaque was originated` + hops},
		{"bytes in plaintext, by the name of the hop alone", given + `
			Gateway team/g: {selector: {istio: egress},
				servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: [a.example], tls: {mode: ISTIO_MUTUAL}}]}
			ServiceEntry data/b: {hosts: [b.example], exportTo: [shop], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule istio-system/b: {host: b.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			VirtualService team/v: {hosts: [a.example], gateways: [g], tcp: [{route: [{destination: {host: evil.example, port: {number: 80}}}]}]}`, hops + `
			gateway istio-system istio=egress evil.example:80 plaintext unset carrying http was originated asks for a.example
			gateway istio-system istio=egress evil.example:80 plaintext unset was plaintext`},
		{"to another name", given + requests, toEvil, anotherName},
		{"to another name, the Gateway last", given + toEvil, requests, anotherName},
		{"to the same name under TLS that is checked", given + requests, `
			VirtualService team/v: {hosts: [a.example], gateways: [g], http: [{route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			gateway istio-system istio=egress a.example:443 originated SIMPLE carrying http was originated` + hops},
		{"a host of its own", given, `
			Gateway team/g: {selector: {istio: egress},
				servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [own.example.org], tls: {mode: ISTIO_MUTUAL}}]}`, ``},
		{"pods of its own", given + toEvil, `
			Gateway team/g: {selector: {istio: own},
				servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example], tls: {mode: ISTIO_MUTUAL}}]}`, hops + `
			gateway istio-system istio=own evil.example:443 originated SIMPLE was originated by VirtualService team/v`},
	} {
		c.run(t)
	}
}

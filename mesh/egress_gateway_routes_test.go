package mesh

import (
	"strings"
	"testing"
)

// The ways out of the gateways to which the VirtualService under review is bound, and to them.
func TestReviewGatewayRoutes(t *testing.T) {
	const entry = `
		ServiceEntry egress/a: {hosts: [a.example], exportTo: [shop, istio-system], resolution: DNS,
			ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}, {number: 5432, name: tcp, protocol: TCP}]}`
	const service = `
		Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 80, name: http}, {port: 443, name: https}]}`
	const plain = `
		Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}`
	const mutual = `
		Gateway egress/gw: {selector: {istio: egress},
			servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: ISTIO_MUTUAL}}]}`
	const host = "egress.istio-system.svc.cluster.local"
	const through = `
		VirtualService shop/v: {hosts: [a.example], exportTo: [., istio-system], gateways: [mesh, egress/gw], http: [
			{match: [{gateways: [mesh]}], route: [{destination: {host: ` + host + `, port: {number: %PORT}}}]},
			{match: [{gateways: [egress/gw]}], route: [{destination: {host: a.example, port: {number: 80}}}]}]}`
	to80, to443 := strings.ReplaceAll(through, "%PORT", "80"), strings.ReplaceAll(through, "%PORT", "443")
	for _, c := range []reviewCase{
		{"requests to the gateway, and on", entry + service + plain, to80, `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext
			sidecar istio-system ` + host + `:80 (to gateway) plaintext no-rule
			sidecar shop ` + host + `:80 (to gateway) plaintext no-rule`},
		{"a server for mutual TLS, and no rule for the hop to it", entry + service + mutual, to443, `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext
			sidecar shop ` + host + `:443 (to gateway) plaintext no-rule carrying http`},
		{"a rule for the hop", entry + service + mutual + `
			DestinationRule shop/gw: {host: ` + host + `, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: a.example}}}`, to443, `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext
			sidecar shop ` + host + `:443 (to gateway) originated ISTIO_MUTUAL carrying http`},
		{"a subset that no rule has is no way to the gateway", entry + service + plain, strings.Replace(to80, "port: {number: 80}}}]},", "subset: v1, port: {number: 80}}}]},", 1), `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext
			sidecar shop ` + host + `:80/v1 (to gateway) plaintext no-rule carrying http`},
		{"another namespace without a rule of its own is not meant", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [till, istio-system], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}` + service + mutual, strings.Replace(to443, "exportTo: [., istio-system]", "exportTo: [till, istio-system]", 1), `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext`},
		{"one with a rule is", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [till, istio-system], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule till/gw: {host: ` + host + `}` + service + mutual, strings.Replace(to443, "exportTo: [., istio-system]", "exportTo: [till, istio-system]", 1), `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext
			sidecar till ` + host + `:443 (to gateway) plaintext unset carrying http`},
		{"a rule beside a gateway of which no Service is known", entry + `
			Gateway egress/gw: {selector: {istio: edge}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
			DestinationRule edge/gw: {host: istio-edge.edge.svc.cluster.local, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], gateways: [mesh, egress/gw],
				http: [{match: [{gateways: [mesh]}], route: [{destination: {host: istio-edge.edge.svc.cluster.local, port: {number: 80}}}]}]}`, `
			sidecar shop istio-edge.edge.svc.cluster.local:80 (to gateway) originated ISTIO_MUTUAL`},
		{"a gateway of which nothing is known", entry, to80, `
			gateway istio-system a.example:80 plaintext no-rule was plaintext`},
		{"a Gateway without servers", entry + service + `
			Gateway egress/gw: {selector: {istio: egress}}`, to80, `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext`},
		{"routes that the mesh sends nothing to yet", entry + service + plain, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [istio-system], gateways: [egress/gw],
				http: [{route: [{destination: {host: a.example, port: {number: 80}}}]}]}`, `
			gateway istio-system istio=egress a.example:80 plaintext no-rule was plaintext`},
		{"requests to a port for TLS, which the gateway has to encrypt", entry + service + plain + `
			DestinationRule istio-system/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [istio-system], gateways: [egress/gw],
				http: [{route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			gateway istio-system istio=egress a.example:443 originated SIMPLE carrying http was originated`},
		{"TLS that the gateway passes on", entry + service + `
			Gateway egress/gw: {selector: {istio: egress},
				servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: PASSTHROUGH}}]}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [istio-system], gateways: [egress/gw],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			gateway istio-system istio=egress a.example:443 application-tls no-rule was application-tls`},
		{"bytes of which nobody knows what they are", entry + service + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 5432, name: tcp, protocol: TCP}, hosts: ["*"]}]}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [istio-system], gateways: [egress/gw],
				tcp: [{route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			gateway istio-system istio=egress a.example:443 plaintext no-rule carrying opaque was plaintext`},
		{"bytes that are TLS, since the mesh sends that", entry + service + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 443, name: tcp, protocol: TCP}, hosts: ["*"]}]}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [., istio-system], gateways: [mesh, egress/gw],
				tls: [{match: [{port: 443, sniHosts: [a.example]}],
				route: [{destination: {host: ` + host + `, port: {number: 443}}}]}], tcp: [{match: [{gateways: [egress/gw]}], route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			gateway istio-system istio=egress a.example:443 application-tls no-rule was application-tls
			sidecar istio-system ` + host + `:443 (to gateway) application-tls no-rule
			sidecar shop ` + host + `:443 (to gateway) application-tls no-rule`},
		{"bytes that are requests, since the mesh sends those", entry + service + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 443, name: tcp, protocol: TCP}, hosts: ["*"]}]}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [., istio-system], gateways: [mesh, egress/gw],
				http: [{match: [{gateways: [mesh]}],
				route: [{destination: {host: ` + host + `, port: {number: 443}}}]}], tcp: [{match: [{gateways: [egress/gw]}], route: [{destination: {host: a.example, port: {number: 5432}}}]}]}`, `
			gateway istio-system istio=egress a.example:5432 plaintext no-rule carrying http was plaintext
			sidecar istio-system ` + host + `:443 (to gateway) plaintext no-rule carrying http
			sidecar shop ` + host + `:443 (to gateway) plaintext no-rule carrying http`},
		{"bytes of a port of which the protocol is not declared", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [shop, istio-system], resolution: DNS,
				ports: [{number: 9000, name: any}, {number: 5432, name: tcp, protocol: TCP}]}` + service + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 443, name: tcp, protocol: TCP}, hosts: ["*"]}]}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [., istio-system], gateways: [mesh, egress/gw],
				tcp: [{match: [{gateways: [mesh], port: 9000}],
				route: [{destination: {host: ` + host + `, port: {number: 443}}}]}, {match: [{gateways: [egress/gw]}], route: [{destination: {host: a.example, port: {number: 5432}}}]}]}`, `
			gateway istio-system istio=egress a.example:5432 plaintext no-rule carrying unspecified was plaintext
			sidecar istio-system a.example:9000 plaintext no-rule was plaintext
			sidecar shop a.example:9000 plaintext no-rule was plaintext
			sidecar istio-system ` + host + `:443 (to gateway) plaintext no-rule carrying unspecified
			sidecar shop ` + host + `:443 (to gateway) plaintext no-rule carrying unspecified`},
		{"requests of such a port", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [shop, istio-system], resolution: DNS,
				ports: [{number: 9000, name: any}, {number: 5432, name: tcp, protocol: TCP}]}` + service + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 443, name: tcp, protocol: TCP}, hosts: ["*"]}]}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [., istio-system], gateways: [mesh, egress/gw],
				http: [{match: [{gateways: [mesh], port: 9000}], route: [{destination: {host: ` + host + `, port: {number: 443}}}]}],
				tcp: [{match: [{gateways: [egress/gw]}], route: [{destination: {host: a.example, port: {number: 5432}}}]}]}`, `
			gateway istio-system istio=egress a.example:5432 plaintext no-rule carrying unspecified was plaintext
			sidecar istio-system a.example:9000 plaintext no-rule was plaintext
			sidecar shop a.example:9000 plaintext no-rule was plaintext
			sidecar istio-system ` + host + `:443 (to gateway) plaintext no-rule carrying unspecified
			sidecar shop ` + host + `:443 (to gateway) plaintext no-rule carrying unspecified`},
		{"bytes for a host that the VirtualService's own namespace does not import", entry + service + `
			Sidecar shop/default: {egress: [{hosts: [./x.example]}]}
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 443, name: tcp, protocol: TCP}, hosts: ["*"]}]}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [., istio-system], gateways: [mesh, egress/gw],
				tls: [{match: [{gateways: [mesh], sniHosts: [a.example]}], route: [{destination: {host: ` + host + `, port: {number: 443}}}]}],
				tcp: [{match: [{gateways: [egress/gw]}], route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			gateway istio-system istio=egress a.example:443 plaintext no-rule carrying opaque was plaintext
			gateway istio-system istio=egress a.example:443 application-tls no-rule was application-tls
			sidecar istio-system ` + host + `:443 (to gateway) application-tls no-rule`},
		{"bytes for a host that nothing declares", entry + service + `
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 443, name: tcp, protocol: TCP}, hosts: ["*"]}]}`, `
			VirtualService shop/v: {hosts: [x.test], exportTo: [istio-system], gateways: [egress/gw],
				tcp: [{route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			gateway istio-system istio=egress a.example:443 plaintext no-rule carrying opaque was plaintext`},
		{"bytes that are TLS and come from a gateway without servers", entry, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [., istio-system], gateways: [mesh, egress/gw],
				tls: [{match: [{gateways: [mesh], sniHosts: [a.example]}],
				route: [{destination: {host: ` + host + `, port: {number: 443}}}]}], tcp: [{match: [{gateways: [egress/gw]}], route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			gateway istio-system a.example:443 application-tls no-rule was application-tls`},
		{"routes of a gateway alone of which nothing is known", entry, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [istio-system], gateways: [egress/gw],
				http: [{match: [{port: 8080, sourceNamespace: istio-system}], route: [{destination: {host: a.example, port: {number: 80}}}]}]}`, `
			gateway istio-system a.example:80 plaintext no-rule was plaintext`},
		{"routes of a Gateway without servers alone", entry + service + `
			Gateway egress/gw: {selector: {istio: egress}}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [istio-system], gateways: [egress/gw],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: a.example, port: {number: 443}}}]}]}`, `
			gateway istio-system istio=egress a.example:443 application-tls no-rule was application-tls`},
		{"a server that redirects", entry + service + `
			Gateway egress/gw: {selector: {istio: egress},
				servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"], tls: {httpsRedirect: true}}]}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [istio-system], gateways: [egress/gw],
				http: [{route: [{destination: {host: a.example}}]}]}`, ``},
		{"a server that goes past all routes", entry + service + `
			Gateway egress/gw: {selector: {istio: egress},
				servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: AUTO_PASSTHROUGH}}]}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [istio-system], gateways: [egress/gw],
				tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: a.example}}]}]}`, ``},
	} {
		c.run(t)
	}
}

package mesh

import "testing"

// What a VirtualService under review answers for: the traffic that its routes take, or give back.
func TestReviewVirtualService(t *testing.T) {
	const entry = `
		ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP},
			{number: 5432, name: tcp, protocol: TCP}]}
		ServiceEntry egress/b: {hosts: [b.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	const simple = `
		DestinationRule egress/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const toB = `
		VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{route: [{destination: {host: b.example}}]}]}`
	for _, c := range []reviewCase{
		{"requests that lose their TLS by the route", entry + simple, toB, `
			sidecar shop b.example:80 plaintext no-rule was originated asks for a.example`},
		{"requests in plaintext before and after", entry, toB, `
			sidecar shop b.example:80 plaintext no-rule was plaintext`},
		{"a deleted route gives them back", entry + simple + toB, "delete VirtualService shop/v", `
			sidecar shop a.example:80 originated SIMPLE was plaintext`},
		{"a route for a port that the host has not, where it leads", entry, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], tcp: [{match: [{port: 5433}], route: [{destination: {host: b.example}}]}]}`, `
			sidecar shop b.example:80 plaintext no-rule was plaintext`},
		{"a redirect", entry, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{redirect: {uri: /}}]}`, `
			sidecar shop a.example:80 unknown no-destination was plaintext`},
		{"a deleted redirect lets out what was kept in", entry + `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{redirect: {uri: /}}]}`, "delete VirtualService shop/v", `
			sidecar shop a.example:80 plaintext no-rule was unrouted`},
		{"a route to a service of the mesh lets nothing out", entry, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{route: [{destination: {host: web}}]}]}`, ``},
		{"a route to a headless Service lets connections go on", entry + simple + `
			Service shop/web: {clusterIP: None, ports: [{name: http, port: 80}]}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{route: [{destination: {host: web, port: {number: 80}}}]}]}`, `
			sidecar shop web.shop.svc.cluster.local:80 plaintext no-rule was originated asks for a.example`},
		{"a route from a host of the mesh", entry, `
			VirtualService shop/v: {hosts: [web], exportTo: [.], http: [{route: [{destination: {host: b.example}}]}]}`, `
			sidecar shop b.example:80 plaintext no-rule was plaintext`},
		{"what stayed in the mesh goes to a host without TLS", entry + simple + `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{route: [{destination: {host: web}}]}]}`, toB, `
			sidecar shop b.example:80 plaintext no-rule was plaintext taken from TLS by VirtualService shop/v asks for a.example`},
		{"and straight out, by an entry that took the place of another", entry + simple + `
			ServiceEntry shop/a: {hosts: [a.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{route: [{destination: {host: web}}]}]}`, "delete VirtualService shop/v", `
			sidecar shop a.example:80 plaintext no-rule taken from TLS by ServiceEntry shop/a`},
		{"the host that a route had before", entry + simple + toB, `
			VirtualService shop/v: {hosts: [b.example], exportTo: [.], http: [{route: [{destination: {host: b.example}}]}]}`, `
			sidecar shop a.example:80 originated SIMPLE was plaintext
			sidecar shop b.example:80 plaintext no-rule was plaintext`},
		{"a host in other letters", entry + simple, `
			VirtualService shop/v: {hosts: [A.Example], exportTo: [.], http: [{route: [{destination: {host: b.example}}]}]}`, `
			sidecar shop b.example:80 plaintext no-rule was originated asks for a.example`},
		{"a wildcard over the host", entry + simple, `
			VirtualService shop/v: {hosts: ["*.example"], exportTo: [.], http: [{route: [{destination: {host: b.example}}]}]}`, `
			sidecar shop b.example:80 plaintext no-rule was originated asks for a.example`},
		{"TLS by a name that nothing declares", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [shop], resolution: DNS, ports: [{number: 443, name: https, protocol: HTTPS}]}`, `
			VirtualService shop/v: {hosts: [x.test], exportTo: [.],
				tls: [{match: [{sniHosts: [x.test]}], route: [{destination: {host: a.example}}]}]}`, `
			sidecar shop a.example:443 application-tls no-rule was application-tls`},
		{"what the route sets as the Host header", entry + simple, `
			VirtualService shop/v: {hosts: [b.example], exportTo: [.],
				http: [{rewrite: {authority: a.example}, route: [{destination: {host: a.example, port: {number: 80}}}]}]}`, `
			sidecar shop a.example:80 originated SIMPLE was originated by VirtualService shop/v`},
		{"a subset", entry + `
			DestinationRule egress/b: {host: b.example, trafficPolicy: {tls: {mode: SIMPLE}},
				subsets: [{name: v1, trafficPolicy: {tls: {mode: DISABLE}}}]}`, `
			VirtualService shop/v: {hosts: [b.example], exportTo: [.], http: [{route: [{destination: {host: b.example, subset: v1}}]}]}`, `
			sidecar shop b.example:80/v1 plaintext disabled was originated`},
		{"two ways to one cluster are one flow, under TLS before if either was", entry + simple, `
			VirtualService shop/v: {hosts: [b.example, a.example], exportTo: [.], http: [{route: [{destination: {host: b.example}}]}]}`, `
			sidecar shop b.example:80 plaintext no-rule was originated asks for a.example`},
		{"in either order", entry + `
			DestinationRule egress/b: {host: b.example, trafficPolicy: {tls: {mode: SIMPLE}}}
			ServiceEntry egress/c: {hosts: [c.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			VirtualService shop/v: {hosts: [b.example, a.example], exportTo: [.], http: [{route: [{destination: {host: c.example}}]}]}`, `
			sidecar shop c.example:80 plaintext no-rule was originated asks for b.example`},
		{"and was kept in if either was", entry + `
			ServiceEntry egress/c: {hosts: [c.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/v: {hosts: [b.example], exportTo: [.], http: [{redirect: {uri: /}}]}`, `
			VirtualService shop/v: {hosts: [b.example, a.example], exportTo: [.], http: [{route: [{destination: {host: c.example}}]}]}`, `
			sidecar shop c.example:80 plaintext no-rule was plaintext was unrouted`},
		{"the same the other way round", entry + `
			ServiceEntry egress/c: {hosts: [c.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{redirect: {uri: /}}]}`, `
			VirtualService shop/v: {hosts: [b.example, a.example], exportTo: [.], http: [{route: [{destination: {host: c.example}}]}]}`, `
			sidecar shop c.example:80 plaintext no-rule was plaintext was unrouted`},
		{"of several ways before the worst", entry + simple + `
			ServiceEntry egress/c: {hosts: [c.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/v: {hosts: [a.example], exportTo: [.],
				http: [{route: [{destination: {host: a.example}, weight: 1}, {destination: {host: b.example}, weight: 1}]}]}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{route: [{destination: {host: c.example}}]}]}`, `
			sidecar shop c.example:80 plaintext no-rule was plaintext`},
		{"bytes for some addresses stay inside, the others go as they did", entry, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.],
				tcp: [{match: [{destinationSubnets: [10.0.0.0/8]}], route: [{destination: {host: web}}]}]}`, `
			sidecar shop a.example:5432 plaintext no-rule was plaintext fallback`},
		{"traffic that another VirtualService takes is not its own", entry + simple + `
			VirtualService shop/older @1: {hosts: [a.example], exportTo: [.], http: [{route: [{destination: {host: b.example}}]}]}`, `
			VirtualService shop/v @2: {hosts: [a.example], exportTo: [.], http: [{redirect: {uri: /}}]}`, ``},
		{"nor is what it has no route for", entry + simple, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{match: [{port: 8080}], route: [{destination: {host: web}}]}]}`, ``},
		{"but what it keeps from another, which let nothing out, is", entry + `
			VirtualService shop/wide: {hosts: ["*.example"], exportTo: [.], http: [{redirect: {uri: /}}]}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.], http: [{match: [{port: 8080}], redirect: {uri: /}}]}`, `
			sidecar shop a.example:80 plaintext no-rule was unrouted`},
		{"a host that lies in the mesh for some clients", entry + `
			ServiceEntry shop/a: {hosts: [a.example], exportTo: [.], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.0.0.1}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.],
				http: [{match: [{uri: {prefix: /}}], route: [{destination: {host: a.example}}]}]}`, ``},
		{"pods that the route matches", entry + simple, `
			VirtualService shop/v: {hosts: [a.example], exportTo: [.],
				http: [{match: [{sourceLabels: {app: web}}], route: [{destination: {host: b.example}}]}]}`, `
			sidecar shop app=web b.example:80 plaintext no-rule was originated asks for a.example`},

		{"a delegate answers for the host of its root", entry + simple + `
			VirtualService shop/root: {hosts: [a.example], exportTo: [.], http: [{delegate: {name: v}}]}`, `
			VirtualService shop/v: {http: [{route: [{destination: {host: b.example}}]}]}`, `
			sidecar shop b.example:80 plaintext no-rule was originated asks for a.example`},
		{"a deleted delegate, too", entry + `
			VirtualService shop/root: {hosts: [a.example], exportTo: [.], http: [{delegate: {name: v}}]}
			VirtualService shop/v: {http: [{redirect: {uri: /}}]}`, "delete VirtualService shop/v", `
			sidecar shop a.example:80 plaintext no-rule was unrouted`},
		{"a delegate of no root", entry, `
			VirtualService shop/v: {http: [{route: [{destination: {host: b.example}}]}]}`, ``},

		{"a name that only a wildcard declares, and that loses its TLS", `
			ServiceEntry egress/w: {hosts: ["*.example"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}
			ServiceEntry egress/b: {hosts: [b.test], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule egress/w: {host: "*.example", trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			VirtualService shop/v: {hosts: [x.example], exportTo: [.], http: [{route: [{destination: {host: b.test}}]}]}`, `
			sidecar shop b.test:80 plaintext no-rule was originated asks for x.example`},
		{"and that was kept in", `
			ServiceEntry egress/w: {hosts: ["*.example"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService shop/v: {hosts: [x.example], exportTo: [.], http: [{redirect: {uri: /}}]}`, "delete VirtualService shop/v", `
			sidecar shop *.example:80 plaintext no-rule was unrouted`},
		{"the hop to a gateway is not told for it", `
			Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 80, name: http}]}
			Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
			ServiceEntry egress/w: {hosts: ["*.example"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule egress/w: {host: "*.example", exportTo: [shop], trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			VirtualService shop/v: {hosts: [x.example], exportTo: [., istio-system], gateways: [mesh, egress/gw], http: [
				{match: [{gateways: [mesh]}], route: [{destination: {host: egress.istio-system.svc.cluster.local, port: {number: 80}}}]},
				{match: [{gateways: [egress/gw]}], route: [{destination: {host: "*.example", port: {number: 80}}}]}]}`, `
			gateway istio-system istio=egress *.example:80 plaintext no-rule was originated asks for x.example`},
		{"a name that is declared is none of a wildcard's", `
			ServiceEntry egress/w: {hosts: ["*.example"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}
			ServiceEntry egress/x: {hosts: [x.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			ServiceEntry egress/b: {hosts: [b.test], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule egress/w: {host: "*.example", trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule egress/x: {host: x.example}`, `
			VirtualService shop/v: {hosts: [x.example], exportTo: [.], http: [{route: [{destination: {host: b.test}}]}]}`, `
			sidecar shop b.test:80 plaintext no-rule was plaintext`},
		{"TLS below a wildcard", `
			ServiceEntry egress/w: {hosts: ["*.example"], resolution: NONE, ports: [{number: 443, name: tls, protocol: TLS}]}
			ServiceEntry egress/b: {hosts: [b.test], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
			DestinationRule egress/b: {host: b.test, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			VirtualService shop/v: {hosts: [x.example], exportTo: [.],
				tls: [{match: [{sniHosts: [x.example, "*.example"]}], route: [{destination: {host: b.test}}]}]}`, `
			sidecar shop b.test:443 double-tls SIMPLE unverified was application-tls`},
		{"bytes below a wildcard", `
			ServiceEntry egress/w: {hosts: ["*.example"], resolution: NONE, ports: [{number: 5432, name: tcp, protocol: TCP}]}
			ServiceEntry egress/b: {hosts: [b.test], resolution: DNS, ports: [{number: 5432, name: tcp, protocol: TCP}]}`, `
			VirtualService shop/v: {hosts: [x.example], exportTo: [.],
				tcp: [{match: [{destinationSubnets: [10.0.0.0/8]}], route: [{destination: {host: b.test}}]}]}`, `
			sidecar shop *.example:5432 plaintext no-rule was plaintext
			sidecar shop b.test:5432 plaintext no-rule was plaintext`},
		{"requests below a wildcard that it does not name are the wildcard's", `
			ServiceEntry egress/w: {hosts: ["*.example"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}
			ServiceEntry egress/b: {hosts: [b.test], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			VirtualService shop/v: {hosts: [x.example], exportTo: [.], http: [{route: [{destination: {host: b.test}}]}]}`, `
			sidecar shop b.test:80 plaintext no-rule was plaintext`},
	} {
		c.run(t)
	}
}

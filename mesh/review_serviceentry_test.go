package mesh

import "testing"

// What a ServiceEntry under review answers for: every client of its hosts.
func TestReviewServiceEntry(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS,
			ports: [{number: 80, name: http, protocol: HTTP}, {number: 53, name: dns, protocol: UDP}]}`
	const rule = `
		DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const waypoint = `
		Namespace egress: {metadata: {labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}}
		Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
		KubernetesGateway egress/waypoint: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}`
	for _, c := range []reviewCase{
		{"every client and port, UDP apart", ``, entry, `
			sidecar any other namespace api.bank.example:80 plaintext no-rule
			sidecar egress api.bank.example:80 plaintext no-rule`},
		{"what it was before", entry, entry, `
			sidecar any other namespace api.bank.example:80 plaintext no-rule was plaintext
			sidecar egress api.bank.example:80 plaintext no-rule was plaintext`},
		{"the rule decides, not the entry", rule, entry, `
			sidecar any other namespace api.bank.example:80 originated SIMPLE
			sidecar egress api.bank.example:80 originated SIMPLE`},
		{"a host inside the mesh", ``, `
			ServiceEntry egress/bank: {hosts: [api.bank.example], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.0.0.1}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, ``},
		{"a host that lies in the mesh for some clients", `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], location: MESH_INTERNAL, resolution: STATIC,
				endpoints: [{address: 10.0.0.1}], ports: [{number: 80, name: http, protocol: HTTP}]}`, entry, `
			sidecar any other namespace api.bank.example:80 plaintext no-rule
			sidecar egress api.bank.example:80 plaintext no-rule`},
		{"a deleted entry leaves no host", entry, "delete ServiceEntry egress/bank", ``},
		{"nor a host that it had before", entry, `
			ServiceEntry egress/bank: {hosts: [www.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar any other namespace www.bank.example:80 plaintext no-rule
			sidecar egress www.bank.example:80 plaintext no-rule`},
		{"an entry that takes the host and leaves out its port", entry + rule, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}`, `
			sidecar shop api.bank.example:80 plaintext port-not-declared was originated by ServiceEntry shop/bank
			sidecar shop api.bank.example:443 application-tls no-rule`},
		{"nobody is hurt where nothing was under TLS", entry, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}`, `
			sidecar shop api.bank.example:443 application-tls no-rule`},
		{"a port that the client's own entry alone declared", entry + rule + `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP},
				{number: 8080, name: http2, protocol: HTTP}]}
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar shop api.bank.example:80 originated SIMPLE was originated
			sidecar shop api.bank.example:8080 plaintext port-not-declared was originated by ServiceEntry shop/bank`},
		{"a port that is declared for TLS, to which requests under TLS were sent", entry + rule, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: tls, protocol: TLS}]}`, `
			sidecar shop api.bank.example:80 plaintext declared-tls was originated by ServiceEntry shop/bank
			sidecar shop api.bank.example:80 application-tls no-rule was originated`},
		{"a port that is declared for UDP", entry + rule, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: udp, protocol: UDP}]}`, `
			sidecar shop api.bank.example:80 plaintext declared-otherwise was originated by ServiceEntry shop/bank`},
		{"a port that is declared for bytes where others declare requests", entry + rule + `
			ServiceEntry egress/web: {hosts: [web.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}`, `
			sidecar shop api.bank.example:80 plaintext declared-otherwise was originated by ServiceEntry shop/bank
			sidecar shop api.bank.example:80 originated SIMPLE unverified was originated fallback`},
		{"or at its addresses alone", entry + rule + `
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], addresses: [203.0.113.1], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}`, `
			sidecar shop api.bank.example:80 plaintext declared-otherwise was originated by ServiceEntry shop/bank
			sidecar shop api.bank.example:80 originated SIMPLE unverified was originated`},
		{"a port for bytes that gets requests, too, under TLS", entry + rule + `
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}`, `
			sidecar shop api.bank.example:80 originated SIMPLE unverified was originated fallback`},
		{"another entry's port for bytes at other addresses", `
			ServiceEntry egress/bank @1: {hosts: [api.bank.example], addresses: [240.0.0.1], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], addresses: [240.0.0.2], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}`, `
			sidecar shop api.bank.example:80 plaintext other-addresses was originated by ServiceEntry shop/bank`},
		{"or for requests", `
			ServiceEntry egress/bank @1: {hosts: [api.bank.example], addresses: [240.0.0.1], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar shop api.bank.example:80 originated SIMPLE was originated
			sidecar shop api.bank.example:80 plaintext declared-otherwise was originated by ServiceEntry shop/bank`},
		{"a third namespace's entry with a server inside the mesh", entry + rule, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [till], location: MESH_INTERNAL, resolution: STATIC,
				endpoints: [{address: 10.0.0.7}], ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar till api.bank.example:80 plaintext kept-inside was originated by ServiceEntry shop/bank`},
		{"which takes the mesh's mutual TLS", entry + rule, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [till], location: MESH_INTERNAL, resolution: STATIC,
				endpoints: [{address: 10.0.0.7, serviceAccount: bank}], ports: [{number: 80, name: http, protocol: HTTP}]}`, ""},
		{"or for the namespace alone", entry + rule, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], location: MESH_INTERNAL, resolution: STATIC,
				endpoints: [{address: 10.0.0.7}], ports: [{number: 80, name: http, protocol: HTTP}]}`, ""},
		{"a host to which routes take another's that is under TLS", entry + rule + `
			VirtualService shop/bank: {hosts: [api.bank.example], exportTo: [.], http: [{route: [{destination: {host: "*.new.example"}}]}]}`, `
			ServiceEntry shop/new: {hosts: ["*.new.example"], exportTo: [.], resolution: STATIC, endpoints: [{address: 203.0.113.7}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar shop *.new.example:80 plaintext no-rule was originated taken from TLS by VirtualService shop/bank asks for api.bank.example`},
		{"or one that is not", entry + `
			VirtualService shop/bank: {hosts: [api.bank.example], exportTo: [.], http: [{route: [{destination: {host: "*.new.example"}}]}]}`, `
			ServiceEntry shop/new: {hosts: ["*.new.example"], exportTo: [.], resolution: STATIC, endpoints: [{address: 203.0.113.7}],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar shop *.new.example:80 plaintext no-rule`},
		{"the port goes from an entry that keeps in the mesh what another has under TLS", entry + rule + `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], location: MESH_INTERNAL, resolution: STATIC}`, `
			sidecar shop api.bank.example:80 plaintext port-not-declared was plaintext by ServiceEntry shop/bank taken from TLS by ServiceEntry shop/bank`},
		{"or what another has without", entry + `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], location: MESH_INTERNAL, resolution: STATIC}`, ``},
		{"what routes let go nowhere passes where the port is left out", entry + rule + `
			VirtualService shop/bank: {hosts: [api.bank.example], exportTo: [.], http: [{directResponse: {status: 403}}]}`, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}`, `
			sidecar shop api.bank.example:80 plaintext port-not-declared was originated was unrouted by ServiceEntry shop/bank
			sidecar shop api.bank.example:443 application-tls no-rule`},
		{"clients of a deleted entry come to another's, which loses their TLS", entry + `
			ServiceEntry shop/bank @1: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, "delete ServiceEntry shop/bank", `
			sidecar any other namespace api.bank.example:80 plaintext no-rule was originated
			sidecar egress api.bank.example:80 plaintext no-rule was plaintext
			sidecar shop api.bank.example:80 originated SIMPLE was originated`},
		{"clients of another entry of the host, as they were, are not its own", entry, `
			ServiceEntry shop/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar shop api.bank.example:80 plaintext no-rule was plaintext`},
		{"a port that it adds to an older entry is", `
			ServiceEntry egress/bank @1: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			ServiceEntry egress/more: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 81, name: http, protocol: HTTP}]}`, `
			sidecar any other namespace api.bank.example:81 plaintext no-rule
			sidecar egress api.bank.example:81 plaintext no-rule`},
		{"a client that sees no service", ``, `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar shop api.bank.example:80 plaintext no-rule`},
		{"pods of ambient namespaces come to the waypoint of a new entry, not to the ztunnel that they had", waypoint + `
			DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, entry, `
			sidecar any other namespace api.bank.example:80 originated SIMPLE
			waypoint egress api.bank.example:80 originated SIMPLE`},
		{"and to the ztunnel where the entry uses none", waypoint, `
			ServiceEntry egress/bank: {metadata: {labels: {istio.io/use-waypoint: none}}, hosts: [api.bank.example], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar any other namespace api.bank.example:80 plaintext no-rule
			ztunnel egress api.bank.example:80 plaintext ztunnel`},
		{"subsets of the rule", `
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}},
				subsets: [{name: v1, trafficPolicy: {tls: {mode: DISABLE}}}]}`, entry, `
			sidecar any other namespace api.bank.example:80 plaintext no-rule
			sidecar egress api.bank.example:80 plaintext no-rule
			sidecar shop api.bank.example:80 originated SIMPLE
			sidecar shop api.bank.example:80/v1 plaintext disabled`},
		{"a subset without a cluster", `
			DestinationRule shop/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}},
				subsets: [{name: v1, labels: {v: "1"}}]}`, entry, `
			sidecar any other namespace api.bank.example:80 plaintext no-rule
			sidecar egress api.bank.example:80 plaintext no-rule
			sidecar shop api.bank.example:80 originated SIMPLE`},
		{"a ztunnel has no subsets", `
			Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
			DestinationRule egress/bank: {host: api.bank.example, subsets: [{name: v1}]}`, entry, `
			sidecar any other namespace api.bank.example:80 plaintext unset
			sidecar any other namespace api.bank.example:80/v1 plaintext unset
			sidecar egress api.bank.example:80 plaintext unset
			sidecar egress api.bank.example:80/v1 plaintext unset
			ztunnel shop api.bank.example:80 plaintext ztunnel`},
		{"clients that do not see it, though a route of theirs leads there", `
			VirtualService till/v: {hosts: [web], exportTo: [.], http: [{route: [{destination: {host: api.bank.example}}]}]}`, `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar shop api.bank.example:80 plaintext no-rule`},
		{"clients that do not listen for it, and may come by its cluster all the same", `
			VirtualService shop/v: {hosts: [v.example], exportTo: [.], http: [{route: [{destination: {host: api.bank.example}}]}]}
			Sidecar shop/default: {egress: [{hosts: [./*]}]}`, `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar shop api.bank.example:80 plaintext no-rule`},
		{"of several waypoints each is held against itself", `
			KubernetesGateway a/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, name: mesh}]}
			KubernetesGateway b/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, name: mesh}]}
			ServiceEntry a/bank: {metadata: {labels: {istio.io/use-waypoint: waypoint}}, hosts: [api.bank.example], exportTo: [.], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}
			ServiceEntry b/bank: {metadata: {labels: {istio.io/use-waypoint: waypoint}}, hosts: [api.bank.example], exportTo: [.], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule a/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			ServiceEntry b/bank: {metadata: {labels: {istio.io/use-waypoint: waypoint}}, hosts: [api.bank.example], exportTo: [.], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar b api.bank.example:80 plaintext no-rule was plaintext
			waypoint b api.bank.example:80 plaintext no-rule was plaintext`},
		{"a new label takes the waypoint from ambient pods", `
			Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
			KubernetesGateway egress/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, name: mesh}]}
			ServiceEntry egress/bank: {metadata: {labels: {istio.io/use-waypoint: waypoint}}, hosts: [api.bank.example], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule egress/bank: {host: api.bank.example, exportTo: [.], trafficPolicy: {tls: {mode: SIMPLE}}}`, entry, `
			sidecar any other namespace api.bank.example:80 plaintext no-rule was plaintext
			sidecar egress api.bank.example:80 originated SIMPLE was originated
			ztunnel shop api.bank.example:80 plaintext ztunnel was originated`},
		{"a new waypoint is held against the old", `
			KubernetesGateway egress/waypoint: {gatewayClassName: istio-waypoint, listeners: [{protocol: HBONE, port: 15008, name: mesh}]}
			KubernetesGateway shop/waypoint: {gatewayClassName: istio-waypoint,
				listeners: [{protocol: HBONE, port: 15008, name: mesh, allowedRoutes: {namespaces: {from: All}}}]}
			DestinationRule egress/bank: {host: api.bank.example, exportTo: [.], trafficPolicy: {tls: {mode: SIMPLE}}}
			ServiceEntry egress/bank: {metadata: {labels: {istio.io/use-waypoint: waypoint}}, hosts: [api.bank.example], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			ServiceEntry egress/bank: {metadata: {labels: {istio.io/use-waypoint: waypoint, istio.io/use-waypoint-namespace: shop}},
				hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar any other namespace api.bank.example:80 plaintext no-rule was plaintext
			sidecar egress api.bank.example:80 originated SIMPLE was originated
			waypoint shop api.bank.example:80 plaintext no-rule was originated`},
	} {
		c.run(t)
	}
}

package mesh

import "testing"

// What a Sidecar under review answers for: connections that its pods had under TLS, and that go differently with it.
func TestReviewSidecar(t *testing.T) {
	const bank = `
		ServiceEntry egress/bank @1: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const other = `
		ServiceEntry other/bank @2: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	const wide = `
		ServiceEntry other/wide: {hosts: ["*.bank.example"], ports: [{number: 80, name: http, protocol: HTTP}]}`
	const gateway = `
		Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 80, name: http}, {port: 443, name: https}]}
		ServiceEntry egress/bank @1: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
		VirtualService routes/bank: {hosts: [api.bank.example], gateways: [mesh, egress/gw], http: [
			{match: [{gateways: [mesh]}], route: [{destination: {host: egress.istio-system.svc.cluster.local, port: {number: 80}}}]},
			{match: [{gateways: [egress/gw]}], route: [{destination: {host: api.bank.example, port: {number: 80}}}]}]}
		DestinationRule istio-system/bank: {host: api.bank.example, exportTo: [.], trafficPolicy: {tls: {mode: SIMPLE}}}`
	const alike = `
		Sidecar shop/default: {egress: [{hosts: [egress/*, istio-system/*]}]}`
	for _, c := range []reviewCase{
		{"another entry of the host", bank + other, `
			Sidecar shop/default: {egress: [{hosts: [other/*]}]}`, `
			sidecar shop api.bank.example:80 plaintext no-rule was originated`},
		{"the same by an update", bank + other + alike, `
			Sidecar shop/default: {egress: [{hosts: [other/*]}]}`, `
			sidecar shop api.bank.example:80 plaintext no-rule was originated`},
		{"and by the deletion of the one that picks the right entry", bank + `
			ServiceEntry other/bank @0: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}` +
			alike, "delete Sidecar shop/default", `
			sidecar shop api.bank.example:80 plaintext no-rule was originated`},
		{"for the pods that it selects", bank + other, `
			Sidecar shop/web: {workloadSelector: {labels: {app: web}}, egress: [{hosts: [other/*]}]}`, `
			sidecar shop app=web api.bank.example:80 plaintext no-rule was originated`},
		{"and those that a rule selects besides", bank + other + `
			DestinationRule shop/bank: {host: api.bank.example, workloadSelector: {matchLabels: {team: a}}, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			Sidecar shop/default: {workloadSelector: {labels: {app: web}}, egress: [{hosts: [other/*]}]}`, `
			sidecar shop app=web team=a api.bank.example:80 originated SIMPLE was originated`},
		{"the same entry", bank + other, alike, ``},
		{"not the route to a gateway that the pods knew without its ports", gateway + `
			ServiceEntry shop/gate: {hosts: [egress.istio-system.svc.cluster.local], exportTo: [.]}`, `
			Sidecar shop/default: {egress: [{hosts: [egress/*]}]}`, `
			sidecar shop api.bank.example:80 plaintext no-rule was unknown`},
		{"not the route that kept requests in the mesh", other + `
			Service shop/fake: {ports: [{port: 80, name: http}]}
			VirtualService shop/bank: {hosts: [api.bank.example], exportTo: [.], http: [{route: [{destination: {host: fake}}]}]}`, `
			Sidecar shop/default: {egress: [{hosts: [other/*]}]}`, `
			sidecar shop api.bank.example:80 plaintext no-rule`},
		{"another entry that its own rule has under TLS", bank + other + `
			DestinationRule other/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			Sidecar shop/default: {egress: [{hosts: [other/*]}]}`, `
			sidecar shop api.bank.example:80 originated SIMPLE was originated`},
		{"another entry under the name of another server", bank + other + `
			DestinationRule other/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, sni: x.example}}}`, `
			Sidecar shop/default: {egress: [{hosts: [other/*]}]}`, `
			sidecar shop api.bank.example:80 originated SIMPLE unverified was originated`},
		{"what was in plaintext is not its own", other + `
			ServiceEntry egress/bank @1: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			Sidecar shop/default: {egress: [{hosts: [other/*]}]}`, ``},
		{"clients of other namespaces are not either", bank + other, `
			Sidecar other/default: {egress: [{hosts: [egress/*]}]}`, ``},
		{"the default of the mesh is for all namespaces without one", bank + other + alike, `
			Sidecar istio-system/default: {egress: [{hosts: [other/*]}]}`, `
			sidecar any other namespace api.bank.example:80 plaintext no-rule was originated
			sidecar egress api.bank.example:80 originated SIMPLE was originated`},

		{"the route to the gateway", gateway, `
			Sidecar shop/default: {egress: [{hosts: [egress/api.bank.example, routes/*, istio-system/*]}]}`, ``},
		{"not the route to the gateway", gateway, `
			Sidecar shop/default: {egress: [{hosts: [egress/api.bank.example, istio-system/*]}]}`, `
			sidecar shop api.bank.example:80 plaintext no-rule was originated`},
		{"a route that answers in the proxy", other + `
			VirtualService routes/bank: {hosts: [api.bank.example], http: [{redirect: {uri: /}}]}`, `
			Sidecar shop/default: {egress: [{hosts: [other/*]}]}`, `
			sidecar shop api.bank.example:80 plaintext no-rule was unrouted`},
		{"the wildcard in place of the host", bank + wide, `
			Sidecar shop/default: {egress: [{hosts: [other/*]}]}`, `
			sidecar shop *.bank.example:80 plaintext no-rule was originated asks for api.bank.example`},
		{"a wildcard for the application's own TLS in its place", bank + `
			ServiceEntry other/wide: {hosts: ["*.bank.example"], ports: [{number: 80, name: tls, protocol: TLS}]}`, `
			Sidecar shop/default: {egress: [{hosts: [other/*]}]}`, `
			sidecar shop api.bank.example:80 unknown passthrough was originated`},
		{"the wildcard in place of a name that only a route has", gateway + wide, `
			Sidecar shop/default: {egress: [{hosts: [other/*]}]}`, `
			sidecar shop *.bank.example:80 plaintext no-rule was originated asks for api.bank.example`},

		{"a host that is left out passes as it is", bank, `
			Sidecar shop/default: {egress: [{hosts: [./*]}]}`, `
			sidecar shop api.bank.example:80 unknown passthrough was originated`},
		{"so do others, which it stands for", bank + other + `
			ServiceEntry egress/www: {hosts: [a.example, b.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]}`, `
			Sidecar shop/default: {egress: [{hosts: [./*]}]}`, `
			sidecar shop a.example:80 unknown passthrough was plaintext and 2 others`},
		{"one that was left out before is not its own", bank + `
			Sidecar shop/default: {egress: [{hosts: [./*]}]}`, `
			Sidecar shop/default: {egress: [{hosts: [./*, istio-system/*]}]}`, ``},
		{"a listener for its port leaves it out too", bank, `
			Sidecar shop/default: {egress: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["./*"]}, {hosts: ["*/*"]}]}`, `
			sidecar shop api.bank.example:80 unknown passthrough was originated`},
		{"nothing unknown passes by REGISTRY_ONLY, which is the mode that is not set", bank, `
			Sidecar shop/default: {outboundTrafficPolicy: {}, egress: [{hosts: [./*]}]}`, ``},
		{"until it does", bank + `
			Sidecar shop/default: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}, egress: [{hosts: [./*]}]}`, `
			Sidecar shop/default: {outboundTrafficPolicy: {mode: ALLOW_ANY}, egress: [{hosts: [./*]}]}`, `
			sidecar shop *:0 unknown passthrough`},
		{"or until it is deleted", bank + `
			Sidecar istio-system/default: {outboundTrafficPolicy: {}}`, "delete Sidecar istio-system/default", `
			sidecar any other namespace *:0 unknown passthrough`},
		{"requests that its listener takes for bytes", bank, `
			Sidecar shop/default: {egress: [{port: {number: 80, name: tcp, protocol: TCP}, hosts: ["*/*"]}, {hosts: ["*/*"]}]}`, `
			sidecar shop api.bank.example:80 originated SIMPLE unverified was originated`},
		{"requests where it looks for TLS", bank, `
			Sidecar shop/default: {egress: [{port: {number: 80, name: tls, protocol: HTTPS}, hosts: ["*/*"]}, {hosts: ["*/*"]}]}`, `
			sidecar shop api.bank.example:80 plaintext declared-otherwise was originated by Sidecar shop/default`},
		{"a sniffed port that its listener takes for bytes", `
			ServiceEntry shop/a: {hosts: [a.example], resolution: DNS, ports: [{number: 8080, name: any}]}
			DestinationRule shop/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			Sidecar shop/default: {egress: [{port: {number: 8080, name: tcp, protocol: TCP}, hosts: ["*/*"]}]}`, `
			sidecar shop a.example:8080 originated SIMPLE unverified was originated`},
		{"a listener that pods ask by their own choice", bank, `
			Sidecar shop/default: {egress: [{port: {number: 80, name: tls, protocol: HTTPS}, bind: 127.0.0.1, captureMode: NONE, hosts: ["*/*"]}, {hosts: ["*/*"]}]}`, ``},
		{"no listener but such a one", bank, `
			Sidecar shop/default: {egress: [{port: {number: 80, name: http, protocol: HTTP}, bind: 127.0.0.1, captureMode: NONE, hosts: ["*/*"]}]}`, `
			sidecar shop api.bank.example:80 unknown passthrough was originated`},
		{"one for all ports", bank, `
			Sidecar shop/default: {egress: [{captureMode: NONE, hosts: ["*/*"]}]}`, `
			sidecar shop api.bank.example:80 unknown passthrough was originated`},
		{"one at an address that no host has", bank, `
			Sidecar shop/default: {egress: [{bind: 127.0.0.1, hosts: ["*/*"]}]}`, `
			sidecar shop api.bank.example:80 unknown passthrough was originated`},
		{"pods without iptables, as documented", bank, `
			Sidecar shop/default: {workloadSelector: {labels: {app: web}}, ingress: [{port: {number: 9080, name: http, protocol: HTTP},
				defaultEndpoint: "127.0.0.1:8080", captureMode: NONE}], egress: [{bind: 127.0.0.1, captureMode: NONE, hosts: ["*/*"]}]}`, ``},
		{"a listener by choice does not excuse another that takes requests for bytes", bank, `
			Sidecar shop/default: {egress: [{port: {number: 3306, name: tcp, protocol: TCP}, bind: 127.0.0.1, captureMode: NONE, hosts: ["*/*"]},
				{port: {number: 80, name: tcp, protocol: TCP}, hosts: ["*/*"]}]}`, `
			sidecar shop api.bank.example:80 originated SIMPLE unverified was originated`},
		{"bytes where it looks for requests", `
			ServiceEntry shop/db: {hosts: [db.example], addresses: [240.1.1.2], resolution: DNS, ports: [{number: 3306, name: tcp, protocol: TCP}]}
			DestinationRule shop/db: {host: db.example, trafficPolicy: {tls: {mode: SIMPLE, sni: db.example, subjectAltNames: [db.example]}}}`, `
			Sidecar shop/default: {egress: [{port: {number: 3306, name: http, protocol: HTTP}, hosts: ["*/*"]}]}`, `
			sidecar shop db.example:3306 unknown passthrough was originated`},
	} {
		c.run(t)
	}
}

package mesh

import "testing"

// The clients of api.bank.example that the mesh tells apart.
func TestClients(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	const others = "sidecar egress | sidecar any other namespace"
	for _, c := range []struct{ name, mesh, want string }{
		{"the namespace of the entry, and all others", entry, others},
		{"an unknown host", ``, "sidecar any other namespace"},
		{"the namespaces to which the entry is exported", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop, ., "~"],
				ports: [{number: 80, name: http, protocol: HTTP}]}`, "sidecar egress | sidecar shop | sidecar any other namespace"},
		{"the namespaces of rules, and those to which they are exported", entry + `
			DestinationRule shop/a: {host: "*.bank.example", exportTo: [till, "*"]}
			DestinationRule other/b: {host: www.bank.example}`, "sidecar egress | sidecar shop | sidecar till | sidecar any other namespace"},
		{"a rule that selects pods is exported to nobody", entry + `
			DestinationRule shop/a: {host: api.bank.example, exportTo: [till],
				workloadSelector: {matchLabels: {app: web}}}`, "sidecar egress | sidecar shop | sidecar shop app=web | sidecar any other namespace"},
		{"pods by the selectors of rules", entry + `
			DestinationRule egress/a: {host: "*.bank.example", workloadSelector: {matchLabels: {app: web}}}
			DestinationRule egress/b: {host: api.bank.example, workloadSelector: {matchLabels: {app: till}}}
			DestinationRule egress/c: {host: api.bank.example, workloadSelector: {matchLabels: {app: till}}}
			DestinationRule egress/d: {host: www.bank.example,
				workloadSelector: {matchLabels: {app: other}}}`, "sidecar egress | sidecar egress app=till | sidecar egress app=web | sidecar any other namespace"},
		{"routes for the host: their namespace, those to which they are exported, those that they match", entry + `
			VirtualService shop/a: {hosts: [api.bank.example], exportTo: [till, .],
				http: [{match: [{sourceNamespace: office}],
				route: [{destination: {host: x.example}}]}]}`, "sidecar egress | sidecar office | sidecar shop | sidecar till | sidecar any other namespace"},
		{"pods by what routes match", entry + `
			VirtualService egress/a: {hosts: [api.bank.example], exportTo: [.],
				http: [{match: [{sourceLabels: {app: web}}],
				route: [{destination: {host: x.example}}]}], tls: [{match: [{sourceLabels: {app: till},
				sniHosts: [x]}], route: [{destination: {host: x.example}}]}], tcp: [{match: [{sourceLabels: {app: tcp}}], route: [{destination: {host: x.example}}]}]}`, "sidecar egress | sidecar egress app=tcp | sidecar egress app=till | sidecar egress app=web | sidecar any other namespace"},
		{"not by what routes of gateways match", entry + `
			VirtualService egress/a: {hosts: [api.bank.example], gateways: [gw],
				http: [{match: [{sourceLabels: {app: web}}], route: [{destination: {host: x.example}}]}]}`, others},
		{"routes that lead to the host", entry + `
			VirtualService shop/a: {hosts: [www.bank.example], exportTo: [.],
				http: [{match: [{sourceLabels: {app: web}}],
				route: [{destination: {host: api.bank.example}}]}]}`, "sidecar egress | sidecar shop | sidecar shop app=web | sidecar any other namespace"},
		{"pods by the selectors of Sidecars", entry + `
			Sidecar egress/a: {workloadSelector: {labels: {app: web}}}`, "sidecar egress | sidecar egress app=web | sidecar any other namespace"},

		{"one namespace for all that are ambient", entry + `
			Namespace a: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
			Namespace b: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}`, "ztunnel a | " + others},
		{"an ambient namespace whose pods come by the host's waypoint", entry + `
			Namespace a: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
			Namespace egress: {metadata: {labels: {istio.io/use-waypoint: waypoint}}}
			KubernetesGateway egress/waypoint: {gatewayClassName: istio-waypoint,
				listeners: [{protocol: HBONE, port: 15008, name: mesh}]}`, others + " | waypoint egress"},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "clients", clientLines(snapshot(t, c.mesh).Clients("api.bank.example")), c.want)
		})
	}
}

package mesh

import "testing"

// Namespaces that nothing but their Sidecar singles out.
func TestClientsOfSidecars(t *testing.T) {
	const two = `
		ServiceEntry a/bank: {hosts: [api.bank.example], ports: [{number: 80, name: http, protocol: HTTP}]}
		ServiceEntry b/bank: {hosts: [api.bank.example], ports: [{number: 80, name: http, protocol: HTTP}]}`
	const known = "sidecar a | sidecar b | "
	const others = "sidecar any other namespace"
	for _, c := range []struct{ name, mesh, want string }{
		{"a Sidecar that imports the other service", two + `
			Sidecar shop/default: {egress: [{hosts: [b/*]}]}`, known + "sidecar shop | " + others},
		{"one that imports what all see", two + `
			Sidecar shop/default: {egress: [{hosts: [a/*]}]}`, known + others},
		{"one that sees no service", two + `
			Sidecar shop/default: {egress: [{hosts: [./*]}]}`, known + others},
		{"one that selects pods", two + `
			Sidecar shop/default: {workloadSelector: {labels: {app: web}},
				egress: [{hosts: [b/*]}]}`, known + "sidecar shop | sidecar shop app=web | " + others},
		{"of several alike the first", two + `
			Sidecar shop/default: {egress: [{hosts: [b/*]}]}
			Sidecar till/default: {egress: [{hosts: [b/*]}]}`, known + "sidecar shop | " + others},
		{"of several that lead to the same the first", two + `
			Sidecar shop/default: {egress: [{hosts: [b/*]}]}
			Sidecar till/default: {egress: [{hosts: [b/api.bank.example]}]}`, known + "sidecar shop | " + others},
		{"one with the same hosts for another port", two + `
			Sidecar shop/default: {egress: [{port: {number: 8080, protocol: HTTP}, hosts: [b/*]}]}
			Sidecar till/default: {egress: [{hosts: [b/*]}]}`, known + "sidecar till | " + others},
		{"of several that listen on a port of their own the one that has it", two + `
			Sidecar shop/default: {egress: [{port: {number: 8080, protocol: HTTP}, hosts: [b/*]}]}
			Sidecar till/default: {egress: [{port: {number: 80, protocol: HTTP}, hosts: [b/*]}]}`, known + "sidecar till | " + others},
		{"one that has a forward proxy alone", two + `
			Sidecar shop/default: {egress: [{port: {number: 15000, protocol: HTTP_PROXY}, hosts: [a/*]}]}`, known + "sidecar shop | " + others},
		{"one that sees what a namespace does that is told apart anyway", two + `
			Sidecar a/default: {egress: [{hosts: [b/*]}]}
			Sidecar shop/default: {egress: [{hosts: [b/*]}]}`, known + "sidecar shop | " + others},
		{"one that sees more than all, by the root namespace's Sidecar", two + `
			Sidecar istio-system/default: {egress: [{hosts: [b/*]}]}
			Sidecar shop/default: {egress: [{hosts: [a/*]}]}`, known + "sidecar shop | " + others},
		{"one that sees the only service, which the root namespace's Sidecar hides", `
			ServiceEntry a/bank: {hosts: [api.bank.example], ports: [{number: 80, name: http, protocol: HTTP}]}
			Sidecar istio-system/default: {egress: [{hosts: [./*]}]}
			Sidecar shop/default: {egress: [{hosts: [a/*]}]}`, "sidecar a | sidecar shop | " + others},
		{"one that reads the port as something else", two + `
			Sidecar shop/default: {egress: [{port: {number: 80, protocol: HTTP}, hosts: [a/*]}]}
			Sidecar till/default: {egress: [{port: {number: 80, protocol: TCP}, hosts: [a/*]}]}`, known + "sidecar till | " + others},
		{"one of exact hosts, whose service is another", `
			ServiceEntry a/bank @1: {hosts: [api.bank.example], ports: [{number: 81, name: http, protocol: HTTP}]}
			ServiceEntry a/more @2: {hosts: [api.bank.example], ports: [{number: 80, name: http, protocol: HTTP}]}
			Sidecar shop/default: {egress: [{hosts: [a/*, c/x.example]}]}
			Sidecar till/default: {egress: [{hosts: [a/api.bank.example]}]}`, "sidecar a | sidecar till | " + others},
		{"exact hosts beside a wildcard of another namespace", `
			ServiceEntry a/bank @1: {hosts: [api.bank.example], ports: [{number: 81, name: http, protocol: HTTP}]}
			ServiceEntry a/more @2: {hosts: [api.bank.example], ports: [{number: 80, name: http, protocol: HTTP}]}
			Sidecar shop/default: {egress: [{hosts: [a/api.bank.example, c/*]}]}
			Sidecar till/default: {egress: [{hosts: [a/api.bank.example]}]}`, "sidecar a | sidecar till | " + others},
		{"a younger namespace than one that imports what all see", two + `
			Sidecar shop/default: {egress: [{hosts: [a/*]}]}
			Sidecar till/default: {egress: [{hosts: [b/*]}]}`, known + "sidecar till | " + others},
		{"and than one that imports everything", two + `
			Sidecar shop/default: {egress: [{hosts: ["*/*", b/*]}]}
			Sidecar till/default: {egress: [{hosts: [b/*]}]}`, known + "sidecar till | " + others},
		{"one that imports no routes, after one that does", `
			ServiceEntry a/bank: {hosts: [api.bank.example], ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService b/v: {hosts: [api.bank.example], http: [{route: [{destination: {host: x.example}}]}]}
			Sidecar shop/default: {egress: [{hosts: [a/*, b/*]}]}
			Sidecar till/default: {egress: [{hosts: [a/*]}]}`, known + "sidecar till | " + others},
		{"one that imports other routes", `
			ServiceEntry a/bank: {hosts: [api.bank.example], ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService b/v: {hosts: [api.bank.example], http: [{route: [{destination: {host: x.example}}]}]}
			Sidecar shop/default: {egress: [{hosts: [a/*]}]}`, known + "sidecar shop | " + others},
		{"one that imports what a route leads to", `
			ServiceEntry a/bank: {hosts: [api.bank.example], exportTo: [shop], ports: [{number: 80, name: http, protocol: HTTP}]}
			VirtualService b/v: {hosts: [www.bank.example], http: [{route: [{destination: {host: api.bank.example}}]}]}
			Sidecar till/default: {egress: [{hosts: [b/*]}]}`, known + "sidecar shop | " + others},
		{"where all see the only service, and no routes, none", `
			ServiceEntry a/bank: {hosts: [api.bank.example], ports: [{number: 80, name: http, protocol: HTTP}]}
			Sidecar shop/default: {egress: [{port: {number: 80, protocol: TCP}, hosts: ["*/*"]}]}`, "sidecar a | " + others},
		{"where not all see the only service", `
			ServiceEntry a/bank: {hosts: [api.bank.example], exportTo: [.], ports: [{number: 80, name: http, protocol: HTTP}]}
			Sidecar shop/default: {egress: [{hosts: ["*/*"]}]}`, "sidecar a | " + others},
		{"names in the list that are none", two + `
			Sidecar shop/default: {egress: [{hosts: [b]}]}
			Sidecar till/default: {egress: [{hosts: ["*/*", "~a/*"]}]}`, known + "sidecar till | " + others},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, "clients", clientLines(snapshot(t, c.mesh).Clients("api.bank.example")), c.want)
		})
	}
}

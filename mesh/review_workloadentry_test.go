package mesh

import "testing"

// What a WorkloadEntry under review answers for: what leaves the mesh with it and did not, and TLS that is lost by it.
func TestReviewWorkloadEntry(t *testing.T) {
	const inside = `
		ServiceEntry shop/vm: {hosts: [vm.example], exportTo: [.], location: MESH_INTERNAL, resolution: STATIC, workloadSelector: {labels: {app: vm}},
			ports: [{number: 80, name: http, protocol: HTTP}]}`
	const outside = `
		ServiceEntry shop/vm: {hosts: [vm.example], exportTo: [.], resolution: STATIC, workloadSelector: {labels: {app: vm}},
			ports: [{number: 80, name: http, protocol: HTTP}]}`
	const own = `
		WorkloadEntry shop/own: {address: 10.0.0.1, labels: {app: vm, security.istio.io/tlsMode: istio}}`
	const byName = `
		ServiceEntry shop/vm: {hosts: [vm.example], exportTo: [.], resolution: DNS, workloadSelector: {labels: {app: vm}},
			ports: [{number: 80, name: http, protocol: HTTP}]}`
	const otherTLS = `
		ServiceEntry egress/vm @1: {hosts: [vm.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		DestinationRule egress/vm @1: {host: vm.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const simple = `
		DestinationRule shop/vm: {host: vm.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	for _, c := range []reviewCase{
		{"an address outside", inside, `
			WorkloadEntry shop/a: {address: 203.0.113.7, labels: {app: vm}}`, `
			sidecar shop vm.example:80 plaintext no-rule was plaintext`},
		{"beside one that takes mutual TLS", inside + own, `
			WorkloadEntry shop/a: {address: 203.0.113.7, labels: {app: vm}}`, `
			sidecar shop vm.example:80 plaintext no-rule was originated`},
		{"under TLS by a rule", inside + simple, `
			WorkloadEntry shop/a: {address: 203.0.113.7, labels: {app: vm}}`, `
			sidecar shop vm.example:80 originated SIMPLE was originated`},
		{"an address that moves outside", inside + `
			WorkloadEntry shop/a: {address: 10.0.0.1, labels: {app: vm}}`, `
			WorkloadEntry shop/a: {address: 203.0.113.7, labels: {app: vm}}`, `
			sidecar shop vm.example:80 plaintext no-rule was plaintext`},
		{"by its label", inside, `
			WorkloadEntry shop/a: {metadata: {labels: {app: vm}}, address: 203.0.113.7}`, `
			sidecar shop vm.example:80 plaintext no-rule was plaintext`},
		{"an address inside", inside, own, ``},
		{"one that nothing selects", inside, `
			WorkloadEntry shop/a: {address: 203.0.113.7, labels: {app: other}}`, ``},
		{"one of another namespace", inside, `
			WorkloadEntry other/a: {address: 203.0.113.7, labels: {app: vm}}`, ``},
		{"one more outside is not its own", outside + `
			WorkloadEntry shop/b: {address: 203.0.113.8, labels: {app: vm}}`, `
			WorkloadEntry shop/a: {address: 203.0.113.7, labels: {app: vm}}`, ``},
		{"nor the first of an entry for outside", outside, `
			WorkloadEntry shop/a: {address: 203.0.113.7, labels: {app: vm}}`, ``},
		{"an address of an entry that took the host of another, under TLS", otherTLS + outside, `
			WorkloadEntry shop/a: {address: 203.0.113.7, labels: {app: vm}}`, ``},
		{"the first of one that had no cluster", otherTLS + byName, `
			WorkloadEntry shop/a: {address: 203.0.113.7, labels: {app: vm}}`, `
			sidecar shop vm.example:80 plaintext no-rule was unknown taken from TLS by ServiceEntry shop/vm`},
		{"the first outside", otherTLS + inside, `
			WorkloadEntry shop/a: {address: 203.0.113.7, labels: {app: vm}}`, `
			sidecar shop vm.example:80 plaintext no-rule was plaintext taken from TLS by ServiceEntry shop/vm`},
		{"the first of one that had no cluster, and no other entry", byName, `
			WorkloadEntry shop/a: {address: 203.0.113.7, labels: {app: vm}}`, ``},
		{"one that goes", inside + `
			WorkloadEntry shop/a: {address: 203.0.113.7, labels: {app: vm}}`, "delete WorkloadEntry shop/a", ``},
	} {
		c.run(t)
	}
}

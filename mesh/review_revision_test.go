package mesh

import "testing"

// An object of another revision is no object of this control plane: its review answers for nothing, whatever it would do.
func TestReviewOfAnotherRevision(t *testing.T) {
	const mesh = `
		ServiceEntry egress/bank @1: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const other = `metadata: {labels: {istio.io/rev: canary}}, `
	for kind, spec := range map[string]string{
		KindServiceEntry:    `hosts: [api.bank.example], exportTo: [shop], ports: [{number: 80, name: http, protocol: HTTP}]`,
		KindDestinationRule: `host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}`,
		KindVirtualService:  `hosts: [api.bank.example], http: [{route: [{destination: {host: evil.example}}]}]`,
		KindSidecar:         `egress: [{hosts: [./*]}]`,
		KindGateway:         `selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]`,
		KindWorkloadEntry:   `address: 192.0.2.1`,
	} {
		t.Run(kind, func(t *testing.T) {
			equal(t, "flows", reviewed(t, mesh, kind+" egress/of-canary: {"+other+spec+"}"), "")
		})
	}
}

package mesh

import "testing"

// A deleted or changed rule gives way to one that it hid, which leaves the bytes in plaintext.
func TestReviewLostTLS(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	const hidden = `
		DestinationRule egress/hidden @2: {host: api.bank.example, trafficPolicy: {loadBalancer: {simple: RANDOM}}}`
	for _, c := range []reviewCase{
		{"a deleted rule", entry + hidden + `
			DestinationRule egress/bank @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, "delete DestinationRule egress/bank", `
			sidecar any other namespace api.bank.example:80 plaintext unset was originated lost spec.trafficPolicy.tls to DestinationRule egress/hidden spec.trafficPolicy.tls
			sidecar egress api.bank.example:80 plaintext unset was originated lost spec.trafficPolicy.tls to DestinationRule egress/hidden spec.trafficPolicy.tls`},
		{"one for a port", entry + hidden + `
			DestinationRule egress/bank @1: {host: api.bank.example,
				trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]}}`, "delete DestinationRule egress/bank", `
			sidecar any other namespace api.bank.example:80 plaintext unset was originated lost spec.trafficPolicy.portLevelSettings[0].tls to DestinationRule egress/hidden spec.trafficPolicy.tls
			sidecar egress api.bank.example:80 plaintext unset was originated lost spec.trafficPolicy.portLevelSettings[0].tls to DestinationRule egress/hidden spec.trafficPolicy.tls`},
		{"a rule whose own TLS is gone", entry + hidden + `
			DestinationRule egress/bank @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule egress/bank @1: {host: api.bank.example}`, `
			sidecar any other namespace api.bank.example:80 plaintext unset was originated lost spec.trafficPolicy.tls to DestinationRule egress/hidden spec.trafficPolicy.tls
			sidecar egress api.bank.example:80 plaintext unset was originated lost spec.trafficPolicy.tls to DestinationRule egress/hidden spec.trafficPolicy.tls`},
		{"a rule that disables it itself has lost nothing to another", entry + hidden + `
			DestinationRule egress/bank @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			DestinationRule egress/bank @1: {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`, `
			sidecar any other namespace api.bank.example:80 plaintext disabled was originated decided
			sidecar egress api.bank.example:80 plaintext disabled was originated decided`},
		{"one that another rule's TLS takes over", entry + `
			DestinationRule egress/hidden @2: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, sni: x.example}}}
			DestinationRule egress/bank @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, "delete DestinationRule egress/bank", `
			sidecar any other namespace api.bank.example:80 originated SIMPLE unverified was originated lost check of api.bank.example of ServiceEntry egress/bank
			sidecar egress api.bank.example:80 originated SIMPLE unverified was originated`},
		{"TLS that another rule had, which merges with an older one now that nothing stands between them", entry + `
			DestinationRule egress/a @1: {host: api.bank.example, exportTo: ["*"], trafficPolicy: {loadBalancer: {simple: RANDOM}}}
			DestinationRule egress/bank @2: {host: api.bank.example}
			DestinationRule egress/c @3: {host: api.bank.example, exportTo: ["*"], trafficPolicy: {tls: {mode: SIMPLE}}}`, "delete DestinationRule egress/bank", `
			sidecar any other namespace api.bank.example:80 plaintext unset was originated
			sidecar egress api.bank.example:80 plaintext unset was originated`},
		{"a rule of another namespace was not hidden by it", entry + `
			DestinationRule istio-system/other: {host: api.bank.example}
			DestinationRule egress/bank @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, "delete DestinationRule egress/bank", `
			sidecar any other namespace api.bank.example:80 plaintext unset was originated
			sidecar egress api.bank.example:80 plaintext unset was originated
			sidecar istio-system api.bank.example:80 plaintext unset was originated`},
		{"a rule for a wildcard was not either", entry + `
			DestinationRule egress/other: {host: "*.bank.example"}
			DestinationRule egress/bank @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, "delete DestinationRule egress/bank", `
			sidecar any other namespace api.bank.example:80 plaintext unset was originated
			sidecar egress api.bank.example:80 plaintext unset was originated`},
		{"a subset, whose successor is told where its own policy would be", entry + `
			DestinationRule shop/hidden @2: {host: api.bank.example, subsets: [{name: v1}]}
			DestinationRule shop/bank @1: {host: api.bank.example,
				subsets: [{name: v1, trafficPolicy: {tls: {mode: SIMPLE}}}]}`, "delete DestinationRule shop/bank", `
			sidecar shop api.bank.example:80 plaintext unset was plaintext
			sidecar shop api.bank.example:80/v1 plaintext unset was originated lost spec.subsets[0].trafficPolicy.tls to DestinationRule shop/hidden spec.subsets[0].trafficPolicy.tls`},
	} {
		c.run(t)
	}
}

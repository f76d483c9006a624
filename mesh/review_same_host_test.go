package mesh

import "testing"

// What becomes of clients of other namespaces when one of the entries of a host changes or goes.
func TestReviewEntriesOfOneHost(t *testing.T) {
	const two = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 8080, name: more, protocol: HTTP}]}`
	const one = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	const rule = `
		DestinationRule istio-system/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const wide = `
		ServiceEntry wide/all: {hosts: ["*.bank.example"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}`
	for _, c := range []reviewCase{
		{"a port goes", two + rule, one, `
			sidecar any other namespace api.bank.example:80 originated SIMPLE was originated
			sidecar egress api.bank.example:80 originated SIMPLE was originated
			sidecar istio-system api.bank.example:80 originated SIMPLE was originated
			sidecar any other namespace api.bank.example:8080 plaintext port-not-declared was originated by ServiceEntry egress/bank
			sidecar egress api.bank.example:8080 plaintext port-not-declared was originated by ServiceEntry egress/bank
			sidecar istio-system api.bank.example:8080 plaintext port-not-declared was originated by ServiceEntry egress/bank`},
		{"which nothing had under TLS", two, one, `
			sidecar any other namespace api.bank.example:80 plaintext no-rule was plaintext
			sidecar egress api.bank.example:80 plaintext no-rule was plaintext`},
		{"it is exported no more", one + rule, `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar any other namespace api.bank.example:80 plaintext not-exported was originated by ServiceEntry egress/bank
			sidecar egress api.bank.example:80 originated SIMPLE was originated
			sidecar istio-system api.bank.example:80 plaintext not-exported was originated by ServiceEntry egress/bank`},
		{"a younger one of the namespace has the port for bytes", one + rule, `
			ServiceEntry egress/later: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}`, `
			sidecar any other namespace api.bank.example:80 plaintext declared-otherwise was originated by ServiceEntry egress/later
			sidecar egress api.bank.example:80 plaintext declared-otherwise was originated by ServiceEntry egress/later
			sidecar istio-system api.bank.example:80 plaintext declared-otherwise was originated by ServiceEntry egress/later`},
		{"it goes, and a wildcard takes its place", one + rule + wide, "delete ServiceEntry egress/bank", `
			sidecar any other namespace api.bank.example:80 plaintext left-to-wildcard was originated by ServiceEntry wide/all
			sidecar egress api.bank.example:80 plaintext left-to-wildcard was originated by ServiceEntry wide/all
			sidecar istio-system api.bank.example:80 plaintext left-to-wildcard was originated by ServiceEntry wide/all
			sidecar wide api.bank.example:80 plaintext left-to-wildcard was originated by ServiceEntry wide/all`},
		{"whatever another entry says of the host to itself", one + rule + wide + `
			ServiceEntry wide/private: {hosts: [api.bank.example], exportTo: ["~"], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`,
			"delete ServiceEntry egress/bank", `
			sidecar any other namespace api.bank.example:80 plaintext left-to-wildcard was originated by ServiceEntry wide/all
			sidecar egress api.bank.example:80 plaintext left-to-wildcard was originated by ServiceEntry wide/all
			sidecar istio-system api.bank.example:80 plaintext left-to-wildcard was originated by ServiceEntry wide/all
			sidecar wide api.bank.example:80 plaintext left-to-wildcard was originated by ServiceEntry wide/all`},
		{"it is a wildcard itself, below another one", wide + `
			ServiceEntry egress/deep: {hosts: ["*.api.bank.example"], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule egress/deep: {host: "*.api.bank.example", trafficPolicy: {tls: {mode: SIMPLE}}}`, "delete ServiceEntry egress/deep", `
			sidecar any other namespace *.api.bank.example:80 plaintext left-to-wildcard was originated by ServiceEntry wide/all
			sidecar egress *.api.bank.example:80 plaintext left-to-wildcard was originated by ServiceEntry wide/all
			sidecar wide *.api.bank.example:80 plaintext left-to-wildcard was originated by ServiceEntry wide/all`},
		{"it has its port for requests, and had it for bytes", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop], resolution: DNS, ports: [{number: 80, name: tcp, protocol: TCP}]}
			DestinationRule istio-system/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, sni: api.bank.example, subjectAltNames: [api.bank.example]}}}`, `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar shop api.bank.example:80 originated SIMPLE was originated
			sidecar shop api.bank.example:80 plaintext declared-otherwise was originated by ServiceEntry egress/bank`},
		{"it has its port for requests, and had it for anything", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop], resolution: DNS, ports: [{number: 80, name: any}]}
			DestinationRule istio-system/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE, sni: api.bank.example, subjectAltNames: [api.bank.example]}}}`, `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [shop], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar shop api.bank.example:80 originated SIMPLE was originated`},
		{"under TLS too", one + rule + wide + `
			DestinationRule istio-system/all: {host: "*.bank.example", trafficPolicy: {tls: {mode: SIMPLE}}}`, "delete ServiceEntry egress/bank", ``},
	} {
		c.run(t)
	}
}

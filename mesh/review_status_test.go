package mesh

import "testing"

// What a write to the status of a ServiceEntry answers for: connections to other hosts at the addresses that it puts there.
func TestReviewStatus(t *testing.T) {
	const db = `
		ServiceEntry egress/db @1: {hosts: [db.example], resolution: DNS, ports: [{number: 3306, name: db, protocol: TCP}],
			status: {addresses: [{host: db.example, value: 240.240.0.1}]}}
		DestinationRule egress/db @2: {host: db.example, trafficPolicy: {tls: {mode: SIMPLE, sni: db.example, subjectAltNames: [db.example]}}}`
	const web = `
		ServiceEntry egress/web @1: {hosts: [web.example], resolution: STATIC, endpoints: [{address: 203.0.113.1}],
			ports: [{number: 3306, name: http, protocol: HTTP}]}
		DestinationRule egress/web @2: {host: web.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	entry := func(more string) string {
		return `
		ServiceEntry team/x @3: {hosts: [x.example], exportTo: [shop], resolution: DNS, ports: [{number: 3306, name: x, protocol: TCP}]` + more + `}`
	}
	const taken = `, status: {addresses: [{host: x.example, value: 240.240.0.1}]}`
	for _, c := range []reviewCase{
		{"the address that another host has", db + entry(""), entry(taken), `
			sidecar shop db.example:3306 plaintext other-listener was originated taken by ServiceEntry team/x at 240.240.0.1/32`},
		{"or had", db + entry(`, status: {addresses: [{host: x.example, value: 240.240.0.2}]}`), entry(taken), `
			sidecar shop db.example:3306 plaintext other-listener was originated taken by ServiceEntry team/x at 240.240.0.1/32`},
		{"the address of a server", web + entry(""), entry(`, status: {addresses: [{host: x.example, value: 203.0.113.1}]}`), `
			sidecar shop web.example:3306 plaintext other-listener was originated taken by ServiceEntry team/x at 203.0.113.1/32`},
		{"an address of its own", db + web + entry(""), entry(`, status: {addresses: [{host: x.example, value: 240.240.0.9}]}`), ``},
		{"for a host that is not its own", db + entry(""), entry(`, status: {addresses: [{host: db.example, value: 240.240.0.1}]}`), ``},
		{"what cannot be read", db + entry(""), entry(`, status: {addresses: [{host: x.example, value: here}]}`), ``},
		{"an entry that takes no such addresses", db + entry(`, metadata: {labels: {networking.istio.io/enable-autoallocate-ip: "false"}}`),
			entry(`, metadata: {labels: {networking.istio.io/enable-autoallocate-ip: "false"}}` + taken), ``},
		{"the address goes with the one that the host gets", db + entry(taken), `
			ServiceEntry egress/db @1: {hosts: [db.example], resolution: DNS, ports: [{number: 3306, name: db, protocol: TCP}],
				status: {addresses: [{host: db.example, value: 240.240.0.3}]}}`, ``},
	} {
		c.run(t)
	}
}

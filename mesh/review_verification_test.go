package mesh

import "testing"

// What others lose of the check of a server's name by an object of somebody else's.
func TestReviewLostVerification(t *testing.T) {
	const given = `
		ServiceEntry data/db: {hosts: [db.example], exportTo: [shop, team], addresses: [240.1.1.2], resolution: DNS,
			ports: [{number: 3306, name: tcp, protocol: TCP}]}
		DestinationRule data/db: {host: db.example, trafficPolicy: {tls: {mode: SIMPLE, sni: db.example, subjectAltNames: [db.example]}}}
		ServiceEntry data/a: {hosts: [a.example], exportTo: [shop, team], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		DestinationRule data/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}
		ServiceEntry data/any: {hosts: [any.example], exportTo: [shop, team], addresses: [240.1.1.3], resolution: DNS, ports: [{number: 8080, name: tcp, protocol: TCP}]}
		DestinationRule data/any: {host: any.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const twice = `
		ServiceEntry data/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
		DestinationRule data/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
	const taker = `
		ServiceEntry team/a: {hosts: [a.example], exportTo: [shop], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`
	for _, c := range []reviewCase{
		{"bytes that a route takes to a server without names to check", given, `
			VirtualService team/v: {hosts: [db.example], exportTo: [shop], tcp: [{route: [{destination: {host: any.example}}]}]}`, `
			sidecar shop any.example:8080 originated SIMPLE unverified was originated lost check of db.example of ServiceEntry data/db`},
		{"requests that are sent to another server, under its name", given, `
			VirtualService team/v: {hosts: [a.example], exportTo: [shop], http: [{route: [{destination: {host: db.example, port: {number: 3306}}}]}]}`, `
			sidecar shop db.example:3306 originated SIMPLE carrying http was originated lost check of a.example of ServiceEntry data/a for db.example`},
		{"its own namespace's clients are its own", given, `
			VirtualService team/v: {hosts: [db.example], exportTo: [.], tcp: [{route: [{destination: {host: any.example}}]}]}`, `
			sidecar team any.example:8080 originated SIMPLE unverified was originated`},
		{"the host's own namespace decides where it is", given, `
			VirtualService data/v: {hosts: [db.example], exportTo: [shop], tcp: [{route: [{destination: {host: any.example}}]}]}`, `
			sidecar shop any.example:8080 originated SIMPLE unverified was originated`},
		{"the host's namespace delegates", given + `
			VirtualService data/v: {hosts: [a.example], exportTo: [shop], http: [{delegate: {name: d, namespace: team}}]}`, `
			VirtualService team/d: {http: [{route: [{destination: {host: db.example, port: {number: 3306}}}]}]}`, `
			sidecar shop db.example:3306 originated SIMPLE carrying http was originated lost check of a.example of ServiceEntry data/a for db.example`},
		{"the host's namespace delegates to itself", given + `
			VirtualService data/v: {hosts: [a.example], exportTo: [shop], http: [{delegate: {name: d}}]}`, `
			VirtualService data/d: {http: [{route: [{destination: {host: db.example, port: {number: 3306}}}]}]}`, `
			sidecar shop db.example:3306 originated SIMPLE carrying http was originated`},
		{"the name that the client asks for may be checked by another way", given, `
			VirtualService team/v: {hosts: [a.example], exportTo: [shop], http: [{route: [{destination: {host: a.example}}]}]}`, `
			sidecar shop a.example:80 originated SIMPLE was originated`},
		{"what was unchecked before", given + `
			DestinationRule shop/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}`, `
			VirtualService team/v: {hosts: [a.example], exportTo: [shop], http: [{route: [{destination: {host: db.example, port: {number: 3306}}}]}]}`, `
			sidecar shop db.example:3306 originated SIMPLE carrying http was originated`},
		{"an entry that takes the host's place for a namespace, with a rule that checks nothing", `
			ServiceEntry data/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}
			DestinationRule data/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule team/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}`, `
			ServiceEntry team/a: {hosts: [a.example], exportTo: [shop], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`, `
			sidecar shop a.example:80 originated SIMPLE unverified was originated lost check of a.example of ServiceEntry data/a`},
		{"a CA of somebody else's for the right name", twice + `
			DestinationRule team/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE, credentialName: "configmap://team/ca"}}}`, taker, `
			sidecar shop a.example:80 originated SIMPLE was originated lost check of a.example of ServiceEntry data/a by configmap://team/ca`},
		{"the same by a file, set later", twice + `
			DestinationRule team/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}` + taker, `
			DestinationRule team/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE, caCertificates: /etc/ca.pem}}}`, `
			sidecar shop a.example:80 originated SIMPLE was originated decided lost check of a.example of ServiceEntry data/a by /etc/ca.pem
			sidecar team a.example:80 originated SIMPLE was originated decided`},
		{"the host's own namespace may choose its CA", twice, `
			DestinationRule data/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE, caCertificates: /etc/ca.pem}}}`, `
			sidecar any other namespace a.example:80 originated SIMPLE was originated decided
			sidecar data a.example:80 originated SIMPLE was originated decided`},
		{"the same CA", twice + `
			DestinationRule team/a: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, taker, `
			sidecar shop a.example:80 originated SIMPLE was originated`},
		{"the deletion of the rule that checks, before one that does not", twice + taker + `
			DestinationRule team/a @1: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule team/b @2: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}`, "delete DestinationRule team/a", `
			sidecar shop a.example:80 originated SIMPLE unverified was originated lost check of a.example of ServiceEntry data/a
			sidecar team a.example:80 originated SIMPLE unverified was originated`},
	} {
		c.run(t)
	}
}

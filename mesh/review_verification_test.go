package mesh

import "testing"

// What others lose by a rule or an entry of the only namespace that declares the host.
func TestReviewLostVerificationByOwner(t *testing.T) {
	const entry = `
		ServiceEntry data/a: {hosts: [a.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`
	const rule = entry + `
		DestinationRule istio-system/all: {host: "*.example.com", trafficPolicy: {tls: {mode: SIMPLE}}}`
	const own = entry + `
		DestinationRule data/a: {host: a.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}`
	for _, c := range []reviewCase{
		{"a check that is switched off", rule, `
			DestinationRule data/b: {host: a.example.com, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}`, `
			sidecar any other namespace a.example.com:80 originated SIMPLE unverified was originated decided lost check of a.example.com of ServiceEntry data/a
			sidecar data a.example.com:80 originated SIMPLE unverified was originated decided
			sidecar istio-system a.example.com:80 originated SIMPLE unverified was originated decided lost check of a.example.com of ServiceEntry data/a`},
		{"in its own rule", own, `
			DestinationRule data/a: {host: a.example.com, trafficPolicy: {tls: {mode: SIMPLE, sni: a.example.com}}}`, `
			sidecar any other namespace a.example.com:80 originated SIMPLE unverified was originated decided lost check of a.example.com of ServiceEntry data/a
			sidecar data a.example.com:80 originated SIMPLE unverified was originated decided`},
		{"for its own clients alone", rule, `
			DestinationRule data/b: {host: a.example.com, exportTo: [.], trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}`, `
			sidecar data a.example.com:80 originated SIMPLE unverified was originated decided`},
		{"where nothing was checked", entry, `
			DestinationRule data/b: {host: a.example.com, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}`, `
			sidecar any other namespace a.example.com:80 originated SIMPLE unverified was plaintext decided
			sidecar data a.example.com:80 originated SIMPLE unverified was plaintext decided`},
		{"the name of another server in the place of what the root namespace has checked", rule, `
			DestinationRule data/b: {host: a.example.com, trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [other.test]}}}`, `
			sidecar any other namespace a.example.com:80 originated SIMPLE was originated decided lost check of a.example.com of ServiceEntry data/a for other.test names of others other.test
			sidecar data a.example.com:80 originated SIMPLE was originated decided names of others other.test
			sidecar istio-system a.example.com:80 originated SIMPLE was originated decided lost check of a.example.com of ServiceEntry data/a for other.test names of others other.test`},
		{"in the place of what it had checked itself", own, `
			DestinationRule data/a: {host: a.example.com, trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [other.test]}}}`, `
			sidecar any other namespace a.example.com:80 originated SIMPLE was originated decided names of others other.test
			sidecar data a.example.com:80 originated SIMPLE was originated decided names of others other.test`},
		{"bytes, by the entry", rule, `
			ServiceEntry data/a: {hosts: [a.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: TCP, targetPort: 443}]}`, `
			sidecar any other namespace a.example.com:80 originated SIMPLE unverified was originated lost check of a.example.com of ServiceEntry data/a fallback
			sidecar data a.example.com:80 originated SIMPLE unverified was originated fallback
			sidecar istio-system a.example.com:80 originated SIMPLE unverified was originated lost check of a.example.com of ServiceEntry data/a fallback`},
		{"the deletion of the rule that checks", own + `
			DestinationRule istio-system/all: {host: "*.example.com", trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}`, "delete DestinationRule data/a", `
			sidecar any other namespace a.example.com:80 originated SIMPLE unverified was originated lost check of a.example.com of ServiceEntry data/a
			sidecar data a.example.com:80 originated SIMPLE unverified was originated
			sidecar istio-system a.example.com:80 originated SIMPLE unverified was originated lost check of a.example.com of ServiceEntry data/a`},
	} {
		c.run(t)
	}
}

func TestIsNameOfAny(t *testing.T) {
	hosts := []string{"api.partner.example", "*.cdn.test", "api.bank.co.uk", ""}
	for name, want := range map[string]bool{
		"api.partner.example": true, "API.Partner.Example": true, "*.partner.example": true, "partner.example": true, "eu.partner.example": true,
		"a.cdn.test": true, "*": true, "203.0.113.7": true, "spiffe://cluster.local/ns/a/sa/b": true,
		"www.bank.co.uk": true, "evil.co.uk": false, "co.uk": false,
		"other.example": false, "evil.example.net": false, "example": false, "cdn.test.net": false,
	} {
		if have := isNameOfAny(hosts, name); have != want {
			t.Errorf("%q: %t, want %t", name, have, want)
		}
	}
}

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

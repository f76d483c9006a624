package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// What ServiceEntries of one namespace put behind the ports of a host.
func TestEndpoints(t *testing.T) {
	for _, c := range []struct{ name, mesh, want string }{
		{"the port's number", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http}]}`,
			"http 80: 1.2.3.4:80"},
		{"targetPort goes before the number", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http, targetPort: 443}]}`,
			"http 80: 1.2.3.4:443"},
		{"the endpoint's own port of that name goes before targetPort", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC,
				endpoints: [{address: 1.2.3.4, ports: {http: 8443, other: 1}}], ports: [{number: 80, name: http, targetPort: 443}]}`,
			"http 80: 1.2.3.4:8443"},
		{"a unix socket has no port", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, endpoints: [{address: "unix:///bank", ports: {http: 8443}}],
				ports: [{number: 80, name: http, targetPort: 443}]}`,
			"http 80: unix:///bank:0"},
		{"an entry without endpoints that resolves names", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http}]}`,
			"http 80: api.bank.example:80"},
		{"an entry without endpoints that does not", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, ports: [{number: 80, name: http}]}`,
			""},
		{"entries of one namespace share their endpoints", `
			ServiceEntry egress/bank @1: {hosts: [api.bank.example], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http}]}
			ServiceEntry egress/more @2: {hosts: [api.bank.example], resolution: STATIC, endpoints: [{address: 1.2.3.5}],
				ports: [{number: 80, name: web}]}
			ServiceEntry shop/bank @3: {hosts: [api.bank.example], resolution: STATIC, endpoints: [{address: 1.2.3.6}],
				ports: [{number: 80, name: http}]}`,
			"http 80: 1.2.3.4:80, web 80: 1.2.3.5:80"},
		{"a Service has none that are known", `
			Service egress/bank: {ports: [{port: 80, name: http}]}
			ServiceEntry egress/more: {hosts: [bank.egress.svc.cluster.local], resolution: STATIC, endpoints: [{address: 1.2.3.5}],
				ports: [{number: 80, name: web}]}`,
			"web 80: 1.2.3.5:80"},
		{"DNS_ROUND_ROBIN has one endpoint a port", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS_ROUND_ROBIN,
				endpoints: [{address: a.example}, {address: b.example}], ports: [{number: 80, name: http}, {number: 443, name: https}]}`,
			"http 80: a.example:80, https 443: a.example:443"},
		{"DNS_ROUND_ROBIN beside an older entry has none", `
			ServiceEntry egress/bank @1: {hosts: [api.bank.example], resolution: DNS, endpoints: [{address: a.example}, {address: b.example}],
				ports: [{number: 80, name: http}]}
			ServiceEntry egress/more @2: {hosts: [api.bank.example], resolution: DNS_ROUND_ROBIN, endpoints: [{address: c.example}],
				ports: [{number: 80, name: http}]}`,
			"http 80: a.example:80, http 80: b.example:80"},
		{"a selector selects WorkloadEntries of the namespace, by the labels of both places", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, workloadSelector: {labels: {app: bank, v: "1"}},
				endpoints: [{address: 9.9.9.9}], ports: [{number: 80, name: http, targetPort: 443}]}
			WorkloadEntry egress/a: {metadata: {labels: {app: bank}}, address: 1.2.3.4, labels: {v: "1"}, ports: {http: 8443}}
			WorkloadEntry egress/b: {metadata: {labels: {app: bank, v: "1"}}, address: 1.2.3.5}
			WorkloadEntry egress/c: {address: 1.2.3.6, labels: {app: bank, v: "2"}}
			WorkloadEntry shop/d: {address: 1.2.3.7, labels: {app: bank, v: "1"}}`,
			"http 80: 1.2.3.4:8443, http 80: 1.2.3.5:443"},
		{"the WorkloadEntry's metadata goes before its spec", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, workloadSelector: {labels: {v: "1"}},
				ports: [{number: 80, name: http}]}
			WorkloadEntry egress/a: {metadata: {labels: {v: "1"}}, address: 1.2.3.4, labels: {v: "2"}}
			WorkloadEntry egress/b: {metadata: {labels: {v: "2"}}, address: 1.2.3.5, labels: {v: "1"}}`,
			"http 80: 1.2.3.4:80"},
		{"a WorkloadEntry's identity", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, workloadSelector: {labels: {app: bank}},
				ports: [{number: 80, name: http}]}
			WorkloadEntry egress/a: {address: 1.2.3.4, labels: {app: bank}, serviceAccount: bank}`,
			"http 80: 1.2.3.4:80 mTLS spiffe://cluster.local/ns/egress/sa/bank"},
		{"a selected name counts where names are resolved", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, workloadSelector: {labels: {app: bank}},
				ports: [{number: 80, name: http}]}
			WorkloadEntry egress/a: {address: a.example, labels: {app: bank}}`,
			"http 80: a.example:80"},
		{"and nowhere else", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, workloadSelector: {labels: {app: bank}},
				ports: [{number: 80, name: http}]}
			WorkloadEntry egress/a: {address: a.example, labels: {app: bank}}
			WorkloadEntry egress/b: {labels: {app: bank}, network: other}`,
			"http 80: :80"},
		{"labels that say mutual TLS", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC,
				endpoints: [{address: 1.2.3.4, labels: {security.istio.io/tlsMode: istio}}, {address: 1.2.3.5, serviceAccount: bank},
				{address: 1.2.3.6, serviceAccount: bank, labels: {security.istio.io/tlsMode: disabled}}], ports: [{number: 80, name: http}]}`,
			"http 80: 1.2.3.4:80 mTLS, http 80: 1.2.3.5:80 mTLS spiffe://cluster.local/ns/egress/sa/bank, http 80: 1.2.3.6:80 spiffe://cluster.local/ns/egress/sa/bank"},
	} {
		t.Run(c.name, func(t *testing.T) {
			host := "api.bank.example"
			if strings.Contains(c.mesh, "Service egress/bank: {ports") {
				host = "bank.egress.svc.cluster.local"
			}
			equal(t, "endpoints", endpointLines(snapshot(t, c.mesh).endpointsFor(host, "egress", anyPort)), c.want)
		})
	}
	s := snapshot(t, `ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: a}, {number: 81, name: b}, {number: 82, name: c}]}`)
	wanted := s.endpointsFor("api.bank.example", "egress", port{number: 80, name: "c"}.sameNumberOrName)
	equal(t, "of one number or name", endpointLines(wanted), "a 80: api.bank.example:80, c 82: api.bank.example:82")
}

func endpointLines(list []endpoint) string {
	var lines []string
	for _, e := range list {
		line := fmt.Sprintf("%s %d: %s:%d", e.name, e.number, e.address, e.port)
		if e.acceptsMTLS {
			line += " mTLS"
		}
		if e.serviceAccount != "" {
			line += " " + e.serviceAccount
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, ", ")
}

// The names that the servers of a host may prove.
func TestServiceAccounts(t *testing.T) {
	for _, c := range []struct{ name, mesh, host, want string }{
		{"those of the entry and of its endpoints, each once", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, subjectAltNames: [b.example, a.example, b.example],
				endpoints: [{address: 1.2.3.4, serviceAccount: bank}, {address: 1.2.3.5}], ports: [{number: 80, name: http}]}`,
			"api.bank.example", "[a.example b.example spiffe://cluster.local/ns/egress/sa/bank spiffe://old/ns/egress/sa/bank]"},
		{"of the newest entry of the namespace, whatever the others say", `
			ServiceEntry egress/bank @1: {hosts: [api.bank.example], subjectAltNames: [a.example], ports: [{number: 80, name: http}]}
			ServiceEntry egress/more @2: {hosts: [api.bank.example], subjectAltNames: [b.example], ports: [{number: 80, name: http}]}
			ServiceEntry shop/more @3: {hosts: [api.bank.example], subjectAltNames: [c.example], ports: [{number: 80, name: http}]}`,
			"api.bank.example", "[b.example]"},
		{"an identity of another trust domain has the aliases too", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], subjectAltNames: ["spiffe://td/ns/a/sa/b", "spiffe://td", "https://td/x"],
				ports: [{number: 80, name: http}]}`,
			"api.bank.example", "[https://td/x spiffe://old/ns/a/sa/b spiffe://td spiffe://td/ns/a/sa/b]"},
		{"a forward proxy uses none", `
			ServiceEntry egress/bank: {hosts: ["*.bank.example"], resolution: DYNAMIC_DNS, subjectAltNames: [a.example],
				ports: [{number: 80, name: http}]}`,
			"*.bank.example", "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			settings := DefaultSettings()
			settings.TrustDomainAliases = []string{"old"}
			s := New(settings, objects(t, c.mesh)...)
			svc, _ := s.serviceFor(parseClient("sidecar egress"), c.host)
			written := fmt.Sprint(svc.entry.SubjectAltNames)
			equal(t, "names", s.serviceAccounts(svc), c.want)
			equal(t, "entry's own names afterwards", svc.entry.SubjectAltNames, written)
		})
	}
}

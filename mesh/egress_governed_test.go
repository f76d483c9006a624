package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// The clusters whose TLS a rule decides, or would decide.
func TestGovernedClusters(t *testing.T) {
	const entry = `
		ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS,
			ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}]}`
	for _, c := range []struct{ name, mesh, want string }{
		{"every client and port", entry + `
			DestinationRule egress/a: {host: api.bank.example, trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]}}`, `
			sidecar egress api.bank.example:80 SIMPLE
			sidecar egress api.bank.example:443 plaintext
			sidecar any other namespace api.bank.example:80 SIMPLE
			sidecar any other namespace api.bank.example:443 plaintext`},
		{"a rule that says nothing", entry + `
			DestinationRule shop/a: {host: api.bank.example}`, `
			sidecar shop api.bank.example:80 plaintext
			sidecar shop api.bank.example:443 plaintext`},
		{"subsets", entry + `
			DestinationRule shop/a: {host: api.bank.example, subsets: [{name: v1, trafficPolicy: {tls: {mode: SIMPLE}}}]}`, `
			sidecar shop api.bank.example:80 plaintext
			sidecar shop api.bank.example:80/v1 SIMPLE
			sidecar shop api.bank.example:443 plaintext
			sidecar shop api.bank.example:443/v1 SIMPLE`},
		{"not where an older rule's policy stands", entry + `
			DestinationRule shop/b @1: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule shop/a @2: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}},
				subsets: [{name: v1, trafficPolicy: {tls: {mode: DISABLE}}}]}`, `
			sidecar shop api.bank.example:80/v1 plaintext
			sidecar shop api.bank.example:443/v1 plaintext`},
		{"but where it has none", entry + `
			DestinationRule shop/b @1: {host: api.bank.example, subsets: [{name: v1}]}
			DestinationRule shop/a @2: {host: api.bank.example}`, `
			sidecar shop api.bank.example:80 plaintext
			sidecar shop api.bank.example:443 plaintext`},
		{"not for clients of another rule", entry + `
			DestinationRule shop/a: {host: api.bank.example, workloadSelector: {matchLabels: {app: web}}, trafficPolicy: {tls: {mode: SIMPLE}}}
			DestinationRule shop/b: {host: api.bank.example}`, `
			sidecar shop app=web api.bank.example:80 SIMPLE
			sidecar shop app=web api.bank.example:443 SIMPLE`},
		{"not for a ztunnel", entry + `
			Namespace shop: {metadata: {labels: {istio.io/dataplane-mode: ambient}}}
			DestinationRule shop/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, ``},
		{"not for clients that do not see the host", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule shop/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, ``},
		{"not for UDP", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 53, name: dns, protocol: UDP}]}
			DestinationRule shop/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, ``},
		{"not for what lies in the mesh", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.0.0.1}],
				ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule shop/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, ``},
		{"not for clients for whom the host lies in the mesh", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			ServiceEntry shop/bank: {hosts: [api.bank.example], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.0.0.1}],
				ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule shop/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, ``},
		{"not for what leaves the mesh and is inside by its location", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], location: MESH_INTERNAL, resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule shop/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, ``},
		{"nor for clients for whom it is inside by its endpoints", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], exportTo: [.], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
			ServiceEntry shop/bank: {hosts: [api.bank.example], resolution: STATIC, endpoints: [{address: 127.0.0.1}],
				ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule shop/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, ``},
		{"endpoints by their addresses", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: STATIC, endpoints: [{address: 1.2.3.4}],
				ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule shop/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop api.bank.example:80 SIMPLE, static endpoints`},
		{"a server on port 80 by targetPort", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS,
				ports: [{number: 8080, name: http, protocol: HTTP, targetPort: 80}, {number: 8443, name: https, protocol: HTTP, targetPort: 443},
				{number: 80, name: none, protocol: HTTP}]}
			DestinationRule shop/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop api.bank.example:8080 SIMPLE, port 80 is written
			sidecar shop api.bank.example:8443 SIMPLE
			sidecar shop api.bank.example:80 SIMPLE`},
		{"a server on port 80 by its endpoint", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], resolution: DNS, endpoints: [{address: a.example, ports: {http: 80, other: 0}}],
				ports: [{number: 8080, name: http, protocol: HTTP}, {number: 80, name: other, protocol: HTTP}]}
			DestinationRule shop/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop api.bank.example:8080 SIMPLE, port 80 is written
			sidecar shop api.bank.example:80 SIMPLE`},
		{"names of the entry's own", `
			ServiceEntry egress/bank: {hosts: [api.bank.example], subjectAltNames: [x.example], resolution: DNS,
				ports: [{number: 80, name: http, protocol: HTTP}]}
			DestinationRule shop/a: {host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`, `
			sidecar shop api.bank.example:80 SIMPLE, the entry has SANs`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			rule := Ref{Kind: KindDestinationRule, Namespace: "shop", Name: "a"}
			if s.Get(rule) == nil {
				rule.Namespace = "egress"
			}
			var lines []string
			for _, g := range s.GovernedClusters(rule) {
				line := fmt.Sprintf("%s %s:%d", g.Client, g.Host, g.Port)
				if g.Subset != "" {
					line += "/" + g.Subset
				}
				line += " " + map[bool]string{true: g.Cluster.Hop.TLS, false: "plaintext"}[g.Cluster.Originated()]
				for word, there := range map[string]bool{", the entry has SANs": g.EntrySubjectAltNames, ", static endpoints": g.StaticEndpoints, ", port 80 is written": g.WrittenPlaintextPort} {
					if there {
						line += word
					}
				}
				lines = append(lines, line)
			}
			equal(t, "clusters", strings.Join(lines, "\n"), strings.TrimPrefix(strings.ReplaceAll(c.want, "\t", ""), "\n"))
		})
	}
	s := snapshot(t, entry)
	equal(t, "of no rule", len(s.GovernedClusters(Ref{Kind: KindDestinationRule, Namespace: "shop", Name: "a"})), 0)
	equal(t, "of another kind", len(s.GovernedClusters(Ref{Kind: KindServiceEntry, Namespace: "egress", Name: "bank"})), 0)
}

package mesh

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What a rule's host covers, for clients whose lookup may come to the rule.
func TestAnyCovered(t *testing.T) {
	const entry = `
		ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`
	const inside = `
		ServiceEntry vm/b: {hosts: [b.example], location: MESH_INTERNAL, resolution: STATIC, endpoints: [{address: 10.0.0.1}],
			exportTo: [%s], ports: [{number: 80, name: http, protocol: HTTP}]}`
	for _, c := range []struct {
		name, mesh string
		port       uint32
		want       string
	}{
		{"requests to a host outside", entry + `
			DestinationRule shop/r: {host: "*"}`, 80, "a.example:80 http leaves"},
		{"Services", entry + `
			Service bank/pay: {ports: [{port: 80, name: http}]}
			DestinationRule shop/r: {host: "*"}`, 80, "a.example:80 http leaves, pay.bank.svc.cluster.local:80 http"},
		{"no other port", entry + `
			Service bank/pay: {ports: [{port: 8080, name: http}]}
			DestinationRule shop/r: {host: "*"}`, 80, "a.example:80 http leaves"},
		{"all ports", entry + `
			Service bank/pay: {ports: [{port: 8080, name: http}]}
			DestinationRule shop/r: {host: "*"}`, 0, "a.example:80 http leaves, pay.bank.svc.cluster.local:8080 http"},
		{"a host inside that its clients see", entry + fmt.Sprintf(inside, "'*'") + `
			DestinationRule shop/r: {host: "*.example"}`, 80, "a.example:80 http leaves, b.example:80 http"},
		{"none that they do not see", entry + fmt.Sprintf(inside, ".") + `
			DestinationRule shop/r: {host: "*.example"}`, 80, "a.example:80 http leaves"},
		{"what others see, for a rule for all", entry + fmt.Sprintf(inside, ".") + `
			DestinationRule istio-system/r: {host: "*.example"}`, 80, "a.example:80 http leaves, b.example:80 http"},
		{"not for one that its own namespace's clients have alone", entry + fmt.Sprintf(inside, ".") + `
			DestinationRule istio-system/r: {host: "*.example", exportTo: [.]}`, 80, "a.example:80 http leaves"},
		{"a host that has a rule of its own, which may go", entry + fmt.Sprintf(inside, "'*'") + `
			DestinationRule shop/b: {host: b.example}
			DestinationRule shop/r: {host: "*.example"}`, 80, "a.example:80 http leaves, b.example:80 http"},
		{"a server that listens for plaintext", `
			ServiceEntry egress/a: {hosts: [a.example], resolution: DNS, endpoints: [{address: x.example, ports: {http: 80}}, {address: y.example, ports: {http: 443}}],
				ports: [{number: 8080, name: http, protocol: HTTP}]}
			DestinationRule shop/r: {host: "*.example"}`, 8080, "a.example:8080 http leaves plaintext"},
		{"no alias", `
			Service bank/pay: {type: ExternalName, externalName: a.example, ports: [{port: 80, name: http}]}
			DestinationRule shop/r: {host: "*"}`, 80, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			rule := Ref{Kind: KindDestinationRule, Namespace: "shop", Name: "r"}
			if s.Get(rule) == nil {
				rule.Namespace = "istio-system"
			}
			var list []string
			for _, host := range s.Hosts("*") {
				isIt := ""
				if s.AnyCovered(rule, c.port, func(p CoveredPort) bool {
					isIt = coveredLine(p)
					return p.Host == host
				}) {
					list = append(list, isIt)
				}
			}
			slices.Sort(list)
			equal(t, "covered", strings.Join(list, ", "), c.want)
		})
	}
	s := snapshot(t, entry)
	equal(t, "of no rule", s.AnyCovered(Ref{Kind: KindServiceEntry, Namespace: "egress", Name: "a"}, 0, func(CoveredPort) bool { return true }), false)
}

func coveredLine(p CoveredPort) string {
	line := fmt.Sprintf("%s:%d %s", p.Host, p.Number, p.Family)
	if p.Leaves {
		line += " leaves"
	}
	if p.WrittenPlaintextPort {
		line += " plaintext"
	}
	return line
}

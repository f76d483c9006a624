package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// What a flow says beside its path: the facts by which policies judge it.
func TestReviewFacts(t *testing.T) {
	const entry = `
		ServiceEntry egress/a: {hosts: [a.example, b.test], resolution: DNS, exportTo: [shop, istio-system],
			endpoints: [{address: x.example}, {address: 1.2.3.4}, {address: X.example}, {address: x.example}, {address: "fe80::1"},
			{address: "unix:///x"}], ports: [{number: 80, name: http, protocol: GRPC, targetPort: 443}]}`
	const facts = `protocol="GRPC" family=http payload=http ports=[0 443] names=[a.example b.test] endpoints=[x.example X.example] service=ServiceEntry egress/a`
	for _, c := range []struct{ name, before, change, want string }{
		{"of a rule for the host", entry, `
			DestinationRule shop/r: {host: a.example}`, `
			sidecar shop: ` + facts + ` rule=DestinationRule shop/r`},
		{"of a rule for a wildcard", entry, `
			DestinationRule shop/r: {host: "*.example"}`, `
			sidecar shop: ` + facts + ` rule=DestinationRule shop/r wildcard`},
		{"of a client in the root namespace", entry, `
			DestinationRule istio-system/r: {host: a.example}`, `
			sidecar istio-system: ` + facts + ` rule=DestinationRule istio-system/r root
			sidecar shop: ` + facts + ` rule=DestinationRule istio-system/r`},
		{"of a client without a rule", entry + `
			DestinationRule shop/r: {host: a.example}`, "delete DestinationRule shop/r", `
			sidecar shop: ` + facts},
		{"of what a host in another port's words is", `
			ServiceEntry egress/a: {hosts: [a.example], exportTo: [shop], ports: [{number: 80, name: tls, protocol: HTTPS}]}`, `
			DestinationRule shop/r: {host: a.example}`, `
			sidecar shop: protocol="HTTPS" family=tls payload=tls ports=[80] names=[a.example] endpoints=[] service=ServiceEntry egress/a rule=DestinationRule shop/r`},
		{"of a waypoint that does not see the host", `
			KubernetesGateway shop/waypoint: {gatewayClassName: istio-waypoint,
				listeners: [{protocol: HBONE, port: 15008, name: mesh, allowedRoutes: {namespaces: {from: All}}}]}`, `
			ServiceEntry egress/a: {metadata: {labels: {istio.io/use-waypoint: waypoint, istio.io/use-waypoint-namespace: shop}},
				hosts: [a.example], exportTo: [till], ports: [{number: 80, name: http, protocol: HTTP}]}`, `
			sidecar till: protocol="HTTP" family=http payload=http ports=[80] names=[a.example] endpoints=[] service=ServiceEntry egress/a
			waypoint shop: protocol="HTTP" family=http payload=http ports=[80] names=[a.example] endpoints=[] service=ServiceEntry egress/a hidden`},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, next, object := changed(t, c.before, c.change)
			var lines []string
			for _, f := range mustReview(t, old, next, object, nil) {
				lines = append(lines, f.Client.String()+": "+factsLine(f))
			}
			equal(t, "flows", strings.Join(lines, "\n"), strings.TrimSpace(strings.ReplaceAll(c.want, "\t", "")))
		})
	}
}

func factsLine(f Flow) string {
	line := fmt.Sprintf("protocol=%q family=%s payload=%s ports=%v names=%v endpoints=%v", f.Protocol, f.Family, f.Payload, f.TargetPorts, f.SNIHosts, f.EndpointHosts)
	if f.Service != nil {
		line += " service=" + f.Service.String()
	}
	if f.Rule != nil {
		line += " rule=" + f.Rule.String()
	}
	for word, there := range map[string]bool{" wildcard": f.WildcardRule, " root": f.ClientInRootNamespace, " hidden": f.HostNotVisible} {
		if there {
			line += word
		}
	}
	return line
}

package mesh

import "testing"

// A route for all namespaces may lead to a subset that a rule for some of them alone has: the others' proxies have no cluster
// for it, and nothing leaves by them.
func TestResolveWithoutClusterForTheSubset(t *testing.T) {
	const host = "egress.istio-system.svc.cluster.local"
	const common = `
		ServiceEntry shop/a: {hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
		Service istio-system/egress: {selector: {istio: egress}, ports: [{port: 80, name: http}]}
		Gateway egress/gw: {selector: {istio: egress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
		DestinationRule shop/tls: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}}
		DestinationRule shop/gw: {host: ` + host + `, subsets: [{name: v1}]}`
	const behind = `{match: [{gateways: [egress/gw]}], route: [{destination: {host: a.example, port: {number: 80}}}]}]}`
	const allByGateway = common + `
		VirtualService shop/v: {hosts: [a.example], gateways: [mesh, egress/gw], http: [
			{match: [{gateways: [mesh]}], route: [{destination: {host: ` + host + `, subset: v1, port: {number: 80}}}]},
			` + behind
	const someByGateway = common + `
		VirtualService shop/v: {hosts: [a.example], gateways: [mesh, egress/gw], http: [
			{match: [{gateways: [mesh], uri: {prefix: /x}}], route: [{destination: {host: ` + host + `, subset: v1, port: {number: 80}}}]},
			{match: [{gateways: [mesh]}], route: [{destination: {host: a.example, port: {number: 80}}}]},
			` + behind
	for _, c := range []struct{ name, mesh, client, want string }{
		{"a client that finds the rule", allByGateway, "sidecar shop",
			"originated: gateway " + host + " 80 | a.example 80 SIMPLE verified"},
		{"one that does not", allByGateway, "sidecar till", "unknown no-cluster: gateway " + host + " 80"},
		{"one that does not, of which some requests go another way", someByGateway, "sidecar till", "originated: a.example 80 SIMPLE verified"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			equal(t, "path", resolved(s, c.client, "a.example", 80), c.want)
		})
	}
	path := snapshot(t, allByGateway).Resolve(parseClient("sidecar till"), "a.example", 80)
	equal(t, "decided by", path.Hops[0].DecidedBy.String(), "VirtualService shop/v spec")
}

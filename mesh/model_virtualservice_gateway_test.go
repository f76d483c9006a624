package mesh

import (
	"slices"
	"strings"
	"testing"

	networking "istio.io/api/networking/v1alpha3"
)

// tlsServer returns a Gateway's server with a TLS mode.
func tlsServer(t *testing.T, mode string) *networking.Server {
	t.Helper()
	return gatewaySpec(objects(t, "{Gateway own/g: {servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*'], tls: {mode: "+mode+"}}]}}")[0]).Servers[0]
}

// Which VirtualServices a gateway of namespace "own" has for a host.
func TestVirtualServicesForGateway(t *testing.T) {
	for _, c := range []struct{ name, mesh, want, byName string }{
		{"bound to it", `
			VirtualService own/v: {hosts: [a.com], gateways: [g]}
			VirtualService own/w: {hosts: [a.com], gateways: [h]}
			VirtualService own/x: {hosts: [a.com]}`, "v", "v"},
		{"from another namespace", `
			VirtualService egress/v: {hosts: [a.com], gateways: [own/g]}
			VirtualService egress/w: {hosts: [a.com], gateways: [g]}`, "v", "v"},
		{"not one that its namespace does not see", `
			VirtualService egress/v: {hosts: [a.com], gateways: [own/g], exportTo: [.]}`, "", ""},
		{"the host before wildcards, the longest first, whatever their age", `
			VirtualService own/all @1: {hosts: ["*"], gateways: [g]}
			VirtualService own/wide @2: {hosts: ["*.com"], gateways: [g]}
			VirtualService own/exact @3: {hosts: [A.com], gateways: [g]}`, "exact wide all", "all wide exact"},
		{"private before exported before public ones", `
			VirtualService own/public @1: {hosts: [a.com], gateways: [g]}
			VirtualService egress/named @2: {hosts: [a.com], gateways: [own/g], exportTo: [own]}
			VirtualService own/private @3: {hosts: [a.com], gateways: [g], exportTo: [.]}`, "private named public", "private named public"},
		{"the oldest first, then by name", `
			VirtualService own/a @2: {hosts: [a.com], gateways: [g]}
			VirtualService own/b @2: {hosts: [a.com], gateways: [g]}
			VirtualService own/c @1: {hosts: [a.com], gateways: [g]}`, "c a b", "c a b"},
		{"for each of its hosts", `
			VirtualService own/v: {hosts: [a.com, "*.com"], gateways: [g]}`, "v v", "v"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.mesh)
			equal(t, "by the closest host", names(s.virtualServicesForGateway("own/g", "own", "a.com")), c.want)
			equal(t, "by age", names(s.gatewayVirtualServicesByName("own/g", "own", "a.com")), c.byName)
		})
	}
}

// The VirtualServices for a host that are bound to any gateway.
func TestGatewayVirtualServicesForHost(t *testing.T) {
	s := snapshot(t, `
		VirtualService own/v: {hosts: [a.com, "*.com"], gateways: [g]}
		VirtualService egress/w: {hosts: ["*.com"], gateways: [h, mesh]}
		VirtualService own/x: {hosts: [a.com]}
		VirtualService own/y: {hosts: [b.com], gateways: [g]}`)
	equal(t, "VirtualServices", names(s.gatewayVirtualServicesForHost("a.com")), "w v")
}

func TestGatewayVirtualServicesWithTCP(t *testing.T) {
	const tcp = `tcp: [{route: [{destination: {host: b.com}}]}]}`
	s := snapshot(t, `
		VirtualService own/v @2: {hosts: [a.com], gateways: [g], `+tcp+`
		VirtualService own/w @1: {hosts: [c.com], gateways: [g], `+tcp+`
		VirtualService own/http: {hosts: [a.com], gateways: [g], http: [{route: [{destination: {host: b.com}}]}]}
		VirtualService own/other: {hosts: [a.com], gateways: [h], `+tcp+`
		VirtualService egress/hidden: {hosts: [a.com], gateways: [own/g], exportTo: [.], `+tcp)
	equal(t, "VirtualServices", names(s.gatewayVirtualServicesWithTCP("own/g", "own")), "w v")
}

// The VirtualServices with tls routes for a name, and those with which they clash: they share a name with one of them.
func TestGatewayVirtualServicesBySNI(t *testing.T) {
	tls := func(names string) string {
		return "hosts: [a.com], gateways: [g], tls: [{match: [" + names + "], route: [{destination: {host: b.com}}]}]}"
	}
	for _, c := range []struct{ name, mesh, mode, want string }{
		{"by name", `
			VirtualService own/v: {` + tls(`{sniHosts: [x.a.com]}`) + `
			VirtualService own/w: {` + tls(`{sniHosts: [y.a.com]}`), "PASSTHROUGH", "v"},
		{"by the second of its names", `
			VirtualService own/v: {` + tls(`{sniHosts: [z.a.com]}, {sniHosts: [y.a.com, x.a.com]}`), "PASSTHROUGH", "v"},
		{"by wildcards", `
			VirtualService own/a @1: {` + tls(`{sniHosts: ["*.com"]}`) + `
			VirtualService own/b @2: {` + tls(`{sniHosts: ["*.a.com"]}`) + `
			VirtualService own/c @3: {` + tls(`{sniHosts: ["*"]}`) + `
			VirtualService own/d @4: {` + tls(`{sniHosts: ["*a.com"]}`), "PASSTHROUGH", "a b c"},
		{"by any name", `
			VirtualService own/v: {` + tls(`{port: 443}`), "PASSTHROUGH", "v"},
		{"with those with which they clash", `
			VirtualService own/a @2: {` + tls(`{sniHosts: [x.a.com, other.com]}`) + `
			VirtualService own/b @1: {` + tls(`{sniHosts: [other.com, third.com]}`) + `
			VirtualService own/c @3: {` + tls(`{sniHosts: [third.com]}`) + `
			VirtualService own/d @4: {` + tls(`{sniHosts: [fourth.com]}`), "PASSTHROUGH", "b a c"},
		{"private ones first, each once", `
			VirtualService own/public @1: {` + tls(`{sniHosts: [x.a.com, "*"]}`) + `
			VirtualService own/private @2: {exportTo: [.], ` + tls(`{sniHosts: [x.a.com, "*"]}`), "PASSTHROUGH", "private public"},
		{"AUTO_PASSTHROUGH passes TLS on, too", `
			VirtualService own/v: {` + tls(`{sniHosts: [x.a.com]}`), "AUTO_PASSTHROUGH", "v"},
		{"a server that ends TLS does not", `
			VirtualService own/v: {` + tls(`{sniHosts: [x.a.com]}`), "SIMPLE", ""},
		{"bound to another gateway", `
			VirtualService other/v: {` + tls(`{sniHosts: [x.a.com]}`), "PASSTHROUGH", ""},
		{"not seen by the gateway", `
			VirtualService other/v: {hosts: [a.com], gateways: [own/g], exportTo: [.],
			  tls: [{match: [{sniHosts: [x.a.com]}], route: [{destination: {host: b.com}}]}]}`,
			"PASSTHROUGH", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := objects(t, "{Gateway own/g: {}}")[0]
			servers := []gatewayServer{newGatewayServer(g, tlsServer(t, c.mode)), newGatewayServer(g, tlsServer(t, "SIMPLE"))}
			equal(t, "VirtualServices", names(snapshot(t, c.mesh).gatewayVirtualServicesBySNI(servers, "own", "x.a.com")), c.want)
		})
	}
}

// A gateway with a server that ends TLS beside another Gateway that passes it on takes routes for the other alone.
func TestGatewayVirtualServicesOfPassthroughOnly(t *testing.T) {
	gateways := objects(t, "{Gateway own/g: {}, Gateway own/h: {}}")
	slices.SortFunc(gateways, func(a, b *Object) int { return strings.Compare(a.Name, b.Name) })
	servers := []gatewayServer{newGatewayServer(gateways[0], tlsServer(t, "SIMPLE")), newGatewayServer(gateways[1], tlsServer(t, "PASSTHROUGH"))}
	s := snapshot(t, `
		VirtualService own/v: {hosts: [a.com], gateways: [g], tls: [{match: [{sniHosts: [x.a.com]}]}]}
		VirtualService own/w: {hosts: [a.com], gateways: [h], tls: [{match: [{sniHosts: [x.a.com]}]}]}`)
	equal(t, "VirtualServices", names(s.gatewayVirtualServicesBySNI(servers, "own", "x.a.com")), "w")
}

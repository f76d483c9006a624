package mesh

import (
	"slices"
	"testing"
)

// A VirtualService is found until it is gone, by all that it is about.
func TestVirtualServicesComeAndGo(t *testing.T) {
	s := snapshot(t, `
		VirtualService own/root: {hosts: ["*.a.com"], gateways: [g], http: [{delegate: {name: leaf}}, {route: [{destination: {host: web}}]}],
		  tls: [{match: [{sniHosts: [x.a.com]}, {}], route: [{destination: {host: b.com}}]}], tcp: [{route: [{destination: {host: c.com}}]}]}
		VirtualService own/leaf: {http: [{route: [{destination: {host: d.com}}]}]}`)
	found := func() []string {
		passthrough := []gatewayServer{newGatewayServer(objects(t, "{Gateway own/g: {}}")[0], tlsServer(t, "PASSTHROUGH"))}
		list := []string{names(s.virtualServicesForHost("x.a.com")), names(s.virtualServicesForGateway("own/g", "own", "x.a.com")),
			names(s.gatewayVirtualServicesWithTCP("own/g", "own")), names(s.gatewayVirtualServicesBySNI(passthrough, "own", "x.a.com"))}
		for _, host := range []string{"web.own.svc.cluster.local", "b.com", "c.com", "d.com"} {
			list = append(list, names(s.virtualServicesWithDestination(host)))
		}
		return slices.Compact(list)
	}
	equal(t, "found", found(), "[root]")
	for _, name := range []string{"root", "leaf"} {
		s = s.Without(Ref{KindVirtualService, "own", name})
	}
	equal(t, "gone", found(), "[]")
	equal(t, "in the index", s.virtualServices.Len(), 0)
	equal(t, "wildcards", s.virtualServiceHostsCovering("x.a.com"), "[x.a.com]")
}

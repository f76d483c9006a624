package mesh

import (
	"cmp"
	"slices"
)

// virtualServicesForGateway returns the VirtualServices with a host that covers host, bound to a gateway and exported
// to its namespace: those with an exact host before those with wildcards, then private before exported before public
// ones, the oldest first.
func (s *Snapshot) virtualServicesForGateway(gateway, namespace, host string) []*virtualService {
	var list []*virtualService
	for _, pattern := range s.virtualServiceHostsCovering(host) {
		start := len(list)
		for _, v := range s.virtualServices.Prefix(byHost + pattern + "\x00") {
			if slices.Contains(v.gateways, gateway) && visible(v.exportTo, v.Namespace, namespace) {
				list = append(list, v)
			}
		}
		slices.SortStableFunc(list[start:], func(a, b *virtualService) int { return a.compareAtGateway(b, namespace) })
	}
	return list
}

// gatewayVirtualServicesForHost returns the VirtualServices with a host that covers host and bound to any gateway.
func (s *Snapshot) gatewayVirtualServicesForHost(host string) []*virtualService {
	var list []*virtualService
	for _, pattern := range s.virtualServiceHostsCovering(host) {
		for _, v := range s.virtualServices.Prefix(byHost + pattern + "\x00") {
			if v.bindsGateway() {
				list = append(list, v)
			}
		}
	}
	slices.SortFunc(list, func(a, b *virtualService) int { return cmp.Compare(a.key(), b.key()) })
	return slices.Compact(list)
}

// gatewayVirtualServicesWithTCP returns the VirtualServices with tcp routes, or made of TLSRoutes, that are bound to a gateway and
// exported to its namespace.
func (s *Snapshot) gatewayVirtualServicesWithTCP(gateway, namespace string) []*virtualService {
	var list []*virtualService
	for _, v := range s.virtualServices.Prefix(byGateway + gateway + "\x00") {
		if (len(v.spec.Tcp) > 0 || v.isOfTLSRoute()) && visible(v.exportTo, v.Namespace, namespace) {
			list = append(list, v)
		}
	}
	return sortVirtualServices(list, namespace)
}

// gatewayVirtualServicesBySNI returns the VirtualServices with tls routes for a server name that are bound to the
// PASSTHROUGH servers and exported to their namespace, and all that have an SNI host in common with one of them: of
// two that name the same SNI host, the younger loses the whole match (tlsPassthroughChains). For video.cnn.com these are
// both, since the first, if it is the older, takes that name from the second:
//
//	tls:                                            tls:
//	- match: [{sniHosts: [edition.cnn.com]}]        - match: [{sniHosts: [edition.cnn.com, video.cnn.com]}]
func (s *Snapshot) gatewayVirtualServicesBySNI(servers []gatewayServer, namespace, sni string) []*virtualService {
	if !slices.ContainsFunc(servers, gatewayServer.isTLSPassthrough) {
		return nil
	}
	bound := func(gateway string) bool {
		return slices.ContainsFunc(servers, func(srv gatewayServer) bool { return srv.isTLSPassthrough() && srv.gateway == gateway })
	}
	names := []string{"", "*", sni}
	for i := range sni {
		if sni[i] == '.' {
			names = append(names, "*"+sni[i:])
		}
	}
	var list []*virtualService
	asked := map[string]bool{}
	for len(names) > 0 {
		name := names[0]
		if names = names[1:]; asked[name] {
			continue
		}
		asked[name] = true
		for _, v := range s.virtualServices.Prefix(bySNI + name + "\x00") {
			if slices.ContainsFunc(v.gateways, bound) && visible(v.exportTo, v.Namespace, namespace) {
				list = append(list, v)
				names = append(names, v.serverNames()...)
			}
		}
	}
	return slices.Compact(sortVirtualServices(list, namespace))
}

// gatewayVirtualServicesByName returns virtualServicesForGateway, sorted by sortVirtualServices alone.
func (s *Snapshot) gatewayVirtualServicesByName(gateway, namespace, name string) []*virtualService {
	return slices.Compact(sortVirtualServices(s.virtualServicesForGateway(gateway, namespace, name), namespace))
}

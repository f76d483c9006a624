package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// filterChain is a filter chain of a gateway that routes no requests: it takes TLS with one of its server names or,
// without names, everything.
type filterChain struct {
	serverNames  []string
	destinations []routeDestination
}

// gatewayFilterChains returns the filter chains of a server that routes no requests. A PASSTHROUGH server has one for
// each match of the tls routes of bySNI; taken are the SNI hosts that chains of the port have already.
func (s *Snapshot) gatewayFilterChains(client Client, srv gatewayServer, bySNI []*virtualService, taken map[string]bool) []filterChain {
	switch {
	case srv.isAutoPassthrough():
		return nil
	case srv.isTLSPassthrough():
		return s.tlsPassthroughChains(client, srv, bySNI, taken)
	}
	for _, v := range s.gatewayVirtualServicesWithTCP(srv.gateway, client.Namespace) {
		if list := s.gatewayTCPDestinations(client, srv, v); len(list) > 0 {
			c := filterChain{destinations: list}
			if srv.tls != nil {
				c.serverNames = srv.sniHosts()
			}
			return []filterChain{c}
		}
	}
	return nil
}

// gatewayDestinationsOf returns where a server sends anything by the routes of v, as if no other VirtualService were
// there.
func (s *Snapshot) gatewayDestinationsOf(client Client, srv gatewayServer, v *virtualService) []routeDestination {
	var list []routeDestination
	switch {
	case srv.isAutoPassthrough() || srv.redirectsToHTTPS():
	case srv.routesHTTP():
		if len(srv.intersection(v)) == 0 {
			return nil
		}
		some, rest, taken, whole := s.splitHTTPDestinations(v, matchContext{gateway: srv.gateway, port: srv.number, client: client})
		if !taken {
			return nil
		}
		if whole {
			some = slices.Concat(some, rest)
		}
		for _, d := range some { // alike for all hosts
			list = append(list, s.completeGatewayDestination(client, d, srv.number))
		}
	case srv.isTLSPassthrough():
		for _, c := range s.tlsPassthroughChains(client, srv, []*virtualService{v}, map[string]bool{}) {
			list = append(list, c.destinations...)
		}
	default:
		list = s.gatewayTCPDestinations(client, srv, v)
	}
	return list
}

// gatewayTCPDestinations returns where a server sends connections by the tcp routes of v or, where that was made of a TLSRoute, by its
// tls routes: the server ends the TLS, and the names do not matter (pilot/pkg/networking/core/gateway.go
// buildGatewayNetworkFiltersFromTCPRoutes).
func (s *Snapshot) gatewayTCPDestinations(client Client, srv gatewayServer, v *virtualService) []routeDestination {
	if !srv.matchesHostsOf(v) {
		return nil
	}
	r := matchContext{gateway: srv.gateway, port: srv.number, client: client}
	for _, route := range v.spec.Tcp {
		if applies, _ := matchTCP(v, route, r); applies && len(route.GetRoute()) > 0 {
			return s.gatewayL4Destinations(client, v, route.Route, FamilyOpaque, srv.number)
		}
	}
	if !v.isOfTLSRoute() {
		return nil
	}
	for _, route := range v.spec.Tls {
		if slices.ContainsFunc(route.GetMatch(), func(m *networking.TLSMatchAttributes) bool { return matchesL4(m, v, r) }) {
			return s.gatewayL4Destinations(client, v, route.Route, FamilyOpaque, srv.number)
		}
	}
	return nil
}

// tlsPassthroughChains returns a filter chain for each match of the tls routes that are bound to a PASSTHROUGH server
// (pilot/pkg/networking/core/gateway.go buildGatewayNetworkFiltersFromTLSRoutes). The server's hosts do not limit the
// names. A match with an SNI host that is taken has no chain; the SNI hosts of the others are added to taken. Of
// these two, the second match has none, and nobody takes www.cnn.com:
//
//	tls:
//	- match: [{sniHosts: [edition.cnn.com]}]
//	  route: [{destination: {host: edition.cnn.com}}]
//	- match: [{sniHosts: [edition.cnn.com, www.cnn.com]}]
//	  route: [{destination: {host: www.cnn.com}}]
func (s *Snapshot) tlsPassthroughChains(client Client, srv gatewayServer, all []*virtualService, taken map[string]bool) []filterChain {
	var list []filterChain
	for _, v := range all {
		if !slices.Contains(v.gateways, srv.gateway) || !srv.matchesHostsOf(v) {
			continue
		}
		r := matchContext{gateway: srv.gateway, port: srv.number, client: client}
		for _, route := range v.spec.Tls {
			for _, m := range route.GetMatch() {
				if len(route.Route) == 0 || m == nil || !matchesL4(m, v, r) ||
					slices.ContainsFunc(m.SniHosts, func(h string) bool { return taken[h] }) {
					continue
				}
				for _, h := range m.SniHosts {
					taken[h] = true
				}
				list = append(list, filterChain{serverNames: m.SniHosts, destinations: s.gatewayL4Destinations(client, v, route.Route, FamilyTLS, srv.number)})
			}
		}
	}
	return list
}

// gatewayL4Destinations returns the destinations of a tls or tcp route at a gateway.
func (s *Snapshot) gatewayL4Destinations(client Client, v *virtualService, routes []*networking.RouteDestination, kind Family, number uint32) []routeDestination {
	list := s.settings.weightedDestinations(v, routes, kind)
	for i, d := range list {
		list[i] = s.completeGatewayDestination(client, d, number)
	}
	return list
}

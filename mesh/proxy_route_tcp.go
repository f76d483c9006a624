package mesh

import networking "istio.io/api/networking/v1alpha3"

// tcpDestinations returns where connections go by tcp routes (pilot/pkg/networking/core/tls.go
// buildSidecarOutboundTCPFilterChainOpts): to the destinations of the first route that matches all, and of those
// before it that match some addresses. taken reports whether one matches all.
func (s *Snapshot) tcpDestinations(all []*virtualService, r matchContext) (list []routeDestination, taken bool) {
	for _, v := range all {
		for _, route := range v.spec.Tcp {
			if len(route.GetRoute()) == 0 {
				continue
			}
			applies, whole := matchTCP(v, route, r)
			if applies {
				list = append(list, s.settings.weightedDestinations(v, route.Route, FamilyOpaque)...)
			}
			if whole {
				return list, true
			}
		}
	}
	return list, false
}

// matchTCP reports whether a route may match a connection, and whether it matches all of them.
func matchTCP(v *virtualService, route *networking.TCPRoute, r matchContext) (applies, whole bool) {
	if len(route.Match) == 0 {
		return true, true
	}
	for _, m := range route.Match {
		if m != nil && matchesL4(m, v, r) {
			applies, whole = true, whole || len(m.DestinationSubnets) == 0
		}
	}
	return applies, whole
}

// matchesL4 reports whether what the matches of tls and tcp routes have in common holds for a match of v's. A gateway
// ignores the source (pilot/pkg/networking/core/gateway.go l4SingleMatch).
func matchesL4(m l4Match, v *virtualService, r matchContext) bool {
	return matchesGateway(m.GetGateways(), v.Namespace, r.gateway) && (m.GetPort() == 0 || m.GetPort() == r.port) &&
		(r.gateway != meshGateway || matchesSource(m.GetSourceNamespace(), m.GetSourceLabels(), r.client))
}

// weightedDestinations returns the destinations of a tls or tcp route. Of several, those without a weight get nothing.
func (s Settings) weightedDestinations(v *virtualService, routes []*networking.RouteDestination, kind Family) []routeDestination {
	var list []routeDestination
	for _, r := range routes {
		if d := r.GetDestination(); d != nil && (len(routes) == 1 || r.GetWeight() > 0) {
			list = append(list, routeDestination{
				Destination: Destination{Host: s.destinationHost(v, d), Port: d.GetPort().GetNumber(), Subset: d.Subset},
				routeType:   kind, virtualService: v, author: v.source(),
			})
		}
	}
	return list
}

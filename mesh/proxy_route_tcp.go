package mesh

import networking "istio.io/api/networking/v1alpha3"

// tcpDestinations returns where bytes go of which nothing is read: by the first route that takes them all, and those before it that
// take what goes to certain addresses (pilot/pkg/networking/core/tls.go buildSidecarOutboundTCPFilterChainOpts).
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

func matchTCP(v *virtualService, route *networking.TCPRoute, r matchContext) (applies, whole bool) {
	if len(route.Match) == 0 {
		return true, true
	}
	for _, m := range route.Match {
		if m != nil && matchesL4(m.Gateways, m.Port, m.SourceNamespace, m.SourceLabels, v, r) {
			applies, whole = true, whole || len(m.DestinationSubnets) == 0
		}
	}
	return applies, whole
}

// matchesL4 holds the parts of a match against a request that are alike for tls and tcp routes. A gateway does not
// look at the source (pilot/pkg/networking/core/gateway.go l4SingleMatch).
func matchesL4(gateways []string, number uint32, namespace string, labels map[string]string, v *virtualService, r matchContext) bool {
	return matchesGateway(gateways, v.Namespace, r.gateway) && (number == 0 || number == r.port) &&
		(r.gateway != meshGateway || matchesSource(namespace, labels, r.client))
}

// weightedDestinations returns the destinations of a tls or tcp route. Of several, those without a weight get nothing.
func (s Settings) weightedDestinations(v *virtualService, routes []*networking.RouteDestination, kind Family) []routeDestination {
	var list []routeDestination
	for _, r := range routes {
		if d := r.GetDestination(); d != nil && (len(routes) == 1 || r.GetWeight() > 0) {
			list = append(list, routeDestination{
				Destination: Destination{Host: s.qualify(d.Host, v.Namespace), Port: d.GetPort().GetNumber(), Subset: d.Subset},
				routeType:   kind, virtualService: v,
			})
		}
	}
	return list
}

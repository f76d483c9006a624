package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

func tlsDestinations(v *virtualService, settings Settings, r request) []destination {
	var list []destination
	for _, route := range v.spec.Tls {
		for _, m := range route.GetMatch() {
			if m == nil || !matchesGateway(m.Gateways, v.Namespace, r.gateway) || m.Port != 0 && m.Port != r.port ||
				!matchesSource(m.SourceNamespace, m.SourceLabels, r) || !matchesSNI(m.SniHosts, r.host) {
				continue
			}
			list = append(list, settings.weighted(v, route.Route, FamilyTLS)...)
			return list
		}
	}
	return list
}

func matchesSNI(hosts []string, host string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool { return HostMatches(h, host) || HostMatches(host, h) })
}

func tcpDestinations(v *virtualService, settings Settings, r request) []destination {
	for _, route := range v.spec.Tcp {
		if route == nil {
			continue
		}
		whole := len(route.Match) == 0
		for _, m := range route.Match {
			if m != nil && matchesGateway(m.Gateways, v.Namespace, r.gateway) && (m.Port == 0 || m.Port == r.port) &&
				matchesSource(m.SourceNamespace, m.SourceLabels, r) {
				whole = true
			}
		}
		if whole {
			return settings.weighted(v, route.Route, FamilyOpaque)
		}
	}
	return nil
}

func (s Settings) weighted(v *virtualService, routes []*networking.RouteDestination, kind Family) []destination {
	var list []destination
	for _, r := range routes {
		if d := r.GetDestination(); d != nil {
			list = append(list, destination{
				host: s.qualify(d.Host, v.Namespace), port: d.GetPort().GetNumber(), subset: d.Subset,
				kind: kind, from: v,
			})
		}
	}
	return list
}

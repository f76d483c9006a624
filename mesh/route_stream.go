package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// tlsDestinations gives where a VirtualService sends TLS for host that has come to a gateway.
func tlsDestinations(v *virtualService, settings Settings, r request) []destination {
	for _, route := range v.spec.Tls {
		for _, m := range route.GetMatch() {
			if m != nil && matchesStream(m.Gateways, m.Port, m.SourceNamespace, m.SourceLabels, v, r) && matchesSNI(m.SniHosts, r.host) {
				return settings.weighted(v, route.Route, FamilyTLS)
			}
		}
	}
	return nil
}

func matchesSNI(hosts []string, host string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool { return HostMatches(h, host) || HostMatches(host, h) })
}

// weighted lists the destinations of a tls or tcp route. Of several, those without a weight get nothing.
func (s Settings) weighted(v *virtualService, routes []*networking.RouteDestination, kind Family) []destination {
	var list []destination
	for _, r := range routes {
		if d := r.GetDestination(); d != nil && (len(routes) == 1 || r.GetWeight() > 0) {
			list = append(list, destination{
				host: s.qualify(d.Host, v.Namespace), port: d.GetPort().GetNumber(), subset: d.Subset,
				kind: kind, from: v,
			})
		}
	}
	return list
}

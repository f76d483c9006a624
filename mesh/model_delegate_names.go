package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// qualifyMatches returns matches with their gateways as "namespace/name".
func qualifyMatches(matches []*networking.HTTPMatchRequest, namespace string) []*networking.HTTPMatchRequest {
	var list []*networking.HTTPMatchRequest
	for _, m := range matches {
		if m == nil {
			continue
		}
		if len(m.Gateways) > 0 {
			m = mergeHTTPMatchRequest(&networking.HTTPMatchRequest{}, m)
			m.Gateways = slices.Clone(m.Gateways)
			for i, g := range m.Gateways {
				m.Gateways[i] = qualifyGateway(g, namespace)
			}
		}
		list = append(list, m)
	}
	return list
}

// qualifyRoutes returns the destinations of routes with their hosts completed; a route without a destination is left out.
func (s Settings) qualifyRoutes(routes []*networking.HTTPRouteDestination, namespace string) []*networking.HTTPRouteDestination {
	var list []*networking.HTTPRouteDestination
	for _, r := range routes {
		if r.GetDestination() != nil {
			list = append(list, &networking.HTTPRouteDestination{
				Headers: r.Headers, Weight: r.Weight, Destination: s.qualifyDestination(r.Destination, namespace),
			})
		}
	}
	return list
}

// qualifyMirrors returns mirrors with their hosts completed.
func (s Settings) qualifyMirrors(mirrors []*networking.HTTPMirrorPolicy, namespace string) []*networking.HTTPMirrorPolicy {
	var list []*networking.HTTPMirrorPolicy
	for _, m := range mirrors {
		list = append(list, &networking.HTTPMirrorPolicy{
			Destination: s.qualifyDestination(m.GetDestination(), namespace), Percentage: m.GetPercentage(),
		})
	}
	return list
}

// qualifyDestination returns a destination with its host completed.
func (s Settings) qualifyDestination(d *networking.Destination, namespace string) *networking.Destination {
	if d == nil {
		return nil
	}
	return &networking.Destination{Host: s.qualify(d.Host, namespace), Subset: d.Subset, Port: d.Port}
}

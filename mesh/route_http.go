package mesh

import (
	"cmp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

func (s *Snapshot) httpDestinations(v *virtualService, r request) []destination {
	var list []destination
	seen := map[target]bool{}
	for _, route := range s.httpRoutes(v) {
		applies, whole := matchHTTP(v, route, r)
		if !applies {
			continue
		}
		list = s.settings.addHTTPRoute(list, seen, v, route)
		if whole {
			break
		}
	}
	return list
}

// matchHTTP tells whether a route can take a request, and whether it takes all of them.
func matchHTTP(v *virtualService, route *networking.HTTPRoute, r request) (applies, whole bool) {
	if len(route.Match) == 0 {
		return true, true
	}
	for _, m := range route.Match {
		if m == nil || !matchesGateway(m.Gateways, v.Namespace, r.gateway) || m.Port != 0 && m.Port != r.port ||
			!matchesSource(m.SourceNamespace, m.SourceLabels, r) {
			continue
		}
		applies = true
		if m.Uri == nil && m.Method == nil && m.Authority == nil && m.Scheme == nil && len(m.Headers) == 0 &&
			len(m.QueryParams) == 0 && len(m.WithoutHeaders) == 0 {
			return true, true
		}
	}
	return applies, false
}

func matchesGateway(gateways []string, namespace, gateway string) bool {
	return len(gateways) == 0 || slices.ContainsFunc(gateways, func(g string) bool { return qualifyGateway(g, namespace) == gateway })
}

func matchesSource(namespace string, labels map[string]string, r request) bool {
	if r.gateway != meshGateway {
		return true
	}
	return (namespace == "" || namespace == r.client.Namespace) && subsetOf(labels, r.client.Labels)
}

// target is what makes two destinations the same.
type target struct {
	host, subset, authority string
	port                    uint32
}

// addHTTPRoute adds a route's destinations and mirrors, each once: a mirror is a client too.
func (s Settings) addHTTPRoute(list []destination, seen map[target]bool, v *virtualService, route *networking.HTTPRoute) []destination {
	add := func(d *networking.Destination, authority string) {
		if d == nil {
			return
		}
		to := target{host: s.qualify(d.Host, v.Namespace), port: d.GetPort().GetNumber(), subset: d.Subset, authority: authority}
		if !seen[to] {
			seen[to] = true
			list = append(list, destination{host: to.host, port: to.port, subset: to.subset, authority: authority, kind: FamilyHTTP, from: v})
		}
	}
	authority := cmp.Or(hostHeader(route.Headers), route.GetRewrite().GetAuthority())
	for _, r := range route.Route {
		add(r.GetDestination(), cmp.Or(hostHeader(r.GetHeaders()), authority))
	}
	add(route.Mirror, "")
	for _, m := range route.Mirrors {
		add(m.GetDestination(), "")
	}
	return list
}

// hostHeader is the Host that a header operation sets.
func hostHeader(h *networking.Headers) string {
	for name, value := range h.GetRequest().GetSet() {
		if strings.EqualFold(name, "host") || name == ":authority" {
			return value
		}
	}
	return ""
}

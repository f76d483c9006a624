package mesh

import (
	"cmp"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// httpDestinationsOf returns where v's HTTP routes may send a request. taken reports whether one of them matches, even
// if it leads to no service.
func (s *Snapshot) httpDestinationsOf(v *virtualService, r matchContext) (list []routeDestination, taken bool) {
	some, rest, taken, _ := s.splitHTTPDestinations(v, r)
	return append(some, rest...), taken
}

// splitHTTPDestinations returns where the HTTP routes of v may send a request: some are the destinations of routes
// that match some requests, rest those of the first route that matches all. taken reports whether any matches, whole
// whether one matches all.
func (s *Snapshot) splitHTTPDestinations(v *virtualService, r matchContext) (some, rest []routeDestination, taken, whole bool) {
	seen := map[Destination]bool{}
	for route, authors := range s.authoredRoutes(v) {
		applies, all := matchHTTP(v, route, r)
		switch {
		case !applies:
			continue
		case all:
			return some, s.settings.addHTTPRoute(nil, seen, v, route, authors), true, true
		}
		taken = true
		some = s.settings.addHTTPRoute(some, seen, v, route, authors)
	}
	return some, nil, taken, false
}

// matchHTTP reports whether a route may match a request, and whether it matches all of them. On port 80:
//
//	match                                     applies    whole
//	[{uri: {prefix: /}}]                      true       true
//	[{method: {exact: GET}}]                  true       false
//	[{port: 8080}]                            false      false
//	[{port: 8080}, {uri: {regex: .*}}]        true       true
func matchHTTP(v *virtualService, route *networking.HTTPRoute, r matchContext) (applies, whole bool) {
	if len(route.Match) == 0 {
		return true, true
	}
	for _, m := range route.Match {
		if !isMatchFor(m, v, r) {
			continue
		}
		applies = true
		if matchesEveryRequest(m) {
			return true, true
		}
	}
	return applies, false
}

// isMatchFor reports whether a match, which may be nil, is for some requests of a client to a port.
func isMatchFor(m *networking.HTTPMatchRequest, v *virtualService, r matchContext) bool {
	return m != nil && matchesHTTPSource(m, v, r) && (m.Port == 0 || m.Port == r.port)
}

// matchesHTTPSource reports whether a match is for a client. One that names gateways ignores the source
// (pilot/pkg/networking/core/route/route.go sourceMatchHTTP). A waypoint leaves out what asks for labels (listener_waypoint.go
// waypointInboundRoute).
func matchesHTTPSource(m *networking.HTTPMatchRequest, v *virtualService, r matchContext) bool {
	if r.client.Kind == ClientWaypoint && len(m.SourceLabels) > 0 {
		return false
	}
	if len(m.Gateways) > 0 {
		return matchesGateway(m.Gateways, v.Namespace, r.gateway)
	}
	return matchesSource(m.SourceNamespace, m.SourceLabels, r.client)
}

// addHTTPRoute adds a route's destinations to list, mirrors included, each once.
func (s Settings) addHTTPRoute(list []routeDestination, seen map[Destination]bool, v *virtualService, route *networking.HTTPRoute, authors routeAuthors) []routeDestination {
	return s.addMirrors(s.addRequests(list, seen, v, route, authors), seen, v, route, authors)
}

// addRequests adds the destinations to which a route sends requests, each once
// (pilot/pkg/networking/core/route/route.go applyHTTPRouteDestination):
//  1. Of several destinations, those without a weight get nothing.
//  2. The authority that the route sets goes before one that a destination sets.
//  3. A redirect or direct response has no destinations.
//
// Both of these send requests to edition.cnn.com with the Host header, and so the SNI, of www.cnn.com:
//
//	http:
//	- rewrite: {authority: www.cnn.com}
//	  route: [{destination: {host: edition.cnn.com}}]
//	- headers: {request: {set: {host: www.cnn.com}}}
//	  route: [{destination: {host: edition.cnn.com}}]
func (s Settings) addRequests(list []routeDestination, seen map[Destination]bool, v *virtualService, route *networking.HTTPRoute, authors routeAuthors) []routeDestination {
	if answersItself(route) {
		return list
	}
	authority := cmp.Or(route.GetRewrite().GetAuthority(), hostHeader(route.Headers))
	for _, r := range route.Route {
		if len(route.Route) == 1 || r.GetWeight() > 0 {
			list = s.addHTTPDestination(list, seen, v, r.GetDestination(), cmp.Or(authority, hostHeader(r.GetHeaders())), authors.route)
		}
	}
	return list
}

// addMirrors adds the destinations to which a route sends copies of requests, each once. They have no authority of their own.
func (s Settings) addMirrors(list []routeDestination, seen map[Destination]bool, v *virtualService, route *networking.HTTPRoute, authors routeAuthors) []routeDestination {
	if answersItself(route) {
		return list
	}
	list = s.addHTTPDestination(list, seen, v, route.Mirror, "", authors.mirror)
	for _, m := range route.Mirrors {
		list = s.addHTTPDestination(list, seen, v, m.GetDestination(), "", authors.mirrors)
	}
	return list
}

// answersItself reports whether a route is a redirect or a direct response, so that it sends nothing.
func answersItself(route *networking.HTTPRoute) bool {
	return route.Redirect != nil || route.DirectResponse != nil
}

// addHTTPDestination adds a destination of a route, which may be nil, unless it was seen.
func (s Settings) addHTTPDestination(list []routeDestination, seen map[Destination]bool, v *virtualService, d *networking.Destination, authority string, author Ref) []routeDestination {
	if d == nil {
		return list
	}
	to := Destination{Host: s.destinationHost(v, d), Port: d.GetPort().GetNumber(), Subset: d.Subset, Authority: authority}
	if seen[to] {
		return list
	}
	seen[to] = true
	return append(list, routeDestination{Destination: to, routeType: FamilyHTTP, virtualService: v, author: author})
}

// hostHeader returns the Host header that header operations set or, failing that, add; "" if they do neither.
func hostHeader(h *networking.Headers) string {
	request := h.GetRequest()
	for _, operation := range []map[string]string{request.GetSet(), request.GetAdd()} {
		for name, value := range operation {
			if strings.EqualFold(name, "host") || strings.EqualFold(name, ":authority") {
				return value
			}
		}
	}
	return ""
}

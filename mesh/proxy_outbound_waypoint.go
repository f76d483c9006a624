package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// waypointOutcome returns where a waypoint sends what comes out of its tunnel for an address and port
// (pilot/pkg/networking/core/listener_waypoint.go buildWaypointInternal): a port for HTTP reads requests, one without a protocol looks
// for them, and any other takes bytes. What no route takes goes to the service that has the address.
func (s *Snapshot) waypointOutcome(client Client, o Outbound) Outcome {
	number := uint32(o.To.Port())
	svc, ok := s.waypointServiceAt(client, o)
	switch {
	case !ok:
		return Outcome{}
	case svc.entry != nil && len(svc.addresses()) > 1:
		return Outcome{Unsure: UnsureWaypointAddress}
	}
	p, _ := svc.port(number)
	var list []Destination
	var isRequest, taken bool
	switch family := FamilyOf(p.protocol); {
	case family == FamilyHTTP && o.Request == "":
		return Outcome{} // no HTTP: the proxy closes the connection
	case family == FamilyHTTP, family == FamilyUnspecified && o.Request != "":
		isRequest = true
		list, taken = s.waypointRequests(client, svc, number)
	default:
		list, taken = s.waypointBytes(client, svc, number)
	}
	if !taken {
		list = []Destination{{Host: svc.host, Port: number}}
	}
	return Outcome{Destinations: list, ReadsRequest: isRequest}
}

// waypointServiceAt returns the service for which a waypoint stands at an address and port: that of the narrowest range, of several
// the oldest (Envoy's source/extensions/common/matcher/ip_range_matcher.h).
func (s *Snapshot) waypointServiceAt(client Client, o Outbound) (found scopedService, ok bool) {
	narrowest := -1
	for _, services := range s.hostsCoveredBy("*") { // whomever they are exported to
		svc, served := s.waypointService(client, services)
		if !served {
			continue
		}
		if p, has := svc.port(uint32(o.To.Port())); !has || p.family() == FamilyUDP {
			continue
		}
		for _, prefix := range slices.Concat(svc.addresses(), svc.allocated) {
			better := prefix.Bits() > narrowest || prefix.Bits() == narrowest && olderService(svc.service, found.service) < 0
			if prefix.Contains(o.To.Addr()) && better {
				narrowest, found, ok = prefix.Bits(), svc, true
			}
		}
	}
	return found, ok
}

// waypointRoutes returns the VirtualServices whose routes a waypoint has for a service: those with a host that matches, of the
// service's namespace or the waypoint's (pilot/pkg/networking/core/listener_waypoint.go getVirtualServiceForWaypoint).
func (s *Snapshot) waypointRoutes(client Client, svc scopedService) []*virtualService {
	return slices.DeleteFunc(s.selectVirtualServices(client, svc.host, s.everything[0]), func(v *virtualService) bool {
		matches := func(h string) bool { return host.Matches(h, svc.host) }
		return v.Namespace != client.Namespace && v.Namespace != svc.namespace || !slices.ContainsFunc(v.hosts, matches)
	})
}

// waypointRequests returns where routes send requests: those of all VirtualServices count, up to the first route that takes all
// (pilot/pkg/networking/core/listener_waypoint.go buildWaypointInboundHTTPRouteConfig).
func (s *Snapshot) waypointRequests(client Client, svc scopedService, number uint32) (list []Destination, taken bool) {
	r := matchContext{gateway: meshGateway, host: svc.host, port: number, client: client}
	for _, v := range s.waypointRoutes(client, svc) {
		sent, some, whole := s.requestDestinations(s.everything[0], v, r)
		list, taken = append(list, sent...), taken || some
		if whole {
			break
		}
	}
	return list, taken
}

// waypointBytes returns where routes send bytes: by the first tls route for the service's name, else by the first tcp route, each of
// those that are for any client (pilot/pkg/networking/core/listener_waypoint.go getWaypointTCPRoutes).
func (s *Snapshot) waypointBytes(client Client, svc scopedService, number uint32) (list []Destination, taken bool) {
	r := matchContext{gateway: meshGateway, host: svc.host, port: number, client: Client{Kind: ClientWaypoint}}
	all := s.waypointRoutes(client, svc)
	for _, routeOf := range []func(*virtualService, matchContext) []*networking.RouteDestination{waypointTLSRoute, waypointTCPRoute} {
		for _, v := range all {
			routes := routeOf(v, r)
			for _, d := range s.settings.weightedDestinations(v, routes, FamilyOpaque) {
				list = append(list, s.completeDestination(client, s.everything[0], d, number).Destination)
			}
			if len(routes) > 0 {
				return list, true
			}
		}
	}
	return nil, false
}

// waypointTLSRoute returns the destinations of the first tls route of v that a waypoint takes: one that is for the service's name alone.
func waypointTLSRoute(v *virtualService, r matchContext) []*networking.RouteDestination {
	for _, route := range v.spec.Tls {
		isFor := func(m *networking.TLSMatchAttributes) bool {
			return m != nil && len(m.SniHosts) == 1 && m.SniHosts[0] == r.host && matchesL4(m, v, r)
		}
		if len(route.GetMatch()) == 0 || slices.ContainsFunc(route.Match, isFor) {
			return route.GetRoute()
		}
	}
	return nil
}

// waypointTCPRoute returns the destinations of the first tcp route of v that a waypoint takes.
func waypointTCPRoute(v *virtualService, r matchContext) []*networking.RouteDestination {
	for _, route := range v.spec.Tcp {
		isFor := func(m *networking.L4MatchAttributes) bool { return m != nil && matchesL4(m, v, r) }
		if len(route.GetMatch()) == 0 || slices.ContainsFunc(route.Match, isFor) {
			return route.GetRoute()
		}
	}
	return nil
}

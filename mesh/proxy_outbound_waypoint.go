package mesh

import (
	"slices"

	"github.com/tlsward/tlsward/mesh/host"
)

// waypointOutcome returns where a waypoint sends what comes out of its tunnel for an address and port
// (pilot/pkg/networking/core/listener_waypoint.go buildWaypointInternal):
//  1. A port for HTTP reads requests, one without a protocol looks for them.
//  2. All else goes to the cluster of the service that has the address, by no route.
func (s *Snapshot) waypointOutcome(client Client, o Outbound) Outcome {
	number := uint32(o.To.Port())
	svc, ok := s.waypointServiceAt(client, o)
	if !ok {
		return Outcome{}
	}
	p, _ := svc.port(number)
	own := Destination{Host: svc.host, Port: number}
	switch family := FamilyOf(p.protocol); {
	case family == FamilyHTTP && o.Request == "":
		return Outcome{} // no HTTP: the proxy closes the connection
	case family != FamilyHTTP && family != FamilyUnspecified, o.Request == "":
		return Outcome{Destinations: []Destination{own}}
	}
	r := matchContext{gateway: meshGateway, host: svc.host, port: number, client: client}
	list, taken := s.requestDestinations(s.everything[0], s.waypointRoutes(client, svc), r)
	if !taken {
		list = []Destination{own}
	}
	return Outcome{Destinations: list, ReadsRequest: true}
}

// waypointServiceAt returns the service for which a waypoint stands at an address and port: that of the narrowest range, of several
// the first (Envoy's source/extensions/common/matcher/ip_range_matcher.h).
func (s *Snapshot) waypointServiceAt(client Client, o Outbound) (found scopedService, ok bool) {
	narrowest := -1
	for hostname := range s.hostsOnPort(uint32(o.To.Port())) {
		svc, served := s.waypointService(client, s.services.At(hostname))
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

// waypointRoutes returns the VirtualService whose routes a waypoint has for a service, if there is one: the first with a host that
// matches, of the service's namespace or the waypoint's (pilot/pkg/networking/core/listener_waypoint.go getVirtualServiceForWaypoint).
func (s *Snapshot) waypointRoutes(client Client, svc scopedService) []*virtualService {
	for _, v := range s.selectVirtualServices(client, svc.host, s.everything[0]) {
		if v.Namespace != client.Namespace && v.Namespace != svc.namespace {
			continue
		}
		if slices.ContainsFunc(v.hosts, func(h string) bool { return host.Matches(h, svc.host) }) {
			return []*virtualService{v}
		}
	}
	return nil
}

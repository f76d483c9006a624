package mesh

import (
	"cmp"
	"slices"

	"github.com/tlsward/tlsward/mesh/host"
)

// hops returns all hops that what a client sends to host:port may take, those out of gateways included.
func (s *Snapshot) hops(client Client, host string, number uint32) []hop {
	return s.hopsForName(client, host, host, number)
}

// hopsForName returns the hops for a name that host, a wildcard, covers.
func (s *Snapshot) hopsForName(client Client, host, name string, number uint32) []hop {
	svc, ok := s.serviceFor(client, host)
	if !ok {
		return nil
	}
	p, ok := svc.port(number)
	if !ok || p.family() == FamilyUDP {
		return nil
	}
	if client.Kind == ClientZtunnel {
		return []hop{s.directHop(client, svc, number, "", p.family())}
	}
	return s.routedHops(client, svc, name, p)
}

// directHop returns the hop from a proxy to the cluster of a host, by no route.
func (s *Snapshot) directHop(client Client, svc scopedService, number uint32, subsetName string, payload Family) hop {
	h := hop{kind: HopEgress, client: client, host: svc.host, port: number, subset: subsetName, payload: payload}
	h.cluster, h.exists = s.cluster(client, svc, number, subsetName)
	h.cluster.Hop.Verified = h.cluster.Hop.verifiesNameOf(h.cluster.service, payload)
	h.cluster.Hop.BorrowedName = s.borrowedName(h)
	return h
}

// routedHops returns the hops by the routes for a port and, where they leave something to it, the one to the
// service's own cluster. Where no route leads anywhere, a sidecar has the hop of hopToNoDestination. A waypoint has
// the direct hop even then: what its routes do is not modelled well enough to answer that nothing leaves.
func (s *Snapshot) routedHops(client Client, svc scopedService, name string, p port) []hop {
	list, open := s.routeDestinations(client, svc, name, p)
	payload := s.payloadFrom(client, svc, p)
	var hops []hop
	for _, d := range list {
		hops = append(hops, s.followRoute(client, name, payload, d)...)
	}
	direct := s.directHop(client, svc, p.number, "", payload)
	switch {
	case open || len(hops) == 0 && client.Kind != ClientSidecar:
		return append(hops, direct)
	case len(hops) == 0:
		return []hop{s.hopToNoDestination(svc, direct, name, p)}
	}
	return hops
}

// followRoute returns the hops by a route of a sidecar or waypoint: out of the mesh, or to a gateway and on from
// there. A destination inside the mesh is a hop of its own kind: nothing leaves by it, but nothing goes to the host's
// own cluster either. Where its cluster sends connections on to their original destination (sendsOn), they leave if the client asked
// for a host outside.
func (s *Snapshot) followRoute(client Client, requested string, payload Family, d routeDestination) []hop {
	svc, ok := s.serviceFor(client, d.Host)
	external := s.isExternal(d.Host)
	switch {
	case external && (!ok || s.leavesMesh(svc.service)):
		return s.egressHops(client, s.withRequestedHost(client, d, requested), d.Port, payload)
	case ok && d.Host != requested && s.isAskedOutside(requested) && s.sendsOn(client, svc, d.Port, d.Subset):
		h := s.directHop(client, svc, d.Port, d.Subset, payload)
		h.route = &d
		return []hop{h}
	case external:
		return []hop{hopToInside(client, d, payload)}
	}
	if !s.isEgressGateway(d.Host, d.virtualService) {
		return []hop{hopToInside(client, d, payload)}
	}
	gateway := s.gatewayHop(client, d, d.Port, payload)
	return append([]hop{gateway}, s.hopsBehindGateway(gateway, requested)...)
}

// sendsOn reports whether a client's cluster for a service sends connections on to where the client itself connected, wherever the
// service has its endpoints: a headless Service, an entry with resolution NONE, or one whose rule says so:
//
//	host: web.shop.svc.cluster.local
//	trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}
func (s *Snapshot) sendsOn(client Client, svc scopedService, number uint32, subset string) bool {
	p, ok := svc.port(number)
	if !ok {
		return false
	}
	upstream, ok := s.upstreamOf(client, svc, p, s.destinationRules(client, svc).ruleFor(client), subset)
	return ok && upstream.discovery == discoveryOriginalDst
}

// isAskedOutside reports whether a name is that of a host outside the mesh, or below a wildcard for such hosts.
func (s *Snapshot) isAskedOutside(name string) bool {
	return s.isExternal(name) || len(s.externalWildcardsOver(name)) > 0
}

// externalWildcardsOver returns the known wildcard hosts outside the mesh that cover a name.
func (s *Snapshot) externalWildcardsOver(name string) []string {
	var list []string
	for i := range name {
		if wide := "*" + name[i:]; s.isExternal(wide) {
			list = append(list, wide)
		}
	}
	return list
}

// hopToInside returns the hop to a destination inside the mesh, whether or not it is there.
func hopToInside(client Client, d routeDestination, payload Family) hop {
	return hop{kind: hopInside, client: client, host: d.Host, port: d.Port, subset: d.Subset, payload: payload, exists: true, route: &d}
}

// withRequestedHost returns a destination of HTTP with the Host header that a request for host still has there: the route
// does not rewrite it, and the ServiceEntry of the destination does not declare it. The proxy takes the SNI from it
// (pilot/pkg/networking/core/cluster_tls.go setAutoSniAndAutoSanValidation).
//
//	hosts: [internal.foo]
//	http: [{route: [{destination: {host: edition.cnn.com}}]}]   # asks the server of edition.cnn.com for internal.foo
func (s *Snapshot) withRequestedHost(client Client, d routeDestination, requested string) routeDestination {
	if d.Authority != "" || d.routeType != FamilyHTTP || host.IsWildcard(requested) || host.IsWildcard(d.Host) {
		return d
	}
	svc, ok := s.serviceFor(client, d.Host)
	if ok && svc.entry != nil && !host.AnyCovers(svc.entry.Hosts, requested) {
		d.requested = requested
	}
	return d
}

// egressHops returns the hop to a route's destination, none if that is not outside the mesh for the client.
func (s *Snapshot) egressHops(client Client, d routeDestination, number uint32, payload Family) []hop {
	h, ok := s.egressHop(client, d.Host, number, d.Subset, payload)
	if !ok {
		return nil
	}
	return []hop{h.routedBy(d)}
}

// egressHop returns the hop to a cluster outside the mesh, whatever leads there; ok is false where there is no such host.
func (s *Snapshot) egressHop(client Client, host string, number uint32, subset string, payload Family) (h hop, ok bool) {
	svc, ok := s.serviceFor(client, host)
	if !ok || !s.leavesMesh(svc.service) {
		return hop{}, false
	}
	return s.directHop(client, svc, number, subset, payload), true
}

// routedBy returns the hop as a route leads to it.
func (h hop) routedBy(d routeDestination) hop {
	h.authority, h.route = d.Authority, &d
	if d.routeType == FamilyOpaque { // no filter reads the Host header
		h.cluster.Hop.Verified = h.cluster.Hop.verifiesNameOf(h.cluster.service, FamilyOpaque)
	}
	if h.cluster.Hop.AutoSNI {
		h.authority = cmp.Or(d.Authority, d.requested)
		h.cluster.Hop.SNI = h.authority
	}
	return h
}

// allThroughGateways reports whether routes send everything to gateways.
func allThroughGateways(hops []hop) bool {
	return len(hops) > 0 && !slices.ContainsFunc(hops, func(h hop) bool { return h.kind != HopGateway && h.client.Kind != ClientGateway })
}

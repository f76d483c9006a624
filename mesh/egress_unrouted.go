package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// hopToNoDestination returns the hop of what routes take and send to no service. It keeps the cluster of the direct
// hop: who decides its TLS is who decides when the route changes.
func (s *Snapshot) hopToNoDestination(svc scopedService, direct hop, name string, p port) hop {
	h := direct
	h.kind = HopNone
	r := matchContext{gateway: meshGateway, host: name, port: p.number, client: h.client}
	listener, _ := s.egressListenerFor(h.client, svc, p)
	v, decision := s.matchingVirtualService(listener, h.host, r, listener.parsedAs(p))
	if v != nil {
		h.route, h.decidedBy = &routeDestination{virtualService: v, author: decision.Object}, decision
	}
	return h
}

// isUnrouted reports whether nothing that a client sends leaves its proxy by a cluster.
func isUnrouted(hops []hop) bool { return len(hops) == 1 && hops[0].kind == HopNone }

// nothingLeaves reports whether routes take all that a client sends, and nothing of it leaves the mesh: they end in the proxy,
// lead to services inside, or to clusters that do not exist.
func nothingLeaves(hops []hop) bool {
	return len(hops) > 0 && !slices.ContainsFunc(hops, func(h hop) bool { return h.kind == HopEgress && h.exists })
}

// hasTLSWithoutRoutes reports whether what a client sends to a host is under TLS wherever it leaves. Where routes keep all of it
// in the mesh, it is as they are not there.
func (s *Snapshot) hasTLSWithoutRoutes(client Client, host string, number uint32) bool {
	hops := s.hops(client, host, number)
	if !nothingLeaves(hops) {
		return egressVerdict(hops) == Originated
	}
	svc, ok := s.serviceFor(client, host)
	return ok && s.directHop(client, svc, number, "", hops[0].payload).verdict() == Originated
}

// markUnrouted marks hops as such on which nothing left before the review.
func markUnrouted(hops []hop) {
	for i := range hops {
		hops[i].wasUnrouted = true
	}
}

// matchingVirtualService returns the first VirtualService with a route that takes something, and the field of that route.
func (s *Snapshot) matchingVirtualService(l egressListener, host string, r matchContext, family Family) (*virtualService, *Decision) {
	all := s.selectVirtualServices(r.client, host, l)
	switch family {
	case FamilyHTTP, FamilyUnspecified:
		for _, v := range s.virtualServicesForRequests(all, host, r, l) {
			if decision := s.matchingHTTPRoute(v, r); decision != nil {
				return v, decision
			}
		}
	case FamilyTLS:
		for _, v := range virtualServicesForL4(all, host) {
			if _, taken := s.tlsDestinations([]*virtualService{v}, r); taken {
				return v, v.l4Decision("spec.tls")
			}
		}
	default:
		for _, v := range virtualServicesForL4(all, host) {
			if _, taken := s.tcpDestinations([]*virtualService{v}, r); taken {
				return v, v.l4Decision("spec.tcp")
			}
		}
	}
	return nil, nil
}

// l4Decision returns the field, of the object that somebody wrote, that has v's tls or tcp routes.
func (v *virtualService) l4Decision(field string) *Decision {
	if len(v.sources) > 0 {
		field = "spec.rules"
	}
	return &Decision{Object: v.source(), Field: field}
}

// matchingHTTPRoute returns the field of v's first route for a request; nil if there is none.
func (s *Snapshot) matchingHTTPRoute(v *virtualService, r matchContext) *Decision {
	for i, route := range v.spec.Http {
		if route != nil && slices.ContainsFunc(s.resolveDelegate(v, route), func(route *networking.HTTPRoute) bool {
			applies, _ := matchHTTP(v, route, r)
			return applies
		}) {
			return v.authorsOf(i).decision(route)
		}
	}
	return nil
}

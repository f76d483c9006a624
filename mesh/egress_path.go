package mesh

import "slices"

// hops returns all the ways that traffic from client to host:port takes, gateways included.
func (s *Snapshot) hops(client Client, host string, number uint32) []hop {
	return s.hopsForName(client, host, host, number)
}

// hopsForName returns them for a name that host covers.
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

// directHop returns the hop from a proxy straight out to a host.
func (s *Snapshot) directHop(client Client, svc scopedService, number uint32, subsetName string, payload Family) hop {
	h := hop{kind: HopEgress, client: client, host: svc.host, port: number, subset: subsetName, payload: payload}
	h.cluster, h.exists = s.cluster(client, svc, number, subsetName)
	h.cluster.Hop.Verified = h.cluster.Hop.verifiesNameOf(h.cluster.service, payload)
	return h
}

// routedHops follows the routes for this host and port, and the direct way beside them where they leave something to it.
// What a waypoint's routes do with what they take is not known so well that nothing could be said to leave.
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

// followRoute goes where a route of the mesh sends a client's traffic for host: out, or to a gateway and on from there.
// A destination inside the mesh is no hop of ours, but it is one that takes the traffic off the direct way.
func (s *Snapshot) followRoute(client Client, host string, payload Family, d routeDestination) []hop {
	if s.isExternal(d.Host) {
		return s.egressHops(client, d, d.Port, payload)
	}
	if !s.isEgressGateway(d.Host, d.virtualService) {
		return []hop{{kind: hopInside, client: client, host: d.Host, port: d.Port, subset: d.Subset, payload: payload, exists: true, route: &d}}
	}
	gateway := s.gatewayHop(client, d, d.Port, payload)
	return append([]hop{gateway}, s.hopsBehindGateway(gateway, host)...)
}

// egressHops returns the hop to an external destination of a route.
func (s *Snapshot) egressHops(client Client, d routeDestination, number uint32, payload Family) []hop {
	svc, ok := s.serviceFor(client, d.Host)
	if !ok || !svc.external {
		return nil
	}
	h := s.directHop(client, svc, number, d.Subset, payload)
	h.authority, h.route = d.Authority, &d
	if h.authority != "" && h.cluster.Hop.AutoSNI {
		h.cluster.Hop.SNI = h.authority
	}
	return []hop{h}
}

// allThroughGateways reports whether routes take all traffic to gateways. Routes to other services of the mesh, or to nowhere, are not
// that: what is left of the direct way is judged as it stands.
func allThroughGateways(hops []hop) bool {
	return len(hops) > 0 && !slices.ContainsFunc(hops, func(h hop) bool { return h.kind != HopGateway && h.client.Kind != ClientGateway })
}

package mesh

import "slices"

// gatewayRouteHops returns the hops by v out of the gateways to which it is bound, whether or not the mesh sends
// anything there yet.
func (s *Snapshot) gatewayRouteHops(v *virtualService) []hop {
	var hops []hop
	for _, name := range v.gateways {
		if name != meshGateway {
			hops = append(hops, s.gatewayRouteHopsOf(v, name, s.clientOfGateway(name, v))...)
		}
	}
	return hops
}

// gatewayRouteHopsOf returns the hops by v out of one gateway, whose pods are client: from each of its servers, as if
// no other VirtualService were bound to it.
func (s *Snapshot) gatewayRouteHopsOf(v *virtualService, name string, client Client) []hop {
	g := s.gateway(parseGatewayName(name))
	if g == nil || len(gatewaySpec(g).Servers) == 0 {
		return s.unknownGatewayHops(v, name, client)
	}
	var hops []hop
	type sent struct {
		payload Family
		to      routeDestination
	}
	seen := map[sent]bool{} // most servers send to the same destinations
	for _, srv := range mergedServersOf(g) {
		list := s.gatewayDestinationsOf(client, srv, v)
		for _, payload := range s.gatewayPayloads(v, list) {
			fresh := slices.DeleteFunc(slices.Clone(list), func(d routeDestination) bool { return seen[sent{payload, d}] })
			for _, d := range fresh {
				seen[sent{payload, d}] = true
			}
			hops = append(hops, s.gatewayEgressHops(client, payload, fresh)...)
		}
	}
	return hops
}

// gatewayPayloads returns what may come to a gateway and go on as it has come: by tcp routes, anything that v's hosts
// are for.
func (s *Snapshot) gatewayPayloads(v *virtualService, list []routeDestination) []Family {
	if !slices.ContainsFunc(list, func(d routeDestination) bool { return d.routeType == FamilyOpaque }) {
		return []Family{FamilyOpaque}
	}
	var found []Family
	for _, host := range v.hosts {
		if payload := s.meshPayload(v, host); !slices.Contains(found, payload) {
			found = append(found, payload)
		}
	}
	return found
}

// unknownGatewayHops returns the hops by v out of a gateway whose servers are not known: it may serve any host on
// each port that v's routes match.
func (s *Snapshot) unknownGatewayHops(v *virtualService, name string, client Client) []hop {
	var hops []hop
	for _, host := range v.hosts {
		toGateway := hop{kind: HopGateway, client: client, host: host, payload: s.meshPayload(v, host)}
		for _, toGateway.port = range matchedPorts(v) {
			hops = append(hops, s.hopsFromUnknownServer(client, v, name, host, toGateway)...)
		}
	}
	return hops
}

// meshPayload returns what sidecars send to a gateway by v: what the first port of host is for that v leads there.
func (s *Snapshot) meshPayload(v *virtualService, host string) Family {
	r := matchContext{gateway: meshGateway, host: host, client: Client{Kind: ClientSidecar, Namespace: v.Namespace}}
	svc, ok := s.serviceFor(r.client, host)
	if !ok {
		return FamilyOpaque
	}
	for _, p := range svc.ports {
		r.port = p.number
		for _, kind := range routeTypes(p.family()) {
			for _, d := range s.destinationsOf(v, kind, r) {
				if s.isEgressGateway(d.Host, v) {
					return p.family()
				}
			}
		}
	}
	return FamilyOpaque
}

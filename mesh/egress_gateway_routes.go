package mesh

import "slices"

// gatewayRouteHops returns the hops that the gateways to which v is bound take out of the mesh, whether or not the mesh
// sends them anything yet.
func (s *Snapshot) gatewayRouteHops(v *virtualService) []hop {
	var hops []hop
	for _, name := range v.gateways {
		if name != meshGateway {
			hops = append(hops, s.gatewayRouteHopsOf(v, name, s.clientOfGateway(name, v))...)
		}
	}
	return hops
}

// gatewayRouteHopsOf returns those of one gateway, whose pods are client: out of each of its servers, whatever else is bound to
// it.
func (s *Snapshot) gatewayRouteHopsOf(v *virtualService, name string, client Client) []hop {
	g := s.Get(parseGatewayName(name))
	if g == nil || len(gatewaySpec(g).Servers) == 0 {
		return s.unknownGatewayHops(v, name, client)
	}
	var hops []hop
	gateways := []*Object{g}
	for _, number := range serverPorts(gateways) {
		for _, srv := range mergedServersOn(gateways, number) {
			list := s.gatewayDestinationsOf(client, srv, v)
			for _, payload := range s.gatewayPayloads(v, list) {
				hops = append(hops, s.gatewayEgressHops(client, payload, list)...)
			}
		}
	}
	return hops
}

// gatewayPayloads returns what may come to a gateway and leave by these ways as it has come.
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

// unknownGatewayHops returns those of a gateway that is not known: it may serve any host on each port that v's routes match.
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

// meshPayload returns what the mesh sends to a gateway by v's tcp routes: TLS where v takes it by SNI, else what the
// first port that v takes for host speaks.
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

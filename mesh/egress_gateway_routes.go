package mesh

import (
	"slices"
	"strings"
)

// gatewayRouteHops returns the hops by v out of the gateways to which it is bound, whether or not the mesh sends
// anything there yet.
func (s *Snapshot) gatewayRouteHops(v *virtualService) []hop {
	var hops []hop
	routes := s.gatewayRoutesOf(v)
	for _, name := range v.gateways {
		if name != meshGateway {
			hops = append(hops, routes.hopsOf(name, s.clientOfGateway(name, v))...)
		}
	}
	return hops
}

// gatewayRoutes are the routes of a VirtualService for gateways, each as if no other VirtualService were bound to it.
type gatewayRoutes struct {
	*Snapshot
	v *virtualService
	// payloads has what sidecars send to v's gateways, by host: it is the same for all of them.
	payloads map[string]Family
	// made has what egressHop returned, for many routes lead to one cluster.
	made madeHops
}

// madeHops are hops by all that egressHop is asked for.
type madeHops map[hopAsked]madeHop

type hopAsked struct {
	client, host, subset string
	number               uint32
	payload              Family
}

func askedHop(client Client, host string, number uint32, subset string, payload Family) hopAsked {
	return hopAsked{client: client.String() + "\x00" + strings.Join(client.Gateways, "\x00"), host: host, subset: subset, number: number, payload: payload}
}

type madeHop struct {
	hop hop
	ok  bool
}

func (s *Snapshot) gatewayRoutesOf(v *virtualService) gatewayRoutes {
	return gatewayRoutes{Snapshot: s, v: v, payloads: map[string]Family{}, made: madeHops{}}
}

// hopsOf returns the hops out of one gateway, whose pods are client: from each of its servers.
func (s gatewayRoutes) hopsOf(name string, client Client) []hop {
	g := s.gateway(parseGatewayName(name))
	if g == nil || len(gatewaySpec(g).Servers) == 0 {
		return s.unknownGatewayHops(name, client)
	}
	var sent [][]routeDestination
	for _, srv := range mergedServersOf(g) {
		sent = append(sent, s.gatewayDestinationsOf(client, srv, s.v))
	}
	return s.hopsTo(client, sent)
}

// hopsTo returns the hops from the pods of a gateway to where its servers send, most of them to the same destinations.
func (s gatewayRoutes) hopsTo(client Client, destinations [][]routeDestination) []hop {
	var hops []hop
	type sent struct {
		payload Family
		to      routeDestination
	}
	seen := map[sent]bool{}
	for _, list := range destinations {
		for _, payload := range s.gatewayPayloads(list) {
			fresh := slices.DeleteFunc(slices.Clone(list), func(d routeDestination) bool { return seen[sent{payload, d}] })
			for _, d := range fresh {
				seen[sent{payload, d}] = true
			}
			hops = append(hops, s.gatewayEgressHops(client, payload, fresh)...)
		}
	}
	return hops
}

// gatewayEgressHops returns the hops from a gateway to destinations, outside the mesh or inside, with each cluster looked at once.
func (s gatewayRoutes) gatewayEgressHops(client Client, came Family, list []routeDestination) []hop {
	var hops []hop
	for _, d := range list {
		payload := gatewayPayload(d.routeType, came)
		if !s.isExternal(d.Host) {
			hops = append(hops, hopToInside(client, d, payload))
			continue
		}
		asked := askedHop(client, d.Host, d.Port, d.Subset, payload)
		made, known := s.made[asked]
		if !known {
			made.hop, made.ok = s.egressHop(client, d.Host, d.Port, d.Subset, payload)
			s.made[asked] = made
		}
		if made.ok {
			hops = append(hops, made.hop.routedBy(d))
		}
	}
	return hops
}

// gatewayPayloads returns what may come to a gateway and go on as it has come: by tcp routes, anything that v's hosts
// are for.
func (s gatewayRoutes) gatewayPayloads(list []routeDestination) []Family {
	if !slices.ContainsFunc(list, func(d routeDestination) bool { return d.routeType == FamilyOpaque }) {
		return []Family{FamilyOpaque}
	}
	var found []Family
	for _, host := range s.v.hosts {
		if payload := s.payloadOf(host); !slices.Contains(found, payload) {
			found = append(found, payload)
		}
	}
	return found
}

// unknownGatewayHops returns the hops out of a gateway whose servers are not known: it may serve any host on each port that
// v's routes match.
func (s gatewayRoutes) unknownGatewayHops(name string, client Client) []hop {
	var hops []hop
	ports := matchedPorts(s.v)
	for _, host := range s.v.hosts {
		toGateway := hop{kind: HopGateway, client: client, host: host, payload: s.payloadOf(host)}
		for _, toGateway.port = range ports {
			hops = append(hops, s.hopsFromUnknownServer(client, s.v, name, host, toGateway)...)
		}
	}
	return hops
}

// payloadOf returns what sidecars send to a gateway for a host.
func (s gatewayRoutes) payloadOf(host string) Family {
	payload, known := s.payloads[host]
	if !known {
		payload = s.meshPayload(s.v, host)
		s.payloads[host] = payload
	}
	return payload
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

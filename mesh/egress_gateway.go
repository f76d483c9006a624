package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// gatewayHop returns the hop from a proxy to an egress gateway.
func (s *Snapshot) gatewayHop(client Client, d routeDestination, number uint32, payload Family) hop {
	h := hop{kind: HopGateway, client: client, host: d.Host, port: number, subset: d.Subset, payload: payload, route: &d}
	h.gateways = s.gatewaysBehind(d.Host)
	h.servers = mergedServersOn(h.gateways, number)
	h.cluster, h.exists = s.gatewayCluster(client, d.Host, number, d.Subset, h.servers)
	return h
}

// gatewayCluster returns the cluster of an egress gateway's Service. Where the client does not know that Service or
// its port, it is taken as a Service of the namespace that its host names.
func (s *Snapshot) gatewayCluster(client Client, host string, number uint32, subsetName string, servers portServers) (Cluster, bool) {
	svc, ok := s.serviceFor(client, host)
	if !ok || !svc.hasPort(number) {
		name, namespace, _ := s.settings.parseServiceHost(host)
		ref := Ref{Kind: KindService, Namespace: namespace, Name: name}
		assumed := &service{ref: ref, host: host, namespace: namespace, kubernetes: true}
		protocol := "HTTP"
		if servers.speakTLS() {
			protocol = "TLS"
		}
		svc = scopedService{service: assumed, ports: []port{{number: number, protocol: protocol, owner: assumed}}}
	}
	return s.cluster(client, svc, number, subsetName)
}

// hopsBehindGateway returns the hops out of a gateway of what has come there and was meant for host.
func (s *Snapshot) hopsBehindGateway(toGateway hop, host string) []hop {
	client := s.clientBehindService(toGateway.host, toGateway.gateways, toGateway.route.virtualService)
	hops := s.hopsFromServers(client, toGateway, host)
	known := len(toGateway.servers) > 0 || s.isUnserved(toGateway)
	for _, name := range client.Gateways {
		if known && s.gateway(parseGatewayName(name)) != nil {
			continue
		}
		for _, v := range s.virtualServicesForGateway(name, client.Namespace, host) {
			if found := s.hopsFromUnknownServer(client, v, name, host, toGateway); len(found) > 0 {
				hops = append(hops, found...)
				break
			}
		}
	}
	return hops
}

// isUnserved reports whether no pod behind a gateway's Service is known to have a server on the port to which a hop leads: none has
// the port's number, nor that of the pods' port behind it. Who gives it one answers for what that lets out (newGatewayEgress).
func (s *Snapshot) isUnserved(toGateway hop) bool {
	svc, ok := s.serviceFor(toGateway.client, toGateway.host)
	if !ok || !svc.kubernetes || len(toGateway.gateways) == 0 {
		return false
	}
	ports := s.Get(svc.ref).Spec.(*Service).Ports
	i := slices.IndexFunc(ports, func(p ServicePort) bool { return p.Number == toGateway.port })
	if i < 0 || ports[i].TargetPort == 0 {
		return false
	}
	return !slices.ContainsFunc(toGateway.gateways, func(g *Object) bool {
		return slices.ContainsFunc(gatewaySpec(g).Servers, func(srv *networking.Server) bool {
			number := srv.GetPort().GetNumber()
			return number == ports[i].Number || number == ports[i].TargetPort
		})
	})
}

// hopsFromServers returns the hops out of a gateway's servers. They take what has come by its SNI; where none takes
// that, by the SNI that it should have. Here requests come with the SNI
// outbound_.443_._.egress.istio-system.svc.cluster.local, which the server does not have. A policy denies that hop
// for it, and the hop behind it is the one that its author meant.
//
//	# DestinationRule egress.istio-system.svc.cluster.local       # Gateway
//	trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}                    servers:
//	                                                              - port: {number: 443, protocol: HTTPS, name: https}
//	                                                                hosts: [edition.cnn.com]
//	                                                                tls: {mode: ISTIO_MUTUAL}
func (s *Snapshot) hopsFromServers(client Client, toGateway hop, host string) []hop {
	list, _ := s.gatewayDestinations(client, toGateway.servers, downstream{sni: toGateway.cluster.Hop.SNI, authority: host})
	if len(list) == 0 {
		list, _ = s.gatewayDestinations(client, toGateway.servers, downstream{sni: host, authority: host})
	}
	return s.gatewayEgressHops(client, toGateway.payload, list)
}

// gatewayEgressHops returns the hops from a gateway to destinations, outside the mesh or inside.
func (s *Snapshot) gatewayEgressHops(client Client, came Family, list []routeDestination) []hop {
	return gatewayRoutes{Snapshot: s, made: madeHops{}}.gatewayEgressHops(client, came, list)
}

// hopsFromUnknownServer returns the hops by v out of a gateway whose server on a port is not known: by the first type
// of route that v has for it.
func (s *Snapshot) hopsFromUnknownServer(client Client, v *virtualService, gateway, host string, toGateway hop) []hop {
	r := matchContext{gateway: gateway, host: host, port: toGateway.port, client: client}
	for _, kind := range []Family{FamilyHTTP, FamilyTLS, FamilyOpaque} {
		list := s.destinationsOf(v, kind, r)
		if len(list) == 0 {
			continue
		}
		for i, d := range list {
			list[i] = s.completeGatewayDestination(client, d, toGateway.port)
		}
		return s.gatewayEgressHops(client, toGateway.payload, list)
	}
	return nil
}

// gatewayPayload returns what a gateway sends on: HTTP by HTTP routes, TLS by tls routes, and by tcp routes what has
// come.
func gatewayPayload(kind, came Family) Family {
	if kind == FamilyOpaque {
		return came
	}
	return kind
}

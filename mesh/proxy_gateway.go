package mesh

import "slices"

// GatewayDestinations returns where the pods of a gateway send what comes to one of their ports: TLS with a server name,
// "" for plaintext, and in it requests with an authority. known is false where nobody takes it; an empty list means that
// routes lead to no service. Without Client.Gateways, the client's labels say which Gateways configure it.
func (s *Snapshot) GatewayDestinations(client Client, number uint32, sni, authority string) (list []Destination, known bool) {
	var gateways []*Object
	for _, name := range client.Gateways {
		if g := s.Get(parseGatewayName(name)); g != nil {
			gateways = append(gateways, g)
		}
	}
	if len(client.Gateways) == 0 {
		gateways = s.gatewaysSelecting(client.Labels)
	}
	ways, known := s.gatewayDestinations(client, mergedServersOn(gateways, number), downstream{sni: sni, authority: authority})
	for _, d := range ways {
		list = append(list, d.Destination)
	}
	return list, known
}

// downstream is what has come to a gateway's port.
type downstream struct{ sni, authority string }

// gatewayDestinations returns where a gateway's proxy sends what has come to a port. Envoy takes the filter chain whose names are
// closest to the SNI; those of servers in plaintext have none.
func (s *Snapshot) gatewayDestinations(client Client, servers []gatewayServer, a downstream) (list []routeDestination, known bool) {
	best := -1
	named := s.gatewayVirtualServicesBySNI(servers, client.Namespace, a.sni)
	taken := map[string]bool{}
	for _, srv := range servers {
		if srv.routesHTTP() {
			fit := 0
			if srv.isTLS() {
				fit = sniSpecificity(srv.sniHosts(), a.sni)
			}
			if fit > best {
				best, list = fit, s.gatewayHTTPDestinations(client, sharingRouteConfig(servers, srv), a.authority)
			}
			continue
		}
		for _, c := range s.gatewayFilterChains(client, srv, named, taken) {
			if fit := sniSpecificity(c.serverNames, a.sni); fit > best {
				best, list = fit, c.destinations
			}
		}
	}
	return list, best >= 0
}

// sharingRouteConfig returns the servers whose requests are routed by one table: all for HTTP in plaintext, one for HTTPS.
func sharingRouteConfig(servers []gatewayServer, srv gatewayServer) []gatewayServer {
	if srv.isTLS() {
		return []gatewayServer{srv}
	}
	return slices.DeleteFunc(slices.Clone(servers), func(other gatewayServer) bool { return !other.isHTTP() })
}

// completeGatewayDestination returns a destination the port that it does not name, and the service for which another name stands. For
// requests a service of the VirtualService's own namespace goes before what the proxy knows of the host
// (pilot/pkg/networking/core/gateway.go buildNameToServiceMapForHTTPRoutes).
func (s *Snapshot) completeGatewayDestination(client Client, d routeDestination, listener uint32) routeDestination {
	svc, ok := s.serviceFor(client, d.Host)
	if own := s.serviceInNamespace(d.Host, d.virtualService.Namespace); d.routeType == FamilyHTTP && own != nil && visible(own.exportTo, own.namespace, client.Namespace) {
		svc, ok = scopedService{service: own, ports: own.ports}, true
	}
	switch {
	case d.Port != 0:
	case ok && len(svc.ports) == 1:
		d.Port = svc.ports[0].number
	default:
		d.Port = listener
	}
	if ok && svc.externalName != "" {
		d.Host = svc.externalName
	}
	return d
}

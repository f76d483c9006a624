package mesh

import "slices"

// GatewayDestinations returns where the pods of a gateway send what comes to one of their ports: TLS with an SNI, ""
// for plaintext, and in it requests with an authority. known is false where no server takes it; an empty list means
// that routes lead to no service. Without Client.Gateways, the client's labels decide which Gateways configure it.
func (s *Snapshot) GatewayDestinations(client Client, number uint32, sni, authority string) (list []Destination, known bool) {
	var gateways []*Object
	for _, name := range client.Gateways {
		if g := s.gateway(parseGatewayName(name)); g != nil {
			gateways = append(gateways, g)
		}
	}
	if len(client.Gateways) == 0 {
		gateways = s.gatewaysSelecting(client.Namespace, client.Labels)
	}
	destinations, known := s.gatewayDestinations(client, mergedServersOn(gateways, number), downstream{sni: sni, authority: authority})
	for _, d := range destinations {
		list = append(list, d.Destination)
	}
	return list, known
}

// downstream is what comes to a gateway's port.
type downstream struct{ sni, authority string }

// gatewayDestinations returns where a gateway's proxy sends what comes to a port. Envoy takes the filter chain with
// the server name that is closest to the SNI; chains of plaintext servers have no names.
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

// takingSNI returns those of the servers that have the name closest to an SNI; all of them where none has it, or for "".
func (l portServers) takingSNI(sni string) portServers {
	best := -1
	var list portServers
	for _, srv := range l {
		fit := sniSpecificity(srv.sniHosts(), sni)
		if sni == "" || !srv.isTLS() || fit < 0 || fit < best {
			continue
		}
		if fit > best {
			best, list = fit, nil
		}
		list = append(list, srv)
	}
	if len(list) == 0 {
		return l
	}
	return list
}

// sharingRouteConfig returns the servers that share a route configuration with srv: all for HTTP, or one for HTTPS.
func sharingRouteConfig(servers []gatewayServer, srv gatewayServer) []gatewayServer {
	if srv.isTLS() {
		return []gatewayServer{srv}
	}
	return slices.DeleteFunc(slices.Clone(servers), func(other gatewayServer) bool { return !other.isHTTP() })
}

// completeGatewayDestination returns a destination with its port filled in, and with the host that a Service of type
// ExternalName stands for. For HTTP, the service of the VirtualService's own namespace goes before the one that the
// proxy knows (pilot/pkg/networking/core/gateway.go buildNameToServiceMapForHTTPRoutes).
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

package mesh

import (
	"slices"
)

// GatewayDestinations lists where the pods of a gateway send what comes to one of their ports: TLS with a server name,
// "" for plaintext, and in it requests with an authority. known is false where nobody takes it; an empty list means that
// routes lead to no service. Without Client.Gateways, the client's labels say which Gateways configure it.
func (s *Snapshot) GatewayDestinations(client Client, number uint32, sni, authority string) (list []Destination, known bool) {
	var gateways []*Object
	for _, name := range client.Gateways {
		if g := s.Get(gatewayRef(name)); g != nil {
			gateways = append(gateways, g)
		}
	}
	if len(client.Gateways) == 0 {
		gateways = s.gatewaysSelecting(client.Labels)
	}
	ways, known := s.gatewayWays(client, serversOn(gateways, number), arrival{sni: sni, authority: authority})
	for _, d := range ways {
		list = append(list, Destination{Host: d.host, Port: d.port, Subset: d.subset, Authority: d.authority})
	}
	return list, known
}

// arrival is what has come to a gateway's port.
type arrival struct{ sni, authority string }

// gatewayWays gives where a gateway's proxy sends what has come to a port. Envoy takes the filter chain whose names are
// closest to the SNI; those of servers in plaintext have none.
func (s *Snapshot) gatewayWays(client Client, servers []gatewayServer, a arrival) (list []destination, known bool) {
	best := -1
	named := s.boundByName(servers, client.Namespace, a.sni)
	taken := map[string]bool{}
	for _, srv := range servers {
		if srv.routesHTTP() {
			fit := 0
			if srv.encrypted() {
				fit = fitting(srv.sni(), a.sni)
			}
			if fit > best {
				best, list = fit, s.gatewayRequests(client, sharing(servers, srv), a.authority)
			}
			continue
		}
		for _, c := range s.gatewayChains(client, srv, named, taken) {
			if fit := fitting(c.names, a.sni); fit > best {
				best, list = fit, c.list
			}
		}
	}
	return list, best >= 0
}

// sharing lists the servers whose requests are routed by one table: all for HTTP in plaintext, one for HTTPS.
func sharing(servers []gatewayServer, srv gatewayServer) []gatewayServer {
	if srv.encrypted() {
		return []gatewayServer{srv}
	}
	return slices.DeleteFunc(slices.Clone(servers), func(other gatewayServer) bool { return !other.http() })
}

// completeAtGateway gives a destination the port that it does not name, and the service for which another name stands. For
// requests a service of the VirtualService's own namespace goes before what the proxy knows of the host
// (pilot/pkg/networking/core/gateway.go buildNameToServiceMapForHTTPRoutes).
func (s *Snapshot) completeAtGateway(client Client, d destination, listener uint32) destination {
	svc, ok := s.serviceFor(client, d.host)
	if own := s.ownService(d.host, d.from.Namespace); d.kind == FamilyHTTP && own != nil && visible(own.exportTo, own.namespace, client.Namespace) {
		svc, ok = view{service: own, ports: own.ports}, true
	}
	switch {
	case d.port != 0:
	case ok && len(svc.ports) == 1:
		d.port = svc.ports[0].number
	default:
		d.port = listener
	}
	if ok && svc.target != "" {
		d.host = svc.target
	}
	return d
}

// ownService is the service of a namespace that stands for all that it has of a host.
func (s *Snapshot) ownService(host, namespace string) *service {
	for _, svc := range firsts(s.services.at(host)) {
		if svc.namespace == namespace {
			return svc
		}
	}
	return nil
}

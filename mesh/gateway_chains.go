package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// chain is where bytes go that a server does not read: those of which the SNI fits the names, or all without names.
type chain struct {
	names []string
	list  []destination
}

// gatewayChains lists what a server does that reads no requests: where it passes TLS on, by the tls routes of named, but for
// names that older chains of the port have taken.
func (s *Snapshot) gatewayChains(client Client, srv gatewayServer, named []*virtualService, taken map[string]bool) []chain {
	switch {
	case srv.automatic():
		return nil
	case srv.passthrough():
		return s.passedThrough(client, srv, named, taken)
	}
	for _, v := range s.boundWithTCP(srv.gateway, client.Namespace) {
		if list := s.gatewayBytes(client, srv, v); len(list) > 0 {
			c := chain{list: list}
			if srv.tls != nil {
				c.names = srv.sni()
			}
			return []chain{c}
		}
	}
	return nil
}

// given lists all destinations that v alone gives a server.
func (s *Snapshot) given(client Client, srv gatewayServer, v *virtualService) []destination {
	var list []destination
	switch {
	case srv.automatic() || srv.redirects():
	case srv.routesHTTP():
		hosts := map[string]*virtualHost{}
		s.addRoutes(hosts, client, srv, v)
		for _, h := range hosts {
			return append(h.list, h.rest...) // alike for all hosts
		}
	case srv.passthrough():
		for _, c := range s.passedThrough(client, srv, []*virtualService{v}, map[string]bool{}) {
			list = append(list, c.list...)
		}
	default:
		list = s.gatewayBytes(client, srv, v)
	}
	return list
}

// gatewayBytes gives where v sends all bytes that come to a server (buildGatewayNetworkFiltersFromTCPRoutes).
func (s *Snapshot) gatewayBytes(client Client, srv gatewayServer, v *virtualService) []destination {
	if !srv.covers(v) {
		return nil
	}
	r := request{gateway: srv.gateway, port: srv.number, client: client}
	for _, route := range v.spec.Tcp {
		if applies, _ := matchTCP(v, route, r); applies && len(route.GetRoute()) > 0 {
			return s.streamed(client, v, route.Route, FamilyOpaque, srv.number)
		}
	}
	return nil
}

// passedThrough lists a chain for each match of tls routes, whatever the server's own hosts are; one that names a host
// that another has named is dropped (buildGatewayNetworkFiltersFromTLSRoutes).
func (s *Snapshot) passedThrough(client Client, srv gatewayServer, all []*virtualService, taken map[string]bool) []chain {
	var list []chain
	for _, v := range all {
		if !slices.Contains(v.gateways, srv.gateway) || !srv.covers(v) {
			continue
		}
		r := request{gateway: srv.gateway, port: srv.number, client: client}
		for _, route := range v.spec.Tls {
			for _, m := range route.GetMatch() {
				if len(route.Route) == 0 || m == nil || !matchesStream(m.Gateways, m.Port, "", nil, v, r) ||
					slices.ContainsFunc(m.SniHosts, func(h string) bool { return taken[h] }) {
					continue
				}
				for _, h := range m.SniHosts {
					taken[h] = true
				}
				list = append(list, chain{names: m.SniHosts, list: s.streamed(client, v, route.Route, FamilyTLS, srv.number)})
			}
		}
	}
	return list
}

func (s *Snapshot) streamed(client Client, v *virtualService, routes []*networking.RouteDestination, kind Family, number uint32) []destination {
	list := s.settings.weighted(v, routes, kind)
	for i, d := range list {
		list[i] = s.completeAtGateway(client, d, number)
	}
	return list
}

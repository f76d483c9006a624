package mesh

import (
	"cmp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
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

// virtualHost is what a gateway's routes do with requests for one host.
type virtualHost struct {
	list      []destination // of routes that take some requests
	rest      []destination // of the first that takes all
	whole     bool
	redirects bool
}

// gatewayRequests gives where the servers of one table send requests with an authority: the routes of all VirtualServices
// for the closest host add up, and of those that take all requests the first counts
// (pilot/pkg/networking/core/gateway.go buildGatewayHTTPRouteConfig).
func (s *Snapshot) gatewayRequests(client Client, servers []gatewayServer, authority string) []destination {
	authority = strings.ToLower(authority)
	hosts := map[string]*virtualHost{}
	for _, srv := range servers {
		for _, v := range s.boundFor(srv.gateway, client.Namespace, authority) {
			s.addRoutes(hosts, client, srv, v)
		}
		for _, h := range srv.hosts {
			if h = strings.ToLower(h); srv.redirects() {
				host(hosts, h).redirects = true
			}
		}
	}
	best := ""
	for h := range hosts {
		if h == authority || within(authority, h) && best != authority && len(h) > len(best) {
			best = h
		}
	}
	if chosen := hosts[best]; chosen != nil && !chosen.redirects {
		return append(slices.Clip(chosen.list), chosen.rest...)
	}
	return nil
}

func host(hosts map[string]*virtualHost, name string) *virtualHost {
	if hosts[name] == nil {
		hosts[name] = &virtualHost{}
	}
	return hosts[name]
}

// addRoutes adds v's routes to the hosts that it has in common with a server.
func (s *Snapshot) addRoutes(hosts map[string]*virtualHost, client Client, srv gatewayServer, v *virtualService) {
	common := srv.common(v)
	if len(common) == 0 {
		return
	}
	some, rest, taken, whole := s.httpParts(v, request{gateway: srv.gateway, port: srv.number, client: client})
	if !taken {
		return
	}
	for _, name := range common {
		h := host(hosts, name)
		h.redirects = h.redirects || srv.redirects()
		for _, d := range some {
			h.list = append(h.list, s.completeAtGateway(client, d, srv.number))
		}
		if whole && !h.whole {
			h.whole = true
			for _, d := range rest {
				h.rest = append(h.rest, s.completeAtGateway(client, d, srv.number))
			}
		}
	}
}

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

// boundWithTCP lists the VirtualServices with tcp routes that are bound to a gateway and seen from its namespace.
func (s *Snapshot) boundWithTCP(gateway, namespace string) []*virtualService {
	var list []*virtualService
	for _, v := range s.routes.prefix(byGateway + gateway + "\x00") {
		if len(v.spec.Tcp) > 0 && visible(v.spec.ExportTo, v.Namespace, namespace) {
			list = append(list, v)
		}
	}
	return sortBound(list, namespace)
}

// boundByName lists those that have tls routes for a name at servers that pass TLS on, and those with which they clash: such
// as have a name in common with one of them.
func (s *Snapshot) boundByName(servers []gatewayServer, namespace, sni string) []*virtualService {
	if !slices.ContainsFunc(servers, gatewayServer.passthrough) {
		return nil
	}
	bound := func(gateway string) bool {
		return slices.ContainsFunc(servers, func(srv gatewayServer) bool { return srv.passthrough() && srv.gateway == gateway })
	}
	names := []string{"", "*", sni}
	for i := range sni {
		if sni[i] == '.' {
			names = append(names, "*"+sni[i:])
		}
	}
	var list []*virtualService
	asked := map[string]bool{}
	for len(names) > 0 {
		name := names[0]
		if names = names[1:]; asked[name] {
			continue
		}
		asked[name] = true
		for _, v := range s.routes.prefix(bySNI + name + "\x00") {
			if slices.ContainsFunc(v.gateways, bound) && visible(v.spec.ExportTo, v.Namespace, namespace) {
				list = append(list, v)
				names = slices.AppendSeq(names, v.serverNames())
			}
		}
	}
	return slices.Compact(sortBound(list, namespace))
}

// boundFor lists those with a host that covers a name.
func (s *Snapshot) boundFor(gateway, namespace, name string) []*virtualService {
	return slices.Compact(sortBound(s.routesFor(gateway, namespace, name), namespace))
}

// sortBound gives Istio's order (pilot/pkg/model/push_context.go VirtualServicesForGateway).
func sortBound(list []*virtualService, namespace string) []*virtualService {
	slices.SortFunc(list, func(a, b *virtualService) int {
		return cmp.Or(cmp.Compare(a.distance(namespace), b.distance(namespace)), a.compareAge(b))
	})
	return list
}

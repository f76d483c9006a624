package mesh

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// routesAlike is serversAlike for the tls routes of a VirtualService under review, and the servers of mode PASSTHROUGH to which it is
// bound. Istio looks for names of such routes among one another alone (pilot/pkg/networking/core/gateway.go
// buildGatewayNetworkFiltersFromTLSRoutes), and not among those of servers that end TLS. Here the pods have two chains for out.example.com:
//
//	kind: Gateway                                             kind: Gateway
//	spec:                                                     metadata: {name: mine, namespace: team-a}
//	  selector: {istio: egressgateway}                        spec:
//	  servers:                                                  selector: {istio: egressgateway}
//	  - port: {number: 443, protocol: HTTPS, ...}               servers:
//	    hosts: [out.example.com]                                - port: {number: 443, protocol: TLS, ...}
//	    tls: {mode: ISTIO_MUTUAL}                                 hosts: ["*.example.com"]
//	                                                              tls: {mode: PASSTHROUGH}
//	kind: VirtualService   # under review
//	spec:
//	  hosts: [out.example.com]
//	  gateways: [team-a/mine]
//	  tls: [{match: [{sniHosts: [out.example.com]}], ...}]
//
// To whose pods the VirtualService is exported is not looked at.
func (s *Snapshot) routesAlike(object, stored *Object) []OutsideModel {
	var had []serverName
	if stored != nil {
		had = s.routeNamesOf(stored)
	}
	known := map[string]bool{}
	for _, n := range had {
		known[n.gateway.key()+n.asRoute()] = true
	}
	own := slices.DeleteFunc(s.routeNamesOf(object), func(n serverName) bool { return known[n.gateway.key()+n.asRoute()] })
	var found []OutsideModel
	for len(own) > 0 { // they stand together by Gateway
		g := own[0].gateway
		end := slices.IndexFunc(own, func(n serverName) bool { return n.gateway.Ref != g.Ref })
		if end < 0 {
			end = len(own)
		}
		found = append(found, s.alikeIn(g, own[:end], s.podServersOf(g), object.Namespace)...)
		own = own[end:]
	}
	return found
}

// asRoute returns what isSame compares of a route's name.
func (n serverName) asRoute() string {
	return fmt.Sprint("\x00", n.number, "\x00", n.bind, "\x00", n.name)
}

// routeNamesOf returns the names that a VirtualService's tls routes have at servers, by Gateway.
func (s *Snapshot) routeNamesOf(o *Object) []serverName {
	spec, ok := o.Spec.(*networking.VirtualService)
	if !ok || len(spec.Tls) == 0 {
		return nil
	}
	v := s.settings.virtualService(o, spec)
	var list []serverName
	gateways := slices.Clone(v.gateways)
	slices.Sort(gateways)
	for _, name := range slices.Compact(gateways) {
		namespace, short, _ := strings.Cut(name, "/")
		g := s.Get(Ref{Kind: KindGateway, Namespace: namespace, Name: short})
		if g == nil {
			continue
		}
		for i, srv := range gatewaySpec(g).Servers {
			if srv.GetPort() == nil || !newGatewayServer(g, srv).passesByRoutes() {
				continue
			}
			for _, n := range passedNames(g, srv, i, v) {
				n.field = n.route
				list = append(list, n)
			}
		}
	}
	return list
}

// passesByRoutes reports whether a server passes TLS on by the tls routes of VirtualServices.
func (srv gatewayServer) passesByRoutes() bool {
	return srv.isTLS() && srv.isTLSPassthrough() && !srv.isAutoPassthrough()
}

// passedNames returns the names that v's tls routes have at a server of mode PASSTHROUGH, each once: its hosts do not limit them.
func passedNames(g *Object, srv *networking.Server, index int, v *virtualService) []serverName {
	server := newGatewayServer(g, srv)
	if !slices.Contains(v.gateways, server.gateway) || !server.matchesHostsOf(v) {
		return nil
	}
	n := serverName{
		gateway: g, index: index, field: fmt.Sprintf("spec.servers[%d]", index), number: server.number, bind: srv.Bind, passes: true, hosts: server.hosts,
	}
	var list []serverName
	asked, context := map[string]bool{}, matchContext{gateway: server.gateway, port: server.number}
	for i, route := range v.spec.Tls {
		for j, m := range route.GetMatch() {
			if m == nil || len(route.Route) == 0 || !matchesL4(m, v, context) {
				continue
			}
			forAll := slices.Contains(m.SniHosts, "*")
			for k, name := range m.SniHosts {
				if n.name = strings.ToLower(name); asked[n.name] || forAll && name != "*" {
					continue
				}
				asked[n.name] = true
				n.written, n.route = name, fmt.Sprintf("spec.tls[%d].match[%d].sniHosts[%d]", i, j, k)
				list = append(list, n)
			}
		}
	}
	return list
}

// meetPassed reports whether Istio makes chains of both names, of two servers of which one passes TLS on. Of servers with a host that is
// written alike, it takes the first alone, and of tls routes with such a name as well.
func (p *podServers) meetPassed(n, other serverName, rebound bool) bool {
	apart := n.bind != other.bind || rebound
	switch {
	case n.isAuto:
		return host.Matches(n.name, other.name) && (apart || !p.shareHost(n, other))
	case n.passes && other.passes:
		return apart
	case n.isPlain():
		return apart || other.isBefore(n)
	case other.isPlain():
		return apart || n.isBefore(other)
	}
	return apart || !p.shareHost(n, other)
}

// shareHost reports whether the servers of two names have a host that is written alike.
func (p *podServers) shareHost(n, other serverName) bool {
	pair := [2]serverPlace{n.server(), other.server()}
	is, asked := p.alike[pair]
	if !asked {
		has := map[string]bool{}
		for _, h := range n.hosts {
			has[h] = true
		}
		is = slices.ContainsFunc(other.hosts, func(h string) bool { return has[h] })
		p.alike[pair] = is
	}
	return is
}

// isBefore reports whether the server of a name comes before that of another (see mergedServersOn).
func (n serverName) isBefore(other serverName) bool {
	if n.gateway.Ref == other.gateway.Ref {
		return n.index < other.index
	}
	return compareGateways(n.gateway, other.gateway) < 0
}

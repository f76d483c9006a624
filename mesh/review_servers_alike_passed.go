package mesh

import (
	"fmt"
	"iter"
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
func (r *alikeReview) routesAlike(object, stored *Object) []OutsideModel {
	known := map[knownName]bool{}
	if stored != nil {
		for _, n := range r.routeNamesOf(stored) {
			known[n.knownRoute()] = true
		}
	}
	own := slices.DeleteFunc(r.routeNamesOf(object), func(n *serverName) bool { return known[n.knownRoute()] })
	r.ask(own)
	var found []OutsideModel
	for len(own) > 0 { // they stand together by Gateway
		g := own[0].object
		end := slices.IndexFunc(own, func(n *serverName) bool { return n.object != g })
		if end < 0 {
			end = len(own)
		}
		pods := r.podServersOf(g, object.Namespace, func() gatewayPods { return r.podsOf(g) })
		found = append(found, r.alikeIn(own[:end], pods)...)
		own = own[end:]
	}
	return found
}

// knownRoute returns what a name of a VirtualService's routes is known by at a Gateway.
func (n *serverName) knownRoute() knownName {
	return knownName{gateway: n.object.Ref, number: n.number, bind: n.bind, name: n.name}
}

// routeNamesOf returns the names that a VirtualService's tls routes have at servers, by Gateway.
func (r *alikeReview) routeNamesOf(o *Object) []*serverName {
	spec, ok := o.Spec.(*networking.VirtualService)
	if !ok || len(spec.Tls) == 0 {
		return nil
	}
	v := r.settings.virtualService(o, spec)
	var list []*serverName
	for g := range r.boundGateways(v) {
		for _, server := range r.serversOf(g) {
			if !server.passesByRoutes() {
				continue
			}
			list = append(list, r.passedNames(server, v)...)
		}
	}
	return list
}

// boundGateways returns an iterator over the Gateways, by name, to which a VirtualService is bound, each once.
func (s *Snapshot) boundGateways(v *virtualService) iter.Seq[*Object] {
	gateways := slices.Clone(v.gateways)
	slices.Sort(gateways)
	return func(yield func(*Object) bool) {
		for _, name := range slices.Compact(gateways) {
			namespace, short, _ := strings.Cut(name, "/")
			if g := s.Get(Ref{Kind: KindGateway, Namespace: namespace, Name: short}); g != nil && !yield(g) {
				return
			}
		}
	}
}

// passesByRoutes reports whether a server passes TLS on by the tls routes of VirtualServices.
func (srv gatewayServer) passesByRoutes() bool {
	return srv.isTLS() && srv.isTLSPassthrough() && !srv.isAutoPassthrough()
}

// passedNames returns the names that v's tls routes have at a server of mode PASSTHROUGH, each once: its hosts do not limit them.
func (r *alikeReview) passedNames(server *placedServer, v *virtualService) []*serverName {
	routes := r.routeNames(v)
	if len(routes) == 0 || !slices.Contains(v.gateways, server.gateway) || !r.matchesHosts(server, v) {
		return nil
	}
	var list []*serverName
	known, context := map[string]bool{}, matchContext{gateway: server.gateway, port: server.number}
	for i := range routes {
		if route := &routes[i]; !known[route.name] && matchesL4(route.match, v, context) {
			known[route.name] = true
			list = append(list, &serverName{placedServer: server, written: route.written, name: route.name, field: route.field, passes: true})
		}
	}
	return list
}

// routeNames returns the names of v's tls routes.
func (r *alikeReview) routeNames(v *virtualService) []routeName {
	if list, known := r.routes[v]; known {
		return list
	}
	var list []routeName
	for i, route := range v.spec.Tls {
		for j, m := range route.GetMatch() {
			if m == nil || len(route.Route) == 0 {
				continue
			}
			forAll := slices.Contains(m.SniHosts, "*")
			for k, name := range m.SniHosts {
				lower := strings.ToLower(name)
				if forAll && name != "*" || !r.isAsked(lower) {
					continue
				}
				list = append(list, routeName{match: m, written: name, name: lower, field: fmt.Sprintf("spec.tls[%d].match[%d].sniHosts[%d]", i, j, k)})
			}
		}
	}
	r.routes[v] = list
	return list
}

// matchesHosts reports whether a server and a VirtualService have a host in common.
func (r *alikeReview) matchesHosts(server *placedServer, v *virtualService) bool {
	pair := serversHosts{server.hostList, v}
	is, asked := r.matching[pair]
	if !asked {
		is = server.matchesHostsOf(v)
		r.matching[pair] = is
	}
	return is
}

// meetPassed reports whether Istio makes chains of both names, of two servers of which one passes TLS on. Of servers with a host that is
// written alike, it takes the first alone, and of tls routes with such a name as well.
func (p *podServers) meetPassed(n, other *serverName, rebound bool) bool {
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
func (p *podServers) shareHost(n, other *serverName) bool {
	pair := [2]int{n.hostList, other.hostList}
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
func (n *serverName) isBefore(other *serverName) bool {
	if n.object == other.object {
		return n.index < other.index
	}
	return compareGateways(n.object, other.object) < 0
}

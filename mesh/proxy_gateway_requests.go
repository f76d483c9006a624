package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// requestRoute is a route of a gateway's virtual host: one match of a route of a VirtualService.
type requestRoute struct {
	virtualService *virtualService
	match          *networking.HTTPMatchRequest
	destinations   []routeDestination
	// by is the VirtualService, the one to which it delegates, or the route of the Gateway API of which it was made.
	by Ref
}

// mayMatchBoth reports whether there may be a request that both routes are for. Prefixes of the Gateway API are of whole segments.
func (route requestRoute) mayMatchBoth(other requestRoute) bool {
	return mayMatchBoth(route.match, other.match) &&
		!(route.virtualService.gatewaySemantics && endsWithinSegment(route.match, other.match)) &&
		!(other.virtualService.gatewaySemantics && endsWithinSegment(other.match, route.match))
}

// requestsAt is what comes to the pods of a gateway: requests with an authority to a port, or bytes, under TLS for its SNI.
type requestsAt struct {
	client    Client
	gateways  []string // "namespace/name" of all Gateways for the pods, ascending
	earlier   []string // those that were for them before a review
	number    uint32
	authority string
	without   string // a namespace whose VirtualServices are left out, "" for none
}

// requestRoutesAt returns the routes of the virtual host that takes requests at a gateway, in the order in which Envoy tries them: those
// of each VirtualService after another, and then those that match all (pilot/pkg/networking/core/route/route.go SortVHostRoutes), of
// which the first counts. There are none where all are redirected to HTTPS. At a server for bytes each route is for all.
func (s *Snapshot) requestRoutesAt(at requestsAt) []requestRoute {
	var gateways []*Object
	for _, name := range at.gateways {
		if g := s.gateway(parseGatewayName(name)); g != nil {
			gateways = append(gateways, g)
		}
	}
	servers := mergedServersOn(gateways, at.number).taking(at.authority)
	if len(servers) > 0 && !servers[0].routesHTTP() {
		return s.byteRoutesAt(at.client, servers[0])
	}
	hosts := map[string]*requestHost{}
	for _, srv := range servers {
		for _, v := range s.gatewayVirtualServicesByName(srv.gateway, at.client.Namespace, at.authority) {
			if at.without == "" || v.Namespace != at.without {
				s.addRequestRoutes(hosts, at.client, srv, v)
			}
		}
		for _, name := range srv.hosts {
			if srv.redirectsToHTTPS() {
				requestHostOf(hosts, strings.ToLower(name)).redirects = true
			}
		}
	}
	chosen := hosts[closestHost(hosts, at.authority)]
	if chosen == nil || chosen.redirects {
		return nil
	}
	return slices.Concat(chosen.some, chosen.catchAll)
}

// byteRoutesAt returns the routes of a server that reads no requests, each of which is for all bytes: that of the first VirtualService
// counts. There are none where the server passes TLS on, which stays the caller's own.
func (s *Snapshot) byteRoutesAt(client Client, srv gatewayServer) []requestRoute {
	if srv.isTLSPassthrough() {
		return nil
	}
	var routes []requestRoute
	for _, v := range s.gatewayVirtualServicesWithTCP(srv.gateway, client.Namespace) {
		if list := s.gatewayTCPDestinations(client, srv, v); len(list) > 0 {
			routes = append(routes, requestRoute{virtualService: v, match: &networking.HTTPMatchRequest{}, destinations: list, by: list[0].by()})
		}
	}
	return routes
}

// taking returns the servers that take what is for a name: all for HTTP, which share their route configuration, or the one with the
// closest name.
func (l portServers) taking(name string) []gatewayServer {
	if slices.ContainsFunc(l, gatewayServer.isHTTP) {
		return slices.DeleteFunc(slices.Clone(l), func(srv gatewayServer) bool { return !srv.isHTTP() })
	}
	best := -1
	var list []gatewayServer
	for _, srv := range l {
		fit := 0
		if srv.isTLS() {
			fit = sniSpecificity(srv.sniHosts(), name)
		}
		if fit > best {
			best, list = fit, []gatewayServer{srv}
		}
	}
	return list
}

// requestHost is a virtual host of a gateway: its routes, and those that match all.
type requestHost struct {
	some, catchAll []requestRoute
	redirects      bool
}

// requestHostOf returns the virtual host of a name, which it adds where there is none.
func requestHostOf(hosts map[string]*requestHost, name string) *requestHost {
	if hosts[name] == nil {
		hosts[name] = &requestHost{}
	}
	return hosts[name]
}

// addRequestRoutes adds the routes of v to the virtual hosts of the names that v has in common with a server.
func (s *Snapshot) addRequestRoutes(hosts map[string]*requestHost, client Client, srv gatewayServer, v *virtualService) {
	common := srv.intersection(v)
	if len(common) == 0 {
		return
	}
	routes := s.requestRoutesOf(client, srv, v)
	for _, name := range common {
		h := requestHostOf(hosts, name)
		h.redirects = h.redirects || srv.redirectsToHTTPS()
		for _, route := range routes {
			if matchesEveryRequest(route.match) {
				h.catchAll = append(h.catchAll, route)
			} else {
				h.some = append(h.some, route)
			}
		}
	}
}

// requestRoutesOf returns the routes of v at a server, up to the first that matches all.
func (s *Snapshot) requestRoutesOf(client Client, srv gatewayServer, v *virtualService) []requestRoute {
	var list []requestRoute
	at := matchContext{gateway: srv.gateway, port: srv.number, client: client}
	for route, authors := range s.authoredRoutes(v) {
		matches := route.Match
		if len(matches) == 0 {
			matches = []*networking.HTTPMatchRequest{{}}
		}
		var made []routeDestination // alike for all matches
		for i, m := range matches {
			if !isMatchFor(m, v, at) {
				continue
			}
			if made == nil {
				made = s.settings.addHTTPRoute(made, map[Destination]bool{}, v, route, authors)
				for j, d := range made {
					made[j] = s.completeGatewayDestination(client, d, srv.number)
				}
			}
			list = append(list, requestRoute{virtualService: v, match: matches[i], destinations: made, by: authors.route})
			if matchesEveryRequest(m) {
				return list
			}
		}
	}
	return list
}

// closestHost returns the name of the virtual host that takes requests with an authority, "" where none does.
func closestHost[T any](hosts map[string]T, authority string) string {
	authority = strings.ToLower(authority)
	best := ""
	for h := range hosts {
		if h == authority || host.Covers(h, authority) && best != authority && len(h) > len(best) {
			best = h
		}
	}
	return best
}

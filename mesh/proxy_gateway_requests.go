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
	// by is the VirtualService, or the route of the Gateway API of which it was made.
	by Ref
}

// requestsAt is what comes to the pods of a gateway: requests with an authority to a port.
type requestsAt struct {
	client    Client
	gateways  []string // "namespace/name" of all Gateways for the pods, ascending
	number    uint32
	authority string
}

// requestRoutesAt returns the routes of the virtual host that takes requests at a gateway, in the order in which Envoy tries them: those
// of each VirtualService after another, and then the first that matches all (pilot/pkg/networking/core/route/route.go
// SortVHostRoutes). There are none where all are redirected to HTTPS.
func (s *Snapshot) requestRoutesAt(at requestsAt) []requestRoute {
	var gateways []*Object
	for _, name := range at.gateways {
		if g := s.gateway(parseGatewayName(name)); g != nil {
			gateways = append(gateways, g)
		}
	}
	hosts := map[string]*requestHost{}
	for _, srv := range mergedServersOn(gateways, at.number).takingRequests(at.authority) {
		for _, v := range s.gatewayVirtualServicesByName(srv.gateway, at.client.Namespace, at.authority) {
			s.addRequestRoutes(hosts, at.client, srv, v)
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

// takingRequests returns the servers that share the route configuration by which requests with an authority are taken: all for HTTP, or
// the one for HTTPS with the closest name.
func (l portServers) takingRequests(authority string) []gatewayServer {
	if slices.ContainsFunc(l, gatewayServer.isHTTP) {
		return slices.DeleteFunc(slices.Clone(l), func(srv gatewayServer) bool { return !srv.isHTTP() })
	}
	best := -1
	var list []gatewayServer
	for _, srv := range l {
		if fit := sniSpecificity(srv.sniHosts(), authority); srv.routesHTTP() && fit > best {
			best, list = fit, []gatewayServer{srv}
		}
	}
	return list
}

// requestHost is a virtual host of a gateway: its routes, and the first that matches all.
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
			switch {
			case !matchesEveryRequest(route.match):
				h.some = append(h.some, route)
			case len(h.catchAll) == 0:
				h.catchAll = []requestRoute{route}
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
			by := (&routeDestination{virtualService: v, author: authors.route}).by()
			list = append(list, requestRoute{virtualService: v, match: matches[i], destinations: made, by: by})
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

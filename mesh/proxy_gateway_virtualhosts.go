package mesh

import (
	"slices"
	"strings"
)

// virtualHost is one virtual host of a gateway's route configuration.
type virtualHost struct {
	destinations []routeDestination // of routes that match some requests
	catchAll     []routeDestination // of the first that matches all
	hasCatchAll  bool
	redirects    bool
}

// gatewayHTTPDestinations returns where servers that share a route configuration send requests with an authority. The
// routes of all VirtualServices for a host add up in its virtual host; of those that take all requests the first
// counts (pilot/pkg/networking/core/gateway.go buildGatewayHTTPRouteConfig).
//
// By these two, requests for edition.cnn.com go to a.example or b.example:
//
//	hosts: [edition.cnn.com]                          hosts: [edition.cnn.com]
//	http:                                             http:
//	- match: [{uri: {prefix: /video}}]                - route: [{destination: {host: b.example}}]
//	  route: [{destination: {host: a.example}}]
func (s *Snapshot) gatewayHTTPDestinations(client Client, servers []gatewayServer, authority string) []routeDestination {
	authority = strings.ToLower(authority)
	hosts := map[string]*virtualHost{}
	for _, srv := range servers {
		for _, v := range s.gatewayVirtualServicesByName(srv.gateway, client.Namespace, authority) {
			s.addGatewayRoutes(hosts, client, srv, v)
		}
		for _, h := range srv.hosts {
			if h = strings.ToLower(h); srv.redirectsToHTTPS() {
				virtualHostOf(hosts, h).redirects = true
			}
		}
	}
	if chosen := hosts[closestHost(hosts, authority)]; chosen != nil && !chosen.redirects {
		return append(slices.Clip(chosen.destinations), chosen.catchAll...)
	}
	return nil
}

// virtualHostOf returns the virtual host of a name, which it adds where there is none.
func virtualHostOf(hosts map[string]*virtualHost, name string) *virtualHost {
	if hosts[name] == nil {
		hosts[name] = &virtualHost{}
	}
	return hosts[name]
}

// addGatewayRoutes adds v's routes to the virtual hosts of the names that v has in common with a server.
func (s *Snapshot) addGatewayRoutes(hosts map[string]*virtualHost, client Client, srv gatewayServer, v *virtualService) {
	common := srv.intersection(v)
	if len(common) == 0 {
		return
	}
	some, rest, taken, whole := s.splitHTTPDestinations(v, matchContext{gateway: srv.gateway, port: srv.number, client: client})
	if !taken {
		return
	}
	for _, name := range common {
		h := virtualHostOf(hosts, name)
		h.redirects = h.redirects || srv.redirectsToHTTPS()
		for _, d := range some {
			h.destinations = append(h.destinations, s.completeGatewayDestination(client, d, srv.number))
		}
		if whole && !h.hasCatchAll {
			h.hasCatchAll = true
			for _, d := range rest {
				h.catchAll = append(h.catchAll, s.completeGatewayDestination(client, d, srv.number))
			}
		}
	}
}

package mesh

import (
	"slices"
	"strings"
)

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
				hostIn(hosts, h).redirects = true
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

// hostIn gives the table's entry for a host, a new one where it has none.
func hostIn(hosts map[string]*virtualHost, name string) *virtualHost {
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
		h := hostIn(hosts, name)
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

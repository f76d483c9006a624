package mesh

import (
	"iter"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// requestOutcome returns where a request with this authority goes by the routes of a port: by the virtual host for the authority,
// else that of the closest wildcard, else on. Where only is a host, its routes take all requests.
func (s *Snapshot) requestOutcome(client Client, number uint32, authority, only string) Outcome {
	l, ok := s.listenerForRoutes(client, number)
	if !ok {
		return Outcome{}
	}
	if l.isHTTPProxy() {
		return Outcome{Unsure: UnsureHTTPProxy}
	}
	if only != "" {
		if only != strings.ToLower(only) {
			return Outcome{} // virtual hosts are in lower case
		}
		list, _ := s.virtualHostDestinations(client, l, only, only, number)
		return Outcome{Destinations: list}
	}
	name := strings.ToLower(authority)
	for i := -1; i < len(name); i++ {
		domain := name
		if i >= 0 {
			domain = "*" + name[i:]
		}
		if list, found := s.virtualHostDestinations(client, l, domain, name, number); found {
			return Outcome{Destinations: list}
		}
	}
	return Outcome{PassesOn: s.allowsAny(client)}
}

// listenerForRoutes returns the egress listener whose routes a port has (pilot/pkg/model/sidecar.go GetEgressListenerForRDS).
func (s *Snapshot) listenerForRoutes(client Client, number uint32) (egressListener, bool) {
	for _, l := range s.egressListeners(client) {
		if l.port == 0 || l.port == number {
			return l, true
		}
	}
	return egressListener{}, false
}

// virtualHostDestinations returns where the virtual host of a domain sends requests for a name; found is false where there is no
// such virtual host: one is made for each service with a port for HTTP, or without a protocol, and on port 80 for each host of a
// VirtualService that is no service (pilot/pkg/networking/core/route/route.go BuildSidecarVirtualHostWrapper).
func (s *Snapshot) virtualHostDestinations(client Client, l egressListener, domain, name string, number uint32) (list []Destination, found bool) {
	r := matchContext{gateway: meshGateway, host: name, port: number, client: client}
	svc, registered := s.registered(client, l, domain, number)
	to, requests := domain, []*virtualService(nil)
	switch {
	case registered:
		p, _ := svc.port(number)
		if !isHTTPOrSniffed(port{protocol: p.protocol}) {
			return nil, false
		}
		to = svc.host
		requests = s.virtualServicesForRequests(s.selectVirtualServices(client, to, l), to, r, l)
	case number == 80:
		for _, v := range s.selectVirtualServicesNaming(client, domain, l) {
			if s.appliesToSidecar(v, r, l) {
				requests = append(requests, v)
			}
		}
		if len(requests) > 0 && s.matchesService(client, l, domain, number) {
			return nil, false
		}
	}
	for _, v := range requests {
		if list, taken, _ := s.requestDestinations(l, v, r); taken {
			return list, true
		}
	}
	if !registered {
		return nil, false
	}
	return []Destination{{Host: strings.ToLower(to), Port: number}}, true
}

// requestDestinations returns where the HTTP routes of v send a request, and copies of it: those are made only where the request
// itself has a cluster (Envoy's source/common/router/router.cc decodeHeaders). taken reports whether a route matches, whole whether one
// matches all.
func (s *Snapshot) requestDestinations(l egressListener, v *virtualService, r matchContext) (list []Destination, taken, whole bool) {
	seen := map[Destination]bool{}
	add := func(found []routeDestination) (sent bool) {
		for _, d := range found {
			to := s.completeDestination(r.client, l, d, r.port).Destination
			_, exists := s.Cluster(r.client, to.Host, to.Port, to.Subset)
			sent = sent || exists
			if !seen[to] {
				seen[to] = true
				list = append(list, to)
			}
		}
		return sent
	}
	for route, authors := range s.authoredRoutes(v) {
		applies, all := matchHTTP(v, route, r)
		if !applies {
			continue
		}
		taken = true
		if add(s.settings.addRequests(nil, map[Destination]bool{}, v, route, authors)) {
			add(s.settings.addMirrors(nil, map[Destination]bool{}, v, route, authors))
		}
		if all {
			return list, true, true
		}
	}
	return list, taken, false
}

// matchesService reports whether a wildcard has a name in common with a service of the port: then the VirtualServices for it are for
// services alone (pilot/pkg/networking/core/route/route.go separateVSHostsAndServices).
func (s *Snapshot) matchesService(client Client, l egressListener, domain string, number uint32) bool {
	if !host.IsWildcard(domain) {
		return false
	}
	hasPort := func(hosts iter.Seq2[string, []*service]) bool {
		for _, services := range hosts {
			if slices.ContainsFunc(l.selectServices(services, client.Namespace), func(v scopedService) bool { _, has := v.service.port(number); return has }) {
				return true
			}
		}
		return false
	}
	if hasPort(s.hostsBelow(domain)) {
		return true
	}
	for i := 2; i <= len(domain); i++ { // wider ones
		if hasPort(s.withServices(s.hostsInAnyCase("*" + domain[i:]))) {
			return true
		}
	}
	return false
}

package mesh

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// Destination is where a client's proxy sends something that was meant for a service's port.
type Destination struct {
	Host   string
	Port   uint32
	Subset string
	// Authority is the Host header that a route sets, "" for the client's own.
	Authority string
}

// Destinations lists where a client's proxy sends what is meant for a port of host: by routes, or to the cluster of host
// itself or of the closest wildcard over it. known is false where the proxy does not listen for such a service; an empty list
// means that routes lead to no service.
func (s *Snapshot) Destinations(client Client, host string, number uint32) (list []Destination, known bool) {
	service := host
	if svc, ok := s.serviceFor(client, host); !ok || !s.listens(client, svc, number) {
		service = s.covering(client, host, number)
	}
	svc, known := s.serviceFor(client, service)
	if !known {
		return nil, false
	}
	p, known := svc.port(number)
	if !known || p.family() == FamilyUDP || svc.alias || !s.listens(client, svc, number) {
		return nil, false
	}
	ways, direct := s.ways(client, svc, host, p)
	for _, d := range ways {
		list = append(list, Destination{Host: d.host, Port: d.port, Subset: d.subset, Authority: d.authority})
	}
	if direct {
		list = append(list, s.directWay(client, svc, p))
	}
	return list, true
}

// directWay is the cluster of a port's own host. For requests Istio writes hosts in lower case, of which there may be none
// (pilot/pkg/networking/core/httproute.go BuildSidecarOutboundVirtualHosts).
func (s *Snapshot) directWay(client Client, svc view, p port) Destination {
	host := svc.host
	if l, _ := s.listening(client, svc, p); client.Kind == ClientSidecar && l.reads(p) == FamilyHTTP {
		host = strings.ToLower(host)
	}
	return Destination{Host: host, Port: p.number}
}

// ways gives where routes send what a client means for a name on a port of host: for host itself, or for a name that
// nothing declares and that host, a wildcard, covers. direct is true where some of it goes to the host's own cluster: what
// no route takes, as routes for HTTP take no other bytes where Istio sniffs. What the proxy does not listen for may come to
// the cluster all the same, if not by a route that is for the host.
func (s *Snapshot) ways(client Client, svc view, name string, p port) (list []destination, direct bool) {
	l, heard := s.listening(client, svc, p)
	if !heard {
		return nil, true
	}
	host, r := svc.host, request{gateway: meshGateway, host: name, port: p.number, client: client}
	all := s.routesSeen(client, host, l)
	requests, streams := s.forRequests(all, host, r, l), forStream(all, host)
	add := func(found []destination, taken bool) {
		direct = direct || !taken
		for _, d := range found {
			list = append(list, s.complete(client, l, d, p.number))
		}
	}
	switch l.reads(p) {
	case FamilyHTTP:
		add(s.httpWays(requests, r))
	case FamilyTLS:
		add(s.tlsWays(streams, r))
	case FamilyUnspecified:
		add(s.httpWays(requests, r))
		add(s.tcpWays(streams, r))
		if p.disputed {
			add(s.tlsWays(streams, r))
		}
	default:
		add(s.tcpWays(streams, r))
	}
	return list, direct || l.forwards()
}

// forRequests lists the VirtualServices whose HTTP routes may take a request. Those that name a host which is none in the
// registry count on port 80 alone (pilot/pkg/networking/core/route/route.go buildSidecarVirtualHostsForVirtualService).
func (s *Snapshot) forRequests(all []*virtualService, host string, r request, l listener) []*virtualService {
	if r.host == host || r.port != 80 {
		return forHTTP(all, host, s.indexed(r.client, host, l))
	}
	for _, v := range all {
		if _, taken := s.httpDestinations(v, r); taken && v.names(r.host) {
			return []*virtualService{v}
		}
	}
	return forHTTP(all, host, s.indexed(r.client, host, l))
}

// names tells whether v is for a host by its name, in any case.
func (v *virtualService) names(host string) bool {
	return slices.ContainsFunc(v.hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

// complete gives a destination the port that it does not name, and the service for which another name stands: for requests
// to one of the listener's ports, where the listener imports it (pilot/pkg/networking/core/route/route.go
// GetDestinationCluster).
func (s *Snapshot) complete(client Client, l listener, d destination, on uint32) destination {
	number := d.port
	if number == 0 {
		number = s.destinationPort(client, d, on)
	}
	svc, ok := s.serviceFor(client, d.host)
	if ok && svc.alias && (d.kind != FamilyHTTP || svc.has(on) && l.importsService(client, svc)) {
		d.host = svc.target
	}
	d.port = number
	return d
}

// httpWays gives where the first VirtualService sends requests that has a route for them.
func (s *Snapshot) httpWays(all []*virtualService, r request) (list []destination, taken bool) {
	for _, v := range all {
		if list, taken = s.httpDestinations(v, r); taken {
			return list, true
		}
	}
	return nil, false
}

// forHTTP lists the VirtualServices whose HTTP routes may be for host: those that name it, or else the first with the
// longest wildcard over it (pilot/pkg/networking/core/route/route.go separateVSHostsAndServices, pilot/pkg/model/
// sidecar.go computeWildcardHostVirtualServiceIndex). A wildcard host is looked up by the latter alone. The former does
// not tell upper case from lower case, the latter does.
func forHTTP(all []*virtualService, host string, indexed bool) []*virtualService {
	var chosen *virtualService
	if indexed {
		chosen = closest(all, strings.ToLower(host))
	}
	return slices.DeleteFunc(slices.Clone(all), func(v *virtualService) bool {
		return v != chosen && (isWildcard(host) || !v.names(host))
	})
}

// indexed tells whether a listener finds host among those that wildcards cover: by its name in lower case, which is its
// own or must be another service's.
func (s *Snapshot) indexed(client Client, host string, l listener) bool {
	lower := strings.ToLower(host)
	return client.Kind != ClientSidecar || lower == host || len(l.services(s.services.at(lower), client.Namespace)) > 0
}

// closest is the first VirtualService that names host or, where none does, the longest wildcard over it.
func closest(all []*virtualService, host string) *virtualService {
	var best *virtualService
	longest := ""
	for _, v := range all {
		for _, h := range v.hosts {
			if h == host {
				return v
			}
			if isWildcard(h) && len(h) > len(longest) && within(host, h) {
				best, longest = v, h
			}
		}
	}
	return best
}

// forStream lists the VirtualServices whose tls and tcp routes may be for host: here cases count (getConfigsForHost).
func forStream(all []*virtualService, host string) []*virtualService {
	return slices.DeleteFunc(slices.Clone(all), func(v *virtualService) bool {
		return !slices.ContainsFunc(v.hosts, func(h string) bool { return HostMatches(h, host) || HostMatches(host, h) })
	})
}

// tlsWays gives where TLS goes that is meant for host by its SNI: each match of a route is a chain of its own, and the
// name closest to the SNI wins (pilot/pkg/networking/core/tls.go buildSidecarOutboundTLSFilterChainOpts). Once there is
// a chain, bytes that fit none are taken from the host's cluster too.
func (s *Snapshot) tlsWays(all []*virtualService, r request) (list []destination, taken bool) {
	best := -1
	for _, v := range all {
		for _, route := range v.spec.Tls {
			if len(route.GetRoute()) == 0 {
				continue
			}
			for _, m := range route.Match {
				if m == nil || !matchesStream(m.Gateways, m.Port, m.SourceNamespace, m.SourceLabels, v, r) {
					continue
				}
				taken = true
				if fit := fitting(m.SniHosts, r.host); fit > best {
					best, list = fit, s.settings.weighted(v, route.Route, FamilyTLS)
				}
			}
		}
	}
	return list, taken
}

// fitting tells how close a chain's names come to a name, -1 for one that they do not cover. No names are any name, and so are those with a "*" among them.
func fitting(names []string, sni string) int {
	if len(names) == 0 || slices.Contains(names, "*") {
		return 0
	}
	best := -1
	for _, name := range names {
		switch {
		case name == sni:
			best = max(best, len(name)+1)
		case strings.HasPrefix(name, "*.") && HostMatches(name, sni):
			best = max(best, len(name))
		}
	}
	return best
}

// tcpWays gives where bytes go of which nothing is read: by the first route that takes them all, and those before it that
// take what goes to certain addresses (pilot/pkg/networking/core/tls.go buildSidecarOutboundTCPFilterChainOpts).
func (s *Snapshot) tcpWays(all []*virtualService, r request) (list []destination, taken bool) {
	for _, v := range all {
		for _, route := range v.spec.Tcp {
			if len(route.GetRoute()) == 0 {
				continue
			}
			applies, whole := matchTCP(v, route, r)
			if applies {
				list = append(list, s.settings.weighted(v, route.Route, FamilyOpaque)...)
			}
			if whole {
				return list, true
			}
		}
	}
	return list, false
}

func matchTCP(v *virtualService, route *networking.TCPRoute, r request) (applies, whole bool) {
	if len(route.Match) == 0 {
		return true, true
	}
	for _, m := range route.Match {
		if m != nil && matchesStream(m.Gateways, m.Port, m.SourceNamespace, m.SourceLabels, v, r) {
			applies, whole = true, whole || len(m.DestinationSubnets) == 0
		}
	}
	return applies, whole
}

// matchesStream holds the parts of a match against a request that are alike for tls and tcp routes. A gateway does not
// look at the source (pilot/pkg/networking/core/gateway.go l4SingleMatch).
func matchesStream(gateways []string, number uint32, namespace string, labels map[string]string, v *virtualService, r request) bool {
	return matchesGateway(gateways, v.Namespace, r.gateway) && (number == 0 || number == r.port) &&
		(r.gateway != meshGateway || fromSource(namespace, labels, r.client))
}

func fromSource(namespace string, labels map[string]string, client Client) bool {
	return (namespace == "" || namespace == client.Namespace) && subsetOf(labels, client.Labels)
}

// source is what a match asks of a client.
type source struct {
	namespace string
	labels    map[string]string
}

// sources walks what v's routes ask of clients, by which they tell pods and namespaces apart.
func (s *Snapshot) sources(v *virtualService) iter.Seq[source] {
	return func(yield func(source) bool) {
		for _, r := range s.httpRoutes(v) {
			for _, m := range r.GetMatch() {
				if !yield(source{m.GetSourceNamespace(), m.GetSourceLabels()}) {
					return
				}
			}
		}
		for _, r := range v.spec.Tls {
			for _, m := range r.GetMatch() {
				if !yield(source{m.GetSourceNamespace(), m.GetSourceLabels()}) {
					return
				}
			}
		}
		for _, r := range v.spec.Tcp {
			for _, m := range r.GetMatch() {
				if !yield(source{m.GetSourceNamespace(), m.GetSourceLabels()}) {
					return
				}
			}
		}
	}
}

// routesSeen lists the VirtualServices for the mesh that a client's listener knows and that have to do with host, in
// Istio's order: private before exported before public ones, the oldest first, whatever hosts they name
// (pilot/pkg/model/virtualservice.go SelectVirtualServices).
func (s *Snapshot) routesSeen(client Client, host string, l listener) []*virtualService {
	limited := s.sidecarFor(client) != nil
	list := slices.DeleteFunc(s.routesAbout(host), func(v *virtualService) bool {
		return !slices.Contains(v.gateways, meshGateway) || !visible(v.spec.ExportTo, v.Namespace, client.Namespace) ||
			limited && !l.importsRoute(v, client.Namespace)
	})
	slices.SortFunc(list, func(a, b *virtualService) int {
		return cmp.Or(cmp.Compare(a.distance(client.Namespace), b.distance(client.Namespace)), a.compareAge(b))
	})
	return slices.Compact(list)
}

// routesAbout lists the VirtualServices with a host that covers host, or that lies within it where host is a wildcard,
// some of them twice.
func (s *Snapshot) routesAbout(host string) []*virtualService {
	var list []*virtualService
	for _, pattern := range s.routePatterns(host) {
		for _, v := range s.routes.prefix(byHost + pattern + "\x00") {
			list = append(list, v)
		}
	}
	if isWildcard(host) {
		for _, v := range s.routes.prefix(byDomain + reversed(strings.ToLower(host[1:]))) {
			list = append(list, v)
		}
	}
	return list
}

// compareAge is Istio's order of VirtualServices: the oldest first, then by name.
func (v *virtualService) compareAge(other *virtualService) int {
	return cmp.Or(compareAge(v.Created, other.Created), cmp.Compare(v.Name, other.Name), cmp.Compare(v.Namespace, other.Namespace))
}

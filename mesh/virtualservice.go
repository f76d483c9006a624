package mesh

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// meshGateway is the name that binds a VirtualService to the sidecars.
const meshGateway = "mesh"

// virtualService is a VirtualService with its names completed
// (pilot/pkg/model/virtualservice.go ResolveVirtualServiceShortnames).
type virtualService struct {
	*Object
	spec     *networking.VirtualService
	hosts    []string
	gateways []string
	// destinations are the hosts to which its routes lead, mirrors included.
	destinations []string
	// http are its HTTP routes; delegates is true where some stand for a delegate's.
	http      []*networking.HTTPRoute
	delegates bool
	shape     uint64 // see specShape
}

func (s Settings) virtualService(o *Object, spec *networking.VirtualService) *virtualService {
	v := &virtualService{Object: o, spec: spec}
	for _, h := range spec.Hosts {
		v.hosts = append(v.hosts, s.qualify(h, o.Namespace))
	}
	for _, g := range spec.Gateways {
		v.gateways = append(v.gateways, qualifyGateway(g, o.Namespace))
	}
	if len(v.gateways) == 0 {
		v.gateways = []string{meshGateway}
	}
	for d := range targets(spec) {
		if h := s.qualify(d.GetHost(), o.Namespace); !slices.Contains(v.destinations, h) {
			v.destinations = append(v.destinations, h)
		}
	}
	for _, r := range spec.Http {
		if r != nil {
			v.http = append(v.http, r)
			v.delegates = v.delegates || r.Delegate != nil
		}
	}
	v.shape = v.shapeOf()
	return v
}

// qualifyGateway gives "namespace/name"; "name.namespace" and what follows is how it was once written
// (pilot/pkg/model/config.go resolveGatewayName).
func qualifyGateway(name, namespace string) string {
	if name == meshGateway {
		return name
	}
	if where, rest, found := strings.Cut(name, "/"); found {
		if where == "." {
			return namespace + "/" + rest
		}
		return name
	}
	short, rest, found := strings.Cut(name, ".")
	if !found {
		return namespace + "/" + name
	}
	where, _, _ := strings.Cut(rest, ".")
	return where + "/" + short
}

// The index of VirtualServices by what they are about. Hosts are in lower case there, for HTTP does not tell cases apart.
const (
	byHost     = "host\x00"
	byDomain   = "domain\x00" // by the host reversed, so that all hosts below a domain lie side by side
	byGateway  = "gateway\x00"
	bySNI      = "sni\x00" // as written; the empty name is for any
	byDelegate = "delegate\x00"
	// byDestination is where a VirtualService's own routes lead, mirrors included.
	byDestination = "destination\x00"
)

// keys lists the index entries of v.
func (v *virtualService) keys() iter.Seq[string] {
	suffix := "\x00" + v.Namespace + "\x00" + v.Name
	return func(yield func(string) bool) {
		for _, h := range v.hosts {
			h = strings.ToLower(h)
			if !yield(byHost+h+suffix) || !yield(byDomain+reversed(h)+suffix) {
				return
			}
		}
		for _, g := range v.gateways {
			if g != meshGateway && !yield(byGateway+g+suffix) {
				return
			}
		}
		for name := range v.serverNames() {
			if !yield(bySNI + name + suffix) {
				return
			}
		}
		for _, r := range v.spec.Http {
			if d := r.GetDelegate(); d != nil && !yield(byDelegate+delegateRef(d, v.Namespace).key()+suffix) {
				return
			}
		}
		for _, h := range v.destinations {
			if !yield(byDestination + h + suffix) {
				return
			}
		}
	}
}

// serverNames walks the names by which v's tls routes take TLS, the empty one for a match without names.
func (v *virtualService) serverNames() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, r := range v.spec.Tls {
			for _, m := range r.GetMatch() {
				if len(m.GetSniHosts()) == 0 && !yield("") {
					return
				}
				for _, name := range m.GetSniHosts() {
					if !yield(name) {
						return
					}
				}
			}
		}
	}
}

func (s *Snapshot) countRouteWildcards(v *virtualService, by int) {
	for _, h := range v.hosts {
		s.routeWildcards = s.routeWildcards.count(strings.ToLower(h), by)
	}
}

// routesFor lists the VirtualServices for host that are bound to a gateway and seen from its namespace: an exact host
// before wildcards, private before exported before public ones, the oldest first.
func (s *Snapshot) routesFor(gateway, namespace, host string) []*virtualService {
	var list []*virtualService
	for _, pattern := range s.routePatterns(host) {
		start := len(list)
		for _, v := range s.routes.prefix(byHost + pattern + "\x00") {
			if slices.Contains(v.gateways, gateway) && visible(v.spec.ExportTo, v.Namespace, namespace) {
				list = append(list, v)
			}
		}
		slices.SortStableFunc(list[start:], func(a, b *virtualService) int {
			return cmp.Or(cmp.Compare(a.distance(namespace), b.distance(namespace)), a.compareAge(b))
		})
	}
	return list
}

// distance is 0 for a VirtualService private to namespace, 1 for one exported to it, 2 for a public one.
func (v *virtualService) distance(namespace string) int {
	switch {
	case public(v.spec.ExportTo):
		return 2
	case v.Namespace == namespace:
		return 0
	}
	return 1
}

// routePatterns lists the VirtualService hosts that cover host, in lower case, the most specific first.
func (s *Snapshot) routePatterns(host string) []string {
	return s.routeWildcards.over(strings.ToLower(host))
}

// destinationHosts walks the hosts that v's routes name, as written.
func (v *virtualService) destinationHosts() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, r := range v.spec.Http {
			for _, d := range r.GetRoute() {
				if !yield(d.GetDestination().GetHost()) {
					return
				}
			}
		}
		for _, r := range v.spec.Tls {
			for _, d := range r.GetRoute() {
				if !yield(d.GetDestination().GetHost()) {
					return
				}
			}
		}
		for _, r := range v.spec.Tcp {
			for _, d := range r.GetRoute() {
				if !yield(d.GetDestination().GetHost()) {
					return
				}
			}
		}
	}
}

// request is what a route's match is held against.
type request struct {
	gateway string // meshGateway or "namespace/name"
	host    string
	port    uint32
	client  Client
}

// destination is where a route sends.
type destination struct {
	host      string
	port      uint32 // 0: none given
	subset    string
	authority string // the Host header that the route sets, "" for the client's own
	kind      Family // of the route: http, tls, opaque for tcp
	from      *virtualService
}

// destinationsFor gives where v's routes of one kind send a request: all that some request for this host and port can
// take, up to one that takes all that are left.
func (s *Snapshot) destinationsFor(v *virtualService, kind Family, r request) []destination {
	var list []destination
	switch kind {
	case FamilyHTTP:
		list, _ = s.httpDestinations(v, r)
	case FamilyTLS:
		list = tlsDestinations(v, s.settings, r)
	default:
		list, _ = s.tcpWays([]*virtualService{v}, r)
	}
	return list
}

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
	return v
}

// qualifyGateway gives "namespace/name".
func qualifyGateway(name, namespace string) string {
	if name == meshGateway || strings.Contains(name, "/") {
		return name
	}
	return namespace + "/" + name
}

// The index of VirtualServices by what they are about.
const (
	byHost     = "host\x00"
	byGateway  = "gateway\x00"
	byDelegate = "delegate\x00"
	// byDestination is where a VirtualService's own routes lead, mirrors included.
	byDestination = "destination\x00"
)

// keys lists the index entries of v.
func (v *virtualService) keys() iter.Seq[string] {
	suffix := "\x00" + v.Namespace + "\x00" + v.Name
	return func(yield func(string) bool) {
		for _, h := range v.hosts {
			if !yield(byHost + h + suffix) {
				return
			}
		}
		for _, g := range v.gateways {
			if g != meshGateway && !yield(byGateway+g+suffix) {
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

func (s *Snapshot) countRouteWildcards(v *virtualService, by int) {
	for _, h := range v.hosts {
		s.routeWildcards = s.routeWildcards.count(h, by)
	}
}

func delegateRef(d *networking.Delegate, namespace string) Ref {
	if d.Namespace != "" {
		namespace = d.Namespace
	}
	return Ref{Kind: KindVirtualService, Namespace: namespace, Name: d.Name}
}

// routesFor lists the VirtualServices for host that are bound to gateway and seen from namespace, in Istio's order:
// an exact host before wildcards, private before exported before public ones, the oldest first
// (pilot/pkg/model/virtualservice.go SelectVirtualServices).
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
			return cmp.Or(cmp.Compare(a.distance(namespace), b.distance(namespace)), compareAge(a.Created, b.Created),
				cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
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

// routePatterns lists the VirtualService hosts that cover host, the most specific first.
func (s *Snapshot) routePatterns(host string) []string { return s.routeWildcards.over(host) }

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

// destinationsFor gives where v sends a request: all routes that some request for this host and port can take, up to
// one that takes all that are left. kind says which routes apply.
func (s *Snapshot) destinationsFor(v *virtualService, kind Family, r request) []destination {
	switch kind {
	case FamilyHTTP:
		return s.httpDestinations(v, r)
	case FamilyTLS:
		return tlsDestinations(v, s.settings, r)
	default:
		return tcpDestinations(v, s.settings, r)
	}
}

func (s *Snapshot) httpDestinations(v *virtualService, r request) []destination {
	var list []destination
	seen := map[target]bool{}
	for _, route := range s.httpRoutes(v) {
		applies, whole := matchHTTP(v, route, r)
		if !applies {
			continue
		}
		list = s.settings.addHTTPRoute(list, seen, v, route)
		if whole {
			break
		}
	}
	return list
}

// httpRoutes gives v's routes with its delegates merged in (pilot/pkg/model/virtualservice.go MergeHTTPRoutes).
func (s *Snapshot) httpRoutes(v *virtualService) []*networking.HTTPRoute {
	var list []*networking.HTTPRoute
	for _, route := range v.spec.Http {
		if route == nil {
			continue
		}
		if route.Delegate == nil {
			list = append(list, route)
			continue
		}
		delegate := s.Get(delegateRef(route.Delegate, v.Namespace))
		if delegate == nil || !visible(delegate.Spec.(*networking.VirtualService).ExportTo, delegate.Namespace, v.Namespace) {
			continue
		}
		spec := delegate.Spec.(*networking.VirtualService)
		if len(spec.Hosts) > 0 {
			continue
		}
		for _, sub := range spec.Http {
			if sub != nil && sub.Delegate == nil {
				list = append(list, mergeDelegate(route, sub, s.settings, delegate.Namespace))
			}
		}
	}
	return list
}

// mergeDelegate gives a delegate's route under its root's match; the root's rewrite and headers fill what is unset.
func mergeDelegate(root, sub *networking.HTTPRoute, settings Settings, namespace string) *networking.HTTPRoute {
	merged := &networking.HTTPRoute{
		Match: sub.Match, Route: qualifyRoutes(sub.Route, settings, namespace), Redirect: sub.Redirect,
		DirectResponse: sub.DirectResponse, Rewrite: sub.Rewrite, Headers: sub.Headers, Mirror: sub.Mirror, Mirrors: sub.Mirrors,
	}
	if len(merged.Match) == 0 {
		merged.Match = root.Match
	}
	if merged.Rewrite == nil {
		merged.Rewrite = root.Rewrite
	}
	if merged.Headers == nil {
		merged.Headers = root.Headers
	}
	return merged
}

func qualifyRoutes(routes []*networking.HTTPRouteDestination, settings Settings, namespace string) []*networking.HTTPRouteDestination {
	var list []*networking.HTTPRouteDestination
	for _, r := range routes {
		if r.GetDestination() == nil {
			continue
		}
		list = append(list, &networking.HTTPRouteDestination{
			Headers: r.Headers, Weight: r.Weight,
			Destination: &networking.Destination{
				Host: settings.qualify(r.Destination.Host, namespace), Subset: r.Destination.Subset, Port: r.Destination.Port,
			},
		})
	}
	return list
}

// matchHTTP tells whether a route can take a request, and whether it takes all of them.
func matchHTTP(v *virtualService, route *networking.HTTPRoute, r request) (applies, whole bool) {
	if len(route.Match) == 0 {
		return true, true
	}
	for _, m := range route.Match {
		if m == nil || !matchesGateway(m.Gateways, v.Namespace, r.gateway) || m.Port != 0 && m.Port != r.port ||
			!matchesSource(m.SourceNamespace, m.SourceLabels, r) {
			continue
		}
		applies = true
		if m.Uri == nil && m.Method == nil && m.Authority == nil && m.Scheme == nil && len(m.Headers) == 0 &&
			len(m.QueryParams) == 0 && len(m.WithoutHeaders) == 0 {
			return true, true
		}
	}
	return applies, false
}

func matchesGateway(gateways []string, namespace, gateway string) bool {
	return len(gateways) == 0 || slices.ContainsFunc(gateways, func(g string) bool { return qualifyGateway(g, namespace) == gateway })
}

func matchesSource(namespace string, labels map[string]string, r request) bool {
	if r.gateway != meshGateway {
		return true
	}
	return (namespace == "" || namespace == r.client.Namespace) && subsetOf(labels, r.client.Labels)
}

// target is what makes two destinations the same.
type target struct {
	host, subset, authority string
	port                    uint32
}

// addHTTPRoute adds a route's destinations and mirrors, each once: a mirror is a client too.
func (s Settings) addHTTPRoute(list []destination, seen map[target]bool, v *virtualService, route *networking.HTTPRoute) []destination {
	add := func(d *networking.Destination, authority string) {
		if d == nil {
			return
		}
		to := target{host: s.qualify(d.Host, v.Namespace), port: d.GetPort().GetNumber(), subset: d.Subset, authority: authority}
		if !seen[to] {
			seen[to] = true
			list = append(list, destination{host: to.host, port: to.port, subset: to.subset, authority: authority, kind: FamilyHTTP, from: v})
		}
	}
	authority := cmp.Or(hostHeader(route.Headers), route.GetRewrite().GetAuthority())
	for _, r := range route.Route {
		add(r.GetDestination(), cmp.Or(hostHeader(r.GetHeaders()), authority))
	}
	add(route.Mirror, "")
	for _, m := range route.Mirrors {
		add(m.GetDestination(), "")
	}
	return list
}

// hostHeader is the Host that a header operation sets.
func hostHeader(h *networking.Headers) string {
	for name, value := range h.GetRequest().GetSet() {
		if strings.EqualFold(name, "host") || name == ":authority" {
			return value
		}
	}
	return ""
}

func tlsDestinations(v *virtualService, settings Settings, r request) []destination {
	var list []destination
	for _, route := range v.spec.Tls {
		for _, m := range route.GetMatch() {
			if m == nil || !matchesGateway(m.Gateways, v.Namespace, r.gateway) || m.Port != 0 && m.Port != r.port ||
				!matchesSource(m.SourceNamespace, m.SourceLabels, r) || !matchesSNI(m.SniHosts, r.host) {
				continue
			}
			list = append(list, settings.weighted(v, route.Route, FamilyTLS)...)
			return list
		}
	}
	return list
}

func matchesSNI(hosts []string, host string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool { return HostMatches(h, host) || HostMatches(host, h) })
}

func tcpDestinations(v *virtualService, settings Settings, r request) []destination {
	for _, route := range v.spec.Tcp {
		if route == nil {
			continue
		}
		whole := len(route.Match) == 0
		for _, m := range route.Match {
			if m != nil && matchesGateway(m.Gateways, v.Namespace, r.gateway) && (m.Port == 0 || m.Port == r.port) &&
				matchesSource(m.SourceNamespace, m.SourceLabels, r) {
				whole = true
			}
		}
		if whole {
			return settings.weighted(v, route.Route, FamilyOpaque)
		}
	}
	return nil
}

func (s Settings) weighted(v *virtualService, routes []*networking.RouteDestination, kind Family) []destination {
	var list []destination
	for _, r := range routes {
		if d := r.GetDestination(); d != nil {
			list = append(list, destination{
				host: s.qualify(d.Host, v.Namespace), port: d.GetPort().GetNumber(), subset: d.Subset,
				kind: kind, from: v,
			})
		}
	}
	return list
}

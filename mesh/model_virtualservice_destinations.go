package mesh

import (
	"iter"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// allDestinations returns an iterator over the destinations of v's routes, mirrors and delegates included.
func (s *Snapshot) allDestinations(v *virtualService) iter.Seq[*networking.Destination] {
	return destinationsOfRoutes(s.httpRoutes(v), v.spec)
}

// destinationsForNamespace returns an iterator over those of the routes that clients of a namespace may take.
func (s *Snapshot) destinationsForNamespace(v *virtualService, namespace string) iter.Seq[*networking.Destination] {
	routes := slices.DeleteFunc(slices.Clone(s.httpRoutes(v)), func(r *networking.HTTPRoute) bool { return !matchesNamespace(r, namespace) })
	return destinationsOfRoutes(routes, v.spec)
}

// matchesNamespace reports whether a route is for clients of a namespace. A match for another namespace outweighs one for
// all (pilot/pkg/model/push_context.go virtualServiceDestinationsFilteredBySourceNamespace):
//
//	match: [{}, {sourceNamespace: other}]   # only for clients of namespace other
func matchesNamespace(r *networking.HTTPRoute, namespace string) bool {
	matched := true
	for _, m := range r.Match {
		switch m.GetSourceNamespace() {
		case "":
		case namespace:
			return true
		default:
			matched = false
		}
	}
	return matched
}

// destinationsOfRoutes returns an iterator over the destinations of HTTP routes, mirrors included, and of the tls and tcp
// routes of spec.
func destinationsOfRoutes(http []*networking.HTTPRoute, spec *networking.VirtualService) iter.Seq[*networking.Destination] {
	return func(yield func(*networking.Destination) bool) {
		for _, r := range http {
			for _, d := range r.GetRoute() {
				if d.GetDestination() != nil && !yield(d.Destination) {
					return
				}
			}
			if r.GetMirror() != nil && !yield(r.Mirror) {
				return
			}
			for _, m := range r.GetMirrors() {
				if m.GetDestination() != nil && !yield(m.Destination) {
					return
				}
			}
		}
		for d := range l4Destinations(spec) {
			if !yield(d) {
				return
			}
		}
	}
}

// l4Destinations returns an iterator over the destinations of tls and tcp routes.
func l4Destinations(spec *networking.VirtualService) iter.Seq[*networking.Destination] {
	return func(yield func(*networking.Destination) bool) {
		var routes []*networking.RouteDestination
		for _, r := range spec.Tls {
			routes = append(routes, r.GetRoute()...)
		}
		for _, r := range spec.Tcp {
			routes = append(routes, r.GetRoute()...)
		}
		for _, d := range routes {
			if d.GetDestination() != nil && !yield(d.Destination) {
				return
			}
		}
	}
}

// routedHosts returns the hosts to which v's own routes send, without mirrors.
func (s Settings) routedHosts(v *virtualService) []string {
	var hosts []string
	for _, r := range v.spec.Http {
		for _, d := range r.GetRoute() {
			hosts = append(hosts, s.destinationHost(v, d.GetDestination()))
		}
	}
	for d := range l4Destinations(v.spec) {
		hosts = append(hosts, s.destinationHost(v, d))
	}
	return hosts
}

// externalDestinations returns the external hosts to which v's routes lead, mirrors and delegates included.
func (s *Snapshot) externalDestinations(v *virtualService) []string {
	var list []string
	for d := range s.allDestinations(v) {
		if host := s.settings.destinationHost(v, d); s.isExternal(host) && !slices.Contains(list, host) {
			list = append(list, host)
		}
	}
	return list
}

// isRouteDestination reports whether routes for sidecars lead to a port of host, or of a Service of type ExternalName
// that stands for it.
func (s *Snapshot) isRouteDestination(host string, number uint32) bool {
	names := []string{host}
	for _, alias := range s.aliases.Prefix(resolvedName(host) + "\x00") {
		names = append(names, alias)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return slices.ContainsFunc(s.virtualServicesWithDestination(name), func(v *virtualService) bool {
			return slices.Contains(v.gateways, meshGateway) && s.routesToPort(v, name, number)
		})
	})
}

// routesToPort reports whether a route of v leads to a port of host, mirrors and delegates included.
func (s *Snapshot) routesToPort(v *virtualService, host string, number uint32) bool {
	for d := range s.allDestinations(v) {
		at := d.GetPort().GetNumber()
		if s.settings.destinationHost(v, d) == host && (at == 0 || at == number) {
			return true
		}
	}
	return false
}

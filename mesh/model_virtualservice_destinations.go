package mesh

import (
	"iter"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// ownDestinations returns an iterator over the destinations of a VirtualService's own routes, mirrors included.
func ownDestinations(spec *networking.VirtualService) iter.Seq[*networking.Destination] {
	return func(yield func(*networking.Destination) bool) {
		for _, r := range spec.Http {
			for d := range httpRouteDestinations(r) {
				if !yield(d) {
					return
				}
			}
		}
		for d := range l4RouteDestinations(spec) {
			if !yield(d) {
				return
			}
		}
	}
}

// httpRouteDestinations returns an iterator over the destinations of one HTTP route, mirrors included.
func httpRouteDestinations(r *networking.HTTPRoute) iter.Seq[*networking.Destination] {
	return func(yield func(*networking.Destination) bool) {
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
}

// l4RouteDestinations returns an iterator over the destinations of tls and tcp routes.
func l4RouteDestinations(spec *networking.VirtualService) iter.Seq[*networking.Destination] {
	return func(yield func(*networking.Destination) bool) {
		for _, r := range spec.Tls {
			for _, d := range r.GetRoute() {
				if d.GetDestination() != nil && !yield(d.Destination) {
					return
				}
			}
		}
		for _, r := range spec.Tcp {
			for _, d := range r.GetRoute() {
				if d.GetDestination() != nil && !yield(d.Destination) {
					return
				}
			}
		}
	}
}

// destinationHosts returns an iterator over the hosts of the destinations, without mirrors and delegates, as written.
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

// destinationsForNamespace returns an iterator over the destinations of v's routes for clients of a namespace,
// mirrors and delegates included.
func (s *Snapshot) destinationsForNamespace(v *virtualService, namespace string) iter.Seq[*networking.Destination] {
	return func(yield func(*networking.Destination) bool) {
		for _, r := range s.httpRoutes(v) {
			if !matchesNamespace(r, namespace) {
				continue
			}
			for d := range httpRouteDestinations(r) {
				if !yield(d) {
					return
				}
			}
		}
		for d := range l4RouteDestinations(v.spec) {
			if !yield(d) {
				return
			}
		}
	}
}

// matchesNamespace reports whether a route has a match for clients of a namespace.
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

// externalDestinations returns the external hosts to which v's routes lead, mirrors and delegates included.
func (s *Snapshot) externalDestinations(v *virtualService) []string {
	var list []string
	add := func(d *networking.Destination) {
		if host := s.settings.qualify(d.GetHost(), v.Namespace); s.isExternal(host) && !slices.Contains(list, host) {
			list = append(list, host)
		}
	}
	for _, r := range s.httpRoutes(v) {
		for d := range httpRouteDestinations(r) {
			add(d)
		}
	}
	for d := range l4RouteDestinations(v.spec) {
		add(d)
	}
	return list
}

// isRouteDestination reports whether routes for sidecars lead to a port of host, or of a Service of type ExternalName
// that stands for it.
func (s *Snapshot) isRouteDestination(host string, number uint32) bool {
	names := []string{host}
	for _, alias := range s.aliases.Prefix(host + "\x00") {
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
	is := func(d *networking.Destination) bool {
		at := d.GetPort().GetNumber()
		return s.settings.qualify(d.GetHost(), v.Namespace) == host && (at == 0 || at == number)
	}
	for _, r := range s.httpRoutes(v) {
		for d := range httpRouteDestinations(r) {
			if is(d) {
				return true
			}
		}
	}
	for d := range l4RouteDestinations(v.spec) {
		if is(d) {
			return true
		}
	}
	return false
}

package mesh

import (
	"iter"

	networking "istio.io/api/networking/v1alpha3"
)

// targets walks where a VirtualService's own routes lead, mirrors included.
func targets(spec *networking.VirtualService) iter.Seq[*networking.Destination] {
	return func(yield func(*networking.Destination) bool) {
		for _, r := range spec.Http {
			for d := range httpTargets(r) {
				if !yield(d) {
					return
				}
			}
		}
		for d := range streamTargets(spec) {
			if !yield(d) {
				return
			}
		}
	}
}

// httpTargets walks one HTTP route's destinations and mirrors.
func httpTargets(r *networking.HTTPRoute) iter.Seq[*networking.Destination] {
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

// streamTargets walks the destinations of tls and tcp routes.
func streamTargets(spec *networking.VirtualService) iter.Seq[*networking.Destination] {
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

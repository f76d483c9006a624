package mesh

import (
	"iter"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// l4Match is what the matches of tls and tcp routes have in common.
type l4Match interface {
	GetGateways() []string
	GetPort() uint32
	GetSourceNamespace() string
	GetSourceLabels() map[string]string
}

// l4Matches returns the matches of tls and tcp routes.
func l4Matches(spec *networking.VirtualService) []l4Match {
	var list []l4Match
	for _, r := range spec.Tls {
		for _, m := range r.GetMatch() {
			list = append(list, m)
		}
	}
	for _, r := range spec.Tcp {
		for _, m := range r.GetMatch() {
			list = append(list, m)
		}
	}
	return list
}

// matchSource is what a match of a route asks of the client.
type matchSource struct {
	namespace string
	labels    map[string]string
}

// matchSources returns an iterator over what v's routes, delegates included, ask of clients.
func (s *Snapshot) matchSources(v *virtualService) iter.Seq[matchSource] {
	return func(yield func(matchSource) bool) {
		for _, r := range s.httpRoutes(v) {
			for _, m := range r.GetMatch() {
				if !yield(matchSource{m.GetSourceNamespace(), m.GetSourceLabels()}) {
					return
				}
			}
		}
		for _, m := range l4Matches(v.spec) {
			if !yield(matchSource{m.GetSourceNamespace(), m.GetSourceLabels()}) {
				return
			}
		}
	}
}

// matchedPorts returns the ports that v's routes match, ascending; 0 stands for all others.
func matchedPorts(v *virtualService) []uint32 {
	list := []uint32{0}
	for _, r := range v.spec.Http {
		for _, m := range r.GetMatch() {
			list = append(list, m.GetPort())
		}
	}
	for _, m := range l4Matches(v.spec) {
		list = append(list, m.GetPort())
	}
	slices.Sort(list)
	return slices.Compact(list)
}

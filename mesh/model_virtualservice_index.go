package mesh

import (
	"iter"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// The prefixes of the index of VirtualServices. Hosts are in lower case there: HTTP does not distinguish cases (RFC 9110,
// section 4.2.3).
const (
	byHost     = "host\x00"
	byDomain   = "domain\x00" // by the host reversed, so that all hosts below a domain lie side by side
	byGateway  = "gateway\x00"
	bySNI      = "sni\x00" // as written; the empty name is for any
	byDelegate = "delegate\x00"
	// byDestination is where a VirtualService's own routes lead, mirrors included.
	byDestination = "destination\x00"
)

// keys returns an iterator over v's keys in the index.
func (v *virtualService) keys() iter.Seq[string] {
	suffix := "\x00" + v.Namespace + "\x00" + v.Name
	return func(yield func(string) bool) {
		for _, h := range v.hosts {
			h = strings.ToLower(h)
			if !yield(byHost+h+suffix) || !yield(byDomain+host.Reversed(h)+suffix) {
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

// serverNames returns an iterator over the SNI hosts of v's tls routes, "" for a match without any.
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

// countVirtualServiceWildcards counts v's wildcard hosts so many times more or, where by is negative, less.
func (s *Snapshot) countVirtualServiceWildcards(v *virtualService, by int) {
	for _, h := range v.hosts {
		s.virtualServiceWildcards = s.virtualServiceWildcards.add(strings.ToLower(h), by)
	}
}

// virtualServiceHostsCovering returns host itself, then the wildcard hosts of VirtualServices that cover it, the most
// specific first, all in lower case.
func (s *Snapshot) virtualServiceHostsCovering(host string) []string {
	return s.virtualServiceWildcards.covering(strings.ToLower(host))
}

package mesh

import (
	"iter"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

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

// serverNames returns an iterator over the names by which v's tls routes take TLS, the empty one for a match without names.
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

func (s *Snapshot) countVirtualServiceWildcards(v *virtualService, by int) {
	for _, h := range v.hosts {
		s.virtualServiceWildcards = s.virtualServiceWildcards.add(strings.ToLower(h), by)
	}
}

// virtualServiceHostsCovering returns the VirtualService hosts that cover host, in lower case, the most specific first.
func (s *Snapshot) virtualServiceHostsCovering(host string) []string {
	return s.virtualServiceWildcards.covering(strings.ToLower(host))
}

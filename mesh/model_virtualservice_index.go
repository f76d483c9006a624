package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

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
	// byAddress is for those whose tls and tcp routes may take connections by no name of theirs: see matchesAddresses.
	byAddress = "address\x00"
)

// keys returns v's keys in the index, some of them more than once. With "|" for the zero byte this one has
// host|edition.cnn.com|shop|news, domain|moc.nnc.noitide|shop|news, gateway|shop/egress|shop|news and
// destination|a.example|shop|news:
//
//	metadata: {name: news, namespace: shop}
//	spec:
//	  hosts: [edition.cnn.com]
//	  gateways: [egress]
//	  http: [{route: [{destination: {host: a.example}}]}]
func (v *virtualService) keys() []string {
	var list []string
	add := func(prefix, name string) { list = append(list, prefix+name+"\x00"+v.Namespace+"\x00"+v.Name) }
	for _, h := range v.hosts {
		h = strings.ToLower(h)
		add(byHost, h)
		add(byDomain, host.Reversed(h))
	}
	for _, g := range v.gateways {
		if g != meshGateway {
			add(byGateway, g)
		}
	}
	for _, name := range v.serverNames() {
		add(bySNI, name)
	}
	for _, r := range v.spec.Http {
		if d := r.GetDelegate(); d != nil {
			add(byDelegate, delegateRef(d, v.Namespace).key())
		}
	}
	for _, h := range v.destinations {
		add(byDestination, h)
	}
	if v.matchesAddresses() {
		add(byAddress, "")
	}
	return list
}

// matchesAddresses reports whether sidecars may have a filter chain of v's tls and tcp routes that is for addresses, or for any server name.
func (v *virtualService) matchesAddresses() bool {
	return slices.Contains(v.gateways, meshGateway) && (slices.ContainsFunc(v.spec.Tls, func(r *networking.TLSRoute) bool {
		return slices.ContainsFunc(r.GetMatch(), func(m *networking.TLSMatchAttributes) bool {
			return len(m.GetDestinationSubnets()) > 0 || len(m.GetSniHosts()) == 0 || slices.Contains(m.GetSniHosts(), "*")
		})
	}) || slices.ContainsFunc(v.spec.Tcp, func(r *networking.TCPRoute) bool {
		return slices.ContainsFunc(r.GetMatch(), func(m *networking.L4MatchAttributes) bool { return len(m.GetDestinationSubnets()) > 0 })
	}))
}

// serverNames returns the SNI hosts of v's tls routes, "" for a match without any.
func (v *virtualService) serverNames() []string {
	var names []string
	for _, r := range v.spec.Tls {
		for _, m := range r.GetMatch() {
			if len(m.GetSniHosts()) == 0 {
				names = append(names, "")
			}
			names = append(names, m.GetSniHosts()...)
		}
	}
	return names
}

// addVirtualService adds v to the indexes.
func (s *Snapshot) addVirtualService(v *virtualService) {
	for _, key := range v.keys() {
		s.virtualServices = s.virtualServices.Set(key, v)
	}
	s.countVirtualServiceWildcards(v, 1)
}

// removeVirtualService removes v from the indexes.
func (s *Snapshot) removeVirtualService(v *virtualService) {
	for _, key := range v.keys() {
		s.virtualServices = s.virtualServices.Remove(key)
	}
	s.countVirtualServiceWildcards(v, -1)
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

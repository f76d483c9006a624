package mesh

import (
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// tlsDestinations returns where TLS goes by the SNI of tls routes (pilot/pkg/networking/core/tls.go
// buildSidecarOutboundTLSFilterChainOpts): each match has a filter chain, and the chain with the server name closest
// to the SNI takes it. taken reports whether there is any chain: then the host has none of its own, and TLS that fits
// none goes nowhere.
//
//	hosts: ["*.cnn.com"]
//	tls:
//	- match: [{sniHosts: ["*.cnn.com"]}]
//	  route: [{destination: {host: any.cnn.com}}]
//	- match: [{sniHosts: [edition.cnn.com]}]
//	  route: [{destination: {host: edition.cnn.com}}]
//
// TLS for edition.cnn.com takes the second route, though the first matches it too.
func (s *Snapshot) tlsDestinations(all []*virtualService, r matchContext) (list []routeDestination, taken bool) {
	best := -1
	for _, v := range all {
		for _, route := range v.spec.Tls {
			if len(route.GetRoute()) == 0 {
				continue
			}
			for _, m := range route.Match {
				if m == nil || !matchesL4(m, v, r) {
					continue
				}
				taken = true
				if fit := sniSpecificity(m.SniHosts, r.host); fit > best {
					best, list = fit, s.settings.weightedDestinations(v, route.Route, FamilyTLS)
				}
			}
		}
	}
	return list, taken
}

// tlsDestinationsOf returns where the first tls route of v that matches sends TLS that has come to a gateway.
func tlsDestinationsOf(v *virtualService, settings Settings, r matchContext) []routeDestination {
	for _, route := range v.spec.Tls {
		for _, m := range route.GetMatch() {
			if m != nil && matchesL4(m, v, r) && matchesSNI(m.SniHosts, r.host) {
				return settings.weightedDestinations(v, route.Route, FamilyTLS)
			}
		}
	}
	return nil
}

// matchesSNI reports whether one of the SNI hosts of a match and a host have a name in common.
func matchesSNI(hosts []string, hostname string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool { return host.Matches(h, hostname) })
}

// sniSpecificity returns how closely a filter chain's server names match an SNI, -1 where they do not. The higher one
// takes the connection. Without names a chain matches all, and so does "*" (pilot/pkg/networking/core/listener.go
// toFilterChainMatch).
func sniSpecificity(names []string, sni string) int {
	if len(names) == 0 || slices.Contains(names, "*") {
		return 0
	}
	best := -1
	for _, name := range names {
		switch {
		case name == sni:
			best = max(best, len(name)+1)
		case strings.HasPrefix(name, "*.") && host.Covers(name, sni):
			best = max(best, len(name))
		}
	}
	return best
}

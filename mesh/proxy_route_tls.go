package mesh

import (
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// tlsDestinations returns where TLS goes that is meant for host by its SNI: each match of a route is a chain of its own, and the
// name closest to the SNI wins (pilot/pkg/networking/core/tls.go buildSidecarOutboundTLSFilterChainOpts). Once there is
// a chain, bytes that fit none are taken from the host's cluster too.
func (s *Snapshot) tlsDestinations(all []*virtualService, r matchContext) (list []routeDestination, taken bool) {
	best := -1
	for _, v := range all {
		for _, route := range v.spec.Tls {
			if len(route.GetRoute()) == 0 {
				continue
			}
			for _, m := range route.Match {
				if m == nil || !matchesL4(m.Gateways, m.Port, m.SourceNamespace, m.SourceLabels, v, r) {
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

// tlsDestinationsOf returns where a VirtualService sends TLS for host that has come to a gateway.
func tlsDestinationsOf(v *virtualService, settings Settings, r matchContext) []routeDestination {
	for _, route := range v.spec.Tls {
		for _, m := range route.GetMatch() {
			if m != nil && matchesL4(m.Gateways, m.Port, m.SourceNamespace, m.SourceLabels, v, r) && matchesSNI(m.SniHosts, r.host) {
				return settings.weightedDestinations(v, route.Route, FamilyTLS)
			}
		}
	}
	return nil
}

func matchesSNI(hosts []string, hostname string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool { return host.Matches(h, hostname) })
}

// sniSpecificity tells how close a chain's names come to a name, -1 for one that they do not cover. No names are any name, and so are those with a "*" among them.
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

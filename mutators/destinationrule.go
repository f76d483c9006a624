package mutators

import (
	"slices"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/jsonpath"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mesh/host"
)

// mutateDestinationRule adds the client TLS settings that the ports lack which the rule decides for:
//
//  1. A cleartext HTTP port without settings gets those that Config has for its host.
//  2. Settings without a mode, which Istio reads as DISABLE, get one.
//  3. A TCP port gets the SNI to send and the name to check: it has no Host header to take them from. Where the
//     endpoints are written down as addresses, the host need not be a name that the server has, and nothing is filled in.
//
// A port whose server is written down to listen on port 80 gets nothing: TLS towards it would only fail. Nor does one of which a
// BackendTLSPolicy says what TLS it has, nor a port for which what is written would also count where it breaks what works: see gains.
func mutateDestinationRule(rules []v1alpha1.Origination, after *mesh.Snapshot, ref mesh.Ref, d *document) {
	type portField struct {
		field string
		port  uint32
	}
	governed := after.GovernedClusters(ref)
	done := map[portField]bool{}
	for _, g := range governed {
		field := g.Cluster.Hop.DecidedBy.Field
		key := portField{field, g.Port}
		if done[key] {
			continue
		}
		done[key] = true
		if g.WrittenPlaintextPort || g.HasBackendTLS {
			continue // TLS towards it would only fail, or without what the policy says of names and CAs
		}
		path, err := jsonpath.Parse(field)
		if err != nil {
			continue
		}
		s := portSettings{document: d, path: path, port: g, governed: governed, mesh: after, rule: ref}
		switch {
		case g.Cluster.Cause == mesh.CauseUnset && g.Cluster.Family == mesh.FamilyHTTP:
			if tls := s.settingsToAdd(rules); tls != nil {
				s.setTLS(tls)
			}
		case lacksMode(g.Cluster.Cause) && (g.Cluster.Family == mesh.FamilyHTTP || g.Cluster.Family == mesh.FamilyOpaque):
			s.setMode(originationFor(rules, g.Host))
		case g.Cluster.Family == mesh.FamilyOpaque && lacksNames(g) && !g.StaticEndpoints:
			s.setNames()
		}
	}
}

// originationFor returns a copy of the client TLS settings that Config has for a host; nil if it has none.
func originationFor(rules []v1alpha1.Origination, name string) map[string]any {
	if i := originationIndex(rules, name); i >= 0 {
		return jsonpath.Clone(rules[i].TLS)
	}
	return nil
}

// originationIndex returns which of Config's settings are for a host, by the first match; -1 if none are.
func originationIndex(rules []v1alpha1.Origination, name string) int {
	return slices.IndexFunc(rules, func(r v1alpha1.Origination) bool {
		return slices.ContainsFunc(r.Hosts, func(pattern string) bool { return host.Covers(pattern, name) })
	})
}

// lacksMode reports whether Istio reads the settings as DISABLE. Whether a mode is written down, only the raw object
// has.
func lacksMode(c mesh.Cause) bool { return c == mesh.CauseNoMode || c == mesh.CauseDisabled }

// lacksNames reports whether TLS is originated without a name to send and without one to check.
func lacksNames(g mesh.GovernedCluster) bool {
	hop := g.Cluster.Hop
	return (hop.TLS == "SIMPLE" || hop.TLS == "MUTUAL") && hop.SNI == "" && (len(hop.Names) == 0 || g.EntrySubjectAltNames) &&
		!strings.HasPrefix(g.Host, "*")
}

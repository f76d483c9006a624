package mutators

import (
	"maps"
	"slices"

	"github.com/tlsward/tlsward/internal/jsonpath"
	"github.com/tlsward/tlsward/mesh"
)

// portSettings edits the client TLS settings of one port of one host, where a DestinationRule decides them.
type portSettings struct {
	*document
	// path leads to the settings that decide: spec.trafficPolicy.tls, or those of an entry of portLevelSettings or of
	// a subset.
	path jsonpath.Path
	port mesh.GovernedCluster
	// governed lists all ports that the rule decides for, with the hosts that they are of.
	governed []mesh.GovernedCluster
	// mesh is the mesh with the rule.
	mesh *mesh.Snapshot
	rule mesh.Ref
}

// setTLS puts settings where the port has none: into its own entry where there is one, else into a new entry.
func (s portSettings) setTLS(tls map[string]any) {
	if !s.apart() {
		s.addEntry(tls)
		return
	}
	if s.object(s.path) == nil {
		s.set(s.path, tls)
	}
}

// setMode completes settings without a mode; with a client certificate it is MUTUAL. A rule's own settings that hold for ports
// too which would not gain by a mode are repeated for the port instead: it would wrap the application's TLS, for one.
func (s portSettings) setMode(configured map[string]any) {
	have := s.object(s.path)
	if have == nil || have["mode"] != nil {
		return
	}
	mode := configured["mode"]
	switch {
	case have["clientCertificate"] != nil:
		mode = "MUTUAL"
	case mode == nil || mode == "DISABLE":
		mode = "SIMPLE"
	}
	if !s.gains(s.port.Port, mesh.FamilyHTTP, mesh.FamilyOpaque) {
		return
	}
	if !s.apart() && !s.gains(allPorts, mesh.FamilyHTTP, mesh.FamilyOpaque) {
		tls := jsonpath.Clone(have)
		tls["mode"] = mode
		s.addEntry(tls)
		return
	}
	s.set(s.path.Child("mode"), mode)
}

// setNames completes settings for TCP with the host's name, as SNI and, unless names are given elsewhere or the check
// is switched off, as the name to check. A rule that decides for further hosts is left alone: one name would be wrong
// for the others.
func (s portSettings) setNames() {
	have := s.object(s.path)
	if have == nil || have["sni"] != nil || have["subjectAltNames"] != nil || s.decidesForOtherHosts() {
		return
	}
	names := map[string]any{"sni": s.port.Host}
	if !s.port.EntrySubjectAltNames && have["insecureSkipVerify"] != true {
		names["subjectAltNames"] = []any{s.port.Host}
	}
	if s.apart() || s.decidesOnlyForFamily(mesh.FamilyOpaque) {
		for _, key := range slices.Sorted(maps.Keys(names)) {
			s.set(s.path.Child(key), names[key])
		}
		return
	}
	tls := jsonpath.Clone(have)
	maps.Copy(tls, names)
	s.addEntry(tls)
}

// apart reports whether the settings are in an entry of portLevelSettings or in a subset, and not the rule's own, which
// hold for all its ports.
func (s portSettings) apart() bool { return s.path.String() != "spec.trafficPolicy.tls" }

// addEntry appends an entry for the port to the rule's portLevelSettings, with what the port inherited so far. If the
// port would lose what an entry cannot have, the settings go on the rule itself, unless a port of another family would
// get them too.
func (s portSettings) addEntry(tls map[string]any) {
	path := jsonpath.Path{"spec", "trafficPolicy"}
	policy := s.object(path)
	if mesh.LosesToPortEntry(policy) {
		if policy["tls"] == nil && s.gains(allPorts, s.port.Cluster.Family) {
			s.set(path.Child("tls"), tls)
		}
		return
	}
	entry := jsonpath.Clone(mesh.InheritedPortSettings(s.port.Port, policy))
	entry["port"], entry["tls"] = map[string]any{"number": s.port.Port}, tls
	s.add(path.Child("portLevelSettings"), entry)
}

// decidesOnlyForFamily reports whether all ports that the settings decide for are of the family.
func (s portSettings) decidesOnlyForFamily(family mesh.Family) bool {
	return !slices.ContainsFunc(s.governed, func(g mesh.GovernedCluster) bool {
		return s.decidesFor(g) && g.Cluster.Family != family
	})
}

// decidesFor reports whether the settings decide for another port.
func (s portSettings) decidesFor(g mesh.GovernedCluster) bool {
	return g.Cluster.Hop.DecidedBy.Field == s.port.Cluster.Hop.DecidedBy.Field
}

// decidesForOtherHosts reports whether the rule decides for further hosts, or covers any inside the mesh.
func (s portSettings) decidesForOtherHosts() bool {
	inside := func(p mesh.CoveredPort) bool { return !p.Leaves }
	return s.mesh.AnyCovered(s.rule, allPorts, inside) || slices.ContainsFunc(s.governed, func(g mesh.GovernedCluster) bool {
		return g.Host != s.port.Host || g.OtherHosts > 0
	})
}

package mutators

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// originate gives the ports that a rule governs the client TLS that they lack: whole settings for cleartext HTTP
// ports without any, a mode where one was forgotten, and the name to send and to check for TCP, which has no Host
// header to take it from.
func originate(rules []v1alpha1.Origination, after *mesh.Snapshot, ref mesh.Ref, d *document) {
	governed := after.Governed(ref)
	done := map[string]bool{}
	for _, g := range governed {
		field := g.Cluster.Hop.DecidedBy.Field
		key := field + "\x00" + itoa(g.Port)
		if done[key] {
			continue
		}
		done[key] = true
		f := filler{document: d, governed: governed, field: field, cluster: g}
		switch {
		case g.Cluster.Cause == mesh.CauseUnset && g.Cluster.Family == mesh.FamilyHTTP:
			if tls := settingsFor(rules, g.Host); tls != nil {
				f.fill(tls)
			}
		case modeless(g.Cluster.Cause) && (g.Cluster.Family == mesh.FamilyHTTP || g.Cluster.Family == mesh.FamilyOpaque):
			f.mode(settingsFor(rules, g.Host))
		case g.Cluster.Family == mesh.FamilyOpaque && nameless(g):
			f.name()
		}
	}
}

// modeless tells whether Istio reads a setting as DISABLE; whether a mode is written down, only the raw object says.
func modeless(c mesh.Cause) bool { return c == mesh.CauseNoMode || c == mesh.CauseDisabled }

// settingsFor gives the client TLS settings that Config has for a host: the first match.
func settingsFor(rules []v1alpha1.Origination, host string) map[string]any {
	for _, r := range rules {
		for _, pattern := range r.Hosts {
			if mesh.HostMatches(pattern, host) {
				tls, _ := clone(r.TLS).(map[string]any)
				return tls
			}
		}
	}
	return nil
}

// nameless tells whether TLS is started without a name to send and without one to check.
func nameless(g mesh.Governed) bool {
	hop := g.Cluster.Hop
	return (hop.TLS == "SIMPLE" || hop.TLS == "MUTUAL") && hop.SNI == "" && (len(hop.Names) == 0 || g.EntryNames) &&
		!strings.HasPrefix(g.Host, "*")
}

// filler completes the setting of one port at one field of a rule.
type filler struct {
	*document
	governed []mesh.Governed
	field    string
	cluster  mesh.Governed
}

// fill puts settings where a port has none: into the port's own entry where there is one, else into a new entry.
func (f filler) fill(tls map[string]any) {
	if f.inEntry() {
		f.setMissing(pathOf(f.field), tls)
		return
	}
	f.addEntry(tls)
}

// setMissing is set, unless a value is there already: an empty tls is completed, never replaced.
func (f filler) setMissing(at path, tls map[string]any) {
	have := f.object(at)
	if have == nil {
		f.set(at, tls)
		return
	}
	for _, key := range sortedKeys(tls) {
		if have[key] == nil {
			f.set(at.child(key), tls[key])
		}
	}
}

// mode completes settings without a mode. A rule's own settings that hold for TLS ports too are repeated for the
// port instead: there a mode would wrap the application's TLS.
func (f filler) mode(configured map[string]any) {
	at := pathOf(f.field)
	have := f.object(at)
	if have == nil || have["mode"] != nil {
		return
	}
	mode := configured["mode"]
	if mode == nil || mode == "DISABLE" {
		mode = "SIMPLE"
	}
	if !f.inEntry() && f.alsoGoverns(mesh.FamilyTLS) {
		tls := clone(have).(map[string]any)
		tls["mode"] = mode
		f.addEntry(tls)
		return
	}
	f.set(at.child("mode"), mode)
}

// name completes settings for TCP with the host's name, as SNI and, unless names are given elsewhere or the check is
// switched off, as the name to check.
func (f filler) name() {
	at := pathOf(f.field)
	have := f.object(at)
	if have == nil || have["sni"] != nil || have["subjectAltNames"] != nil {
		return
	}
	if f.inEntry() || f.governsOnly(mesh.FamilyOpaque) {
		if f.otherHosts() {
			return
		}
		for _, edit := range f.names(have) {
			f.set(at.child(edit.key), edit.value)
		}
		return
	}
	tls := clone(have).(map[string]any)
	for _, edit := range f.names(have) {
		tls[edit.key] = edit.value
	}
	if !f.otherHosts() {
		f.addEntry(tls)
	}
}

type keyValue struct {
	key   string
	value any
}

func (f filler) names(have map[string]any) []keyValue {
	edits := []keyValue{{"sni", f.cluster.Host}}
	if !f.cluster.EntryNames && have["insecureSkipVerify"] != true {
		edits = append(edits, keyValue{"subjectAltNames", []any{f.cluster.Host}})
	}
	return edits
}

// inEntry is true where the field is in an entry of portLevelSettings, or in a subset: a place of its own.
func (f filler) inEntry() bool { return f.field != "spec.trafficPolicy.tls" }

// addEntry appends an entry for the port to the rule's portLevelSettings. An entry takes the place of the rule's
// policy whole, so it repeats what the port had. What an entry cannot carry (tunnel, proxyProtocol, retryBudget)
// would be lost: then the settings go on the rule itself, if no port of another kind would get them too.
func (f filler) addEntry(tls map[string]any) {
	policy := pathOf("spec.trafficPolicy")
	have := f.object(policy)
	for _, key := range []string{"tunnel", "proxyProtocol", "retryBudget"} {
		if have[key] == nil {
			continue
		}
		if f.governsOnly(f.cluster.Cluster.Family) && have["tls"] == nil {
			f.set(policy.child("tls"), tls)
		}
		return
	}
	entry := map[string]any{"port": map[string]any{"number": json.Number(itoa(f.cluster.Port))}, "tls": tls}
	for _, key := range mesh.PortEntryReplaces() {
		if have[key] != nil {
			entry[key] = clone(have[key])
		}
	}
	f.add(policy.child("portLevelSettings"), entry)
}

// governsOnly tells whether all ports that the field decides for are of one family.
func (f filler) governsOnly(family mesh.Family) bool {
	return !slices.ContainsFunc(f.governed, func(g mesh.Governed) bool {
		return g.Cluster.Hop.DecidedBy.Field == f.field && g.Cluster.Family != family
	})
}

func (f filler) alsoGoverns(family mesh.Family) bool {
	return slices.ContainsFunc(f.governed, func(g mesh.Governed) bool {
		return g.Cluster.Hop.DecidedBy.Field == f.field && g.Cluster.Family == family
	})
}

// otherHosts tells whether the rule governs further hosts, for which one name would be wrong.
func (f filler) otherHosts() bool {
	return slices.ContainsFunc(f.governed, func(g mesh.Governed) bool { return g.Host != f.cluster.Host })
}

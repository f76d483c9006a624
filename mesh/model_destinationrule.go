package mesh

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	networking "istio.io/api/networking/v1alpha3"
)

// ruleSet is all DestinationRules of one namespace for one host, consolidated as Istio does it
// (pilot/pkg/model/push_context.go setDestinationRules).
type ruleSet struct {
	namespace string
	host      string
	rules     []*Object // in the order of compareRules
	// seen is what clients find. It is consolidated when it is first asked for, and not for each rule that comes: what that costs
	// grows with all rules of the host.
	seen     func() seenRules
	specHash func() uint64 // see hashSpec; it is worked out when it is first asked for
}

// seenRules is the rules of a ruleSet as clients find them.
type seenRules struct {
	local   selectableRules // for clients of the namespace
	private selectableRules // for clients in the root namespace: its own rules that are exported to nobody else
	// toEveryone is what other namespaces find, toNamespace what those find instead that rules are exported to by name.
	toEveryone  []*consolidatedRule
	toNamespace map[string][]*consolidatedRule
}

// newRuleSet returns the rules of one namespace for one host, which are in the order of compareRules.
func (s Settings) newRuleSet(namespace, host string, rules []*Object) *ruleSet {
	set := &ruleSet{namespace: namespace, host: host, rules: rules}
	set.seen = sync.OnceValue(func() seenRules { return s.consolidate(namespace, rules) })
	set.specHash = sync.OnceValue(set.hashSpecs)
	return set
}

// consolidate returns the rules of one namespace for one host, consolidated for whoever can see them.
func (s Settings) consolidate(namespace string, rules []*Object) seenRules {
	var local, exported, private mergeList
	for _, o := range rules {
		c := s.newMergeCandidate(o)
		if len(c.exportTo) == 0 || slices.Contains(c.exportTo, "*") || slices.Contains(c.exportTo, ".") || slices.Contains(c.exportTo, namespace) {
			local = append(local, c)
		}
		if !s.isPrivateRule(c, namespace) {
			exported = append(exported, c)
		} else if namespace == s.RootNamespace {
			private = append(private, c)
		}
	}
	seen := seenRules{local: newSelectableRules(local.forOwnNamespace()), private: newSelectableRules(private.forOwnNamespace())}
	seen.toEveryone, seen.toNamespace = exported.forOtherNamespaces()
	return seen
}

// isPrivateRule reports whether a rule is for its own namespace alone: of the mesh's default exportTo only "." counts.
func (s Settings) isPrivateRule(c mergeCandidate, namespace string) bool {
	return privateOnly(c.exportKey, namespace) || c.exportKey == "" && slices.Contains(s.DestinationRuleExportTo, ".")
}

// isExported reports whether any of the rules is exported to other namespaces.
func (r *ruleSet) isExported() bool {
	seen := r.seen()
	return len(seen.toEveryone)+len(seen.toNamespace) > 0
}

// exportedTo returns the rules that a client of another namespace finds.
func (r *ruleSet) exportedTo(namespace string) []*consolidatedRule {
	seen := r.seen()
	if named, ok := seen.toNamespace[namespace]; ok {
		return named
	}
	return seen.toEveryone
}

// decidesTLS reports whether a rule decides the TLS of a port for any client.
func (r *ruleSet) decidesTLS(o *Object, number uint32, subsetName string) bool {
	return r.containsTLS(number, subsetName, func(t tlsSetting) bool { return t.decision.Object == o.Ref })
}

// hasTLS reports whether any client has this TLS on a port, whichever rule says so.
func (r *ruleSet) hasTLS(tls *networking.ClientTLSSettings, number uint32, subsetName string) bool {
	return r.containsTLS(number, subsetName, func(t tlsSetting) bool { return sameTLS(t.settings, tls) })
}

// containsTLS reports whether is holds for the TLS that any client has on a port.
func (r *ruleSet) containsTLS(number uint32, subsetName string, is func(tlsSetting) bool) bool {
	seen := r.seen()
	views := append(slices.Collect(maps.Values(seen.toNamespace)), seen.local.all, seen.private.all, seen.toEveryone)
	return slices.ContainsFunc(views, func(view []*consolidatedRule) bool {
		return slices.ContainsFunc(view, func(m *consolidatedRule) bool { return is(m.tlsFor(number, subsetName)) })
	})
}

// compareRules returns the order in which rules merge: those with a workloadSelector first, then by age, name and
// namespace (pilot/pkg/model/push_context.go sortConfigBySelectorAndCreationTime). Those that istiod makes of BackendTLSPolicies
// have no age, and come before all others without a selector.
func compareRules(a, b *Object) int {
	return cmp.Or(
		cmp.Compare(falseFirst(ruleSpec(a).WorkloadSelector == nil), falseFirst(ruleSpec(b).WorkloadSelector == nil)),
		cmp.Compare(falseFirst(a.made == nil), falseFirst(b.made == nil)),
		compareAge(a.Created, b.Created), cmp.Compare(a.ruleName(), b.ruleName()), cmp.Compare(a.Namespace, b.Namespace))
}

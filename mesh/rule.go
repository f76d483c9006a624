package mesh

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// ruleSet is all DestinationRules of one namespace for one host, merged as Istio merges them
// (pilot/pkg/model/push_context.go setDestinationRules).
type ruleSet struct {
	namespace string
	host      string
	rules     []*Object // sorted: selectors first, then by age
	local     choices   // seen by clients of the namespace
	private   choices   // not exported; what clients in the root namespace see of its own rules
	// toAll is what is exported to everybody, to what a namespace sees instead that is exported to by name.
	toAll []*merged
	to    map[string][]*merged
	shape uint64 // see specShape
}

// merged is one or more rules that Istio treats as one (ConsolidatedDestRule).
type merged struct {
	selector map[string]string
	selects  bool // a workloadSelector is there, perhaps an empty one
	first    *Object
	from     []*Object
	policy   *networking.TrafficPolicy
	policyOf *Object
	subsets  []subset
}

// subset is a subset with the place where it is written.
type subset struct {
	*networking.Subset
	of    *Object
	index int
}

func ruleSpec(o *Object) *networking.DestinationRule { return o.Spec.(*networking.DestinationRule) }

// newRuleSet merges the rules of one namespace for one host.
func newRuleSet(namespace, host, root string, rules []*Object) *ruleSet {
	set := &ruleSet{namespace: namespace, host: host, rules: slices.SortedFunc(slices.Values(rules), compareRules)}
	var local, exported, private mergeList
	for _, o := range set.rules {
		c := newCandidate(o)
		if len(c.export) == 0 || slices.Contains(c.export, "*") || slices.Contains(c.export, ".") || slices.Contains(c.export, namespace) {
			local = append(local, c)
		}
		if !privateOnly(c.key, namespace) {
			exported = append(exported, c)
		} else if namespace == root {
			private = append(private, c)
		}
	}
	set.local, set.private = newChoices(local.inside()), newChoices(private.inside())
	set.toAll, set.to = exported.outside()
	set.shape = set.shapeOf()
	return set
}

// exports tells whether any of the rules is exported to others.
func (r *ruleSet) exports() bool { return len(r.toAll)+len(r.to) > 0 }

// exportedTo lists what a client's namespace sees of the exported rules.
func (r *ruleSet) exportedTo(namespace string) []*merged {
	if named, ok := r.to[namespace]; ok {
		return named
	}
	return r.toAll
}

func privateOnly(key, namespace string) bool {
	return key == "." || key != "" && key == namespace
}

// compareRules is the order in which rules merge (sortConfigBySelectorAndCreationTime).
func compareRules(a, b *Object) int {
	return cmp.Or(
		cmp.Compare(rank(ruleSpec(a).WorkloadSelector == nil), rank(ruleSpec(b).WorkloadSelector == nil)),
		compareAge(a.Created, b.Created), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
}

func newMerged(o *Object) *merged {
	spec := ruleSpec(o)
	m := &merged{first: o, from: []*Object{o}, policy: spec.TrafficPolicy}
	if spec.TrafficPolicy != nil {
		m.policyOf = o
	}
	if spec.WorkloadSelector != nil {
		m.selects, m.selector = true, spec.WorkloadSelector.MatchLabels
	}
	m.addSubsets(o)
	return m
}

// absorb merges a later rule into this one: its new subsets, and its policy where there is none yet.
func (m *merged) absorb(o *Object) {
	m.from = append(m.from, o)
	m.addSubsets(o)
	if m.policy == nil && ruleSpec(o).TrafficPolicy != nil {
		m.policy, m.policyOf = ruleSpec(o).TrafficPolicy, o
	}
}

func (m *merged) addSubsets(o *Object) {
	known := len(m.subsets)
	for i, s := range ruleSpec(o).Subsets {
		if s == nil || m.has(s.Name, known) {
			continue
		}
		m.subsets = append(m.subsets, subset{Subset: s, of: o, index: i})
	}
}

// has tells whether the first n subsets hold this name.
func (m *merged) has(name string, n int) bool {
	return slices.ContainsFunc(m.subsets[:n], func(s subset) bool { return s.Name == name })
}

func (m *merged) subset(name string) (subset, bool) {
	if m == nil {
		return subset{}, false
	}
	for _, s := range m.subsets {
		if s.Name == name {
			return s, true
		}
	}
	return subset{}, false
}

// labelsKey is equal for equal labels.
func labelsKey(labels map[string]string) string {
	if len(labels) == 0 {
		return ""
	}
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		b.WriteString(k + "\x00" + labels[k] + "\x00")
	}
	return b.String()
}

// subsetOf tells whether labels carries all of selector.
func subsetOf(selector, labels map[string]string) bool {
	for k, v := range selector {
		if have, ok := labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// lookup is where Istio looked for a client's rules, and what it found.
type lookup struct {
	// passed are the sets that were looked at and had nothing for this client.
	passed []*ruleSet
	// stopped is where the lookup ended; nil if nothing matched.
	stopped *ruleSet
	found   choices
	// unseen is true of a waypoint whose namespace does not see the host: it looks nowhere.
	unseen bool
}

// rulesFor looks a client's rules for a service up (pilot/pkg/model/push_context.go destinationRule).
func (s *Snapshot) rulesFor(clientNamespace, host, serviceNamespace string) lookup {
	var l lookup
	patterns := s.patterns(host)
	root := s.settings.RootNamespace
	own := ownRules
	if clientNamespace == root {
		own = privateRules
	}
	if set := s.mostSpecific(patterns, clientNamespace, func(r *ruleSet) bool { return len(own(r).all) > 0 }); set != nil {
		l.stopped, l.found = set, own(set)
		return l
	}
	for _, namespace := range [...]string{serviceNamespace, root} {
		set := s.mostSpecific(patterns, namespace, (*ruleSet).exports)
		if set == nil {
			continue
		}
		if l.found.all = set.exportedTo(clientNamespace); len(l.found.all) > 0 {
			l.stopped = set
			return l
		}
		l.passed = append(l.passed, set)
	}
	return l
}

// ownRules are what a client sees of its own namespace; privateRules what it sees in the root namespace, whose
// exported rules it finds last, as everybody does.
func ownRules(r *ruleSet) choices     { return r.local }
func privateRules(r *ruleSet) choices { return r.private }

// mostSpecific gives the set of the most specific of patterns for which namespace has rules of this sort.
func (s *Snapshot) mostSpecific(patterns []string, namespace string, has func(*ruleSet) bool) *ruleSet {
	for _, pattern := range patterns {
		if set := s.rules.at(pattern + "\x00" + namespace); set != nil && has(set) {
			return set
		}
	}
	return nil
}

// patterns lists the rule hosts of the mesh that cover host, the most specific first: host itself, then wildcards
// from the longest to the shortest (pilot/pkg/model/config.go MostSpecificHostMatch).
func (s *Snapshot) patterns(host string) []string {
	return s.ruleWildcards.over(host)
}

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
	local     []*merged // seen by clients of the namespace
	exported  []*merged // exported to others
	private   []*merged // not exported; what clients in the root namespace see of its own rules
	// toAll and to are the indexes in exported of what is exported to everybody, and to one namespace by name.
	toAll []int
	to    map[string][]int
	shape uint64 // see specShape
}

// merged is one or more rules that Istio treats as one (ConsolidatedDestRule).
type merged struct {
	exportTo string // a setKey
	export   []string
	selector map[string]string
	selects  bool // a workloadSelector is there, perhaps an empty one
	key      string
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
	for _, o := range set.rules {
		export := ruleSpec(o).ExportTo
		if ruleSpec(o).WorkloadSelector != nil {
			export = []string{"."}
		}
		if len(export) == 0 || slices.Contains(export, "*") || slices.Contains(export, ".") || slices.Contains(export, namespace) {
			set.local = mergeRule(set.local, o, export)
		}
		if !privateOnly(export, namespace) {
			set.exported = mergeRule(set.exported, o, export)
		} else if namespace == root {
			set.private = mergeRule(set.private, o, export)
		}
	}
	set.indexExports()
	set.shape = set.shapeOf()
	return set
}

func (r *ruleSet) indexExports() {
	r.to = map[string][]int{}
	for i, m := range r.exported {
		if public(m.export) {
			r.toAll = append(r.toAll, i)
			continue
		}
		for _, namespace := range slices.Compact(slices.Sorted(slices.Values(m.export))) {
			r.to[namespace] = append(r.to[namespace], i)
		}
	}
}

// exportedTo lists what a client's namespace sees of the exported rules, in their order.
func (r *ruleSet) exportedTo(namespace string) []*merged {
	indexes := r.toAll
	if named := r.to[namespace]; len(named) > 0 {
		indexes = slices.Concat(r.toAll, named)
		slices.Sort(indexes)
	}
	list := make([]*merged, 0, len(indexes))
	for _, i := range indexes {
		list = append(list, r.exported[i])
	}
	return list
}

func privateOnly(export []string, namespace string) bool {
	key := setKey(export)
	return key == "." || key != "" && key == namespace
}

// compareRules is the order in which rules merge (sortConfigBySelectorAndCreationTime).
func compareRules(a, b *Object) int {
	return cmp.Or(
		cmp.Compare(rank(ruleSpec(a).WorkloadSelector == nil), rank(ruleSpec(b).WorkloadSelector == nil)),
		compareAge(a.Created, b.Created), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
}

// mergeRule adds one rule to the list, into those that it merges with or beside them
// (pilot/pkg/model/destination_rule.go mergeDestinationRule, with ENABLE_ENHANCED_DESTINATIONRULE_MERGE).
func mergeRule(list []*merged, o *Object, export []string) []*merged {
	fresh := newMerged(o, export)
	separately := true
	for _, have := range list {
		switch {
		case have.exportTo == fresh.exportTo:
			separately = false
		case have.exportTo != "" && superset(fresh.export, have.export):
			separately = true
		default:
			separately = true
			continue
		}
		if have.selects && fresh.selects && have.key != fresh.key {
			separately = true
			continue
		}
		if have.selects == fresh.selects {
			separately = false
		}
		have.absorb(o)
	}
	if separately {
		list = append(list, fresh)
	}
	return list
}

func newMerged(o *Object, export []string) *merged {
	spec := ruleSpec(o)
	m := &merged{exportTo: setKey(export), export: export, first: o, from: []*Object{o}, policy: spec.TrafficPolicy}
	if spec.TrafficPolicy != nil {
		m.policyOf = o
	}
	if spec.WorkloadSelector != nil {
		m.selects, m.selector = true, spec.WorkloadSelector.MatchLabels
		m.key = labelsKey(m.selector)
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

func superset(wide, narrow []string) bool {
	for _, name := range narrow {
		if !slices.Contains(wide, name) {
			return false
		}
	}
	return true
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
	found   []*merged
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
	if set := s.mostSpecific(patterns, clientNamespace, own); set != nil {
		l.stopped, l.found = set, own(set)
		return l
	}
	for _, namespace := range [...]string{serviceNamespace, root} {
		set := s.mostSpecific(patterns, namespace, exportedRules)
		if set == nil {
			continue
		}
		if l.found = set.exportedTo(clientNamespace); len(l.found) > 0 {
			l.stopped = set
			return l
		}
		l.passed = append(l.passed, set)
	}
	return l
}

// ownRules are what a client sees of its own namespace; privateRules what it sees in the root namespace, whose
// exported rules it finds last, as everybody does.
func ownRules(r *ruleSet) []*merged      { return r.local }
func privateRules(r *ruleSet) []*merged  { return r.private }
func exportedRules(r *ruleSet) []*merged { return r.exported }

// mostSpecific gives the set of the most specific of patterns for which namespace has rules of this sort.
func (s *Snapshot) mostSpecific(patterns []string, namespace string, sort func(*ruleSet) []*merged) *ruleSet {
	for _, pattern := range patterns {
		if set := s.rules.at(pattern + "\x00" + namespace); set != nil && len(sort(set)) > 0 {
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

// choose picks the rule for one client from what its lookup found (pilot/pkg/model/sidecar.go DestinationRule).
// Rules with a selector count in their own namespace only, and never at a waypoint.
func (l lookup) choose(client Client) *merged {
	var catchAll *merged
	for _, m := range l.found {
		if !m.selects {
			catchAll = m
			continue
		}
		if client.Kind != ClientWaypoint && m.first.Namespace == client.Namespace && subsetOf(m.selector, client.Labels) {
			return m
		}
	}
	return catchAll
}

package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// consolidatedRule is one or more rules that Istio treats as one (ConsolidatedDestRule).
type consolidatedRule struct {
	selector    map[string]string
	hasSelector bool // a workloadSelector is there, perhaps an empty one
	first       *Object
	from        []*Object
	policy      *networking.TrafficPolicy
	policyFrom  *Object
	subsets     []ruleSubset
}

// ruleSubset is a subset with the place where it is written.
type ruleSubset struct {
	*networking.Subset
	from  *Object
	index int
}

func newConsolidatedRule(o *Object) *consolidatedRule {
	spec := ruleSpec(o)
	m := &consolidatedRule{first: o, from: []*Object{o}, policy: spec.TrafficPolicy}
	if spec.TrafficPolicy != nil {
		m.policyFrom = o
	}
	if spec.WorkloadSelector != nil {
		m.hasSelector, m.selector = true, spec.WorkloadSelector.MatchLabels
	}
	m.addSubsets(o)
	return m
}

// merge merges a later rule into this one: its new subsets, and its policy where there is none yet.
func (m *consolidatedRule) merge(o *Object) {
	m.from = append(m.from, o)
	m.addSubsets(o)
	if m.policy == nil && ruleSpec(o).TrafficPolicy != nil {
		m.policy, m.policyFrom = ruleSpec(o).TrafficPolicy, o
	}
}

func (m *consolidatedRule) addSubsets(o *Object) {
	known := len(m.subsets)
	for i, s := range ruleSpec(o).Subsets {
		if s == nil || m.hasSubset(s.Name, known) {
			continue
		}
		m.subsets = append(m.subsets, ruleSubset{Subset: s, from: o, index: i})
	}
}

// hasSubset reports whether the first n subsets hold this name.
func (m *consolidatedRule) hasSubset(name string, n int) bool {
	return slices.ContainsFunc(m.subsets[:n], func(s ruleSubset) bool { return s.Name == name })
}

func (m *consolidatedRule) subset(name string) (ruleSubset, bool) {
	if m == nil {
		return ruleSubset{}, false
	}
	for _, s := range m.subsets {
		if s.Name == name {
			return s, true
		}
	}
	return ruleSubset{}, false
}

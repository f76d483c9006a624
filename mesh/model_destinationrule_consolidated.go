package mesh

import networking "istio.io/api/networking/v1alpha3"

// consolidatedRule is one or more DestinationRules that Istio treats as one (pilot/pkg/model/destination_rule.go
// ConsolidatedDestRule). Subsets add up; of the trafficPolicies the first stands whole:
//
//	# created first                             # created second
//	host: edition.cnn.com                       host: edition.cnn.com
//	subsets: [{name: v1}]                       trafficPolicy: {tls: {mode: SIMPLE}}
//
// is a rule with the subset v1 of the one and the trafficPolicy of the other. Had the first a trafficPolicy of its
// own, even an empty one, there would be no TLS.
type consolidatedRule struct {
	selector    map[string]string
	hasSelector bool // there is a workloadSelector, perhaps an empty one
	first       *Object
	from        []*Object
	policy      *networking.TrafficPolicy
	// policyFrom is where the trafficPolicy stands that goes before the others; nil where no rule has any.
	policyFrom *Object
	subsets    []ruleSubset
	// byName has the index of the first subset of a name; nil while there is no subset.
	byName map[string]int
}

// ruleSubset is a subset of a consolidated rule, with the rule that has it and its index there.
type ruleSubset struct {
	*networking.Subset
	from  *Object
	index int
}

// newConsolidatedRule returns one rule alone.
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

// merge adds a later rule: its subsets with new names, and its trafficPolicy where there is none yet. Where that of a BackendTLSPolicy
// fills, it does so in what people wrote, the last of which goes before the others then.
func (m *consolidatedRule) merge(o *Object, fills bool) {
	m.from = append(m.from, o)
	m.addSubsets(o)
	policy := ruleSpec(o).TrafficPolicy
	switch {
	case policy == nil:
	case m.policy == nil:
		m.policy, m.policyFrom = policy, o
	case !fills:
	case m.first.made == nil && o.made != nil:
		m.policy = fillPolicy(m.policy, policy)
	case m.first.made != nil && o.made == nil:
		m.policy, m.policyFrom = fillPolicy(policy, m.policy), o
	}
}

// addSubsets adds the subsets of a rule whose names no other rule has. Names that the rule itself repeats stay.
func (m *consolidatedRule) addSubsets(o *Object) {
	known, own := len(m.subsets), ruleSpec(o).Subsets
	if m.byName == nil && len(own) > 0 {
		m.byName = make(map[string]int, len(own))
	}
	for i, s := range own {
		if s == nil {
			continue
		}
		first, ok := m.byName[s.Name]
		if ok && first < known {
			continue
		}
		if !ok {
			m.byName[s.Name] = len(m.subsets)
		}
		m.subsets = append(m.subsets, ruleSubset{Subset: s, from: o, index: i})
	}
}

// subset returns the first subset of a name; ok is false where there is none, or no rule at all.
func (m *consolidatedRule) subset(name string) (ruleSubset, bool) {
	if m == nil {
		return ruleSubset{}, false
	}
	i, ok := m.byName[name]
	if !ok {
		return ruleSubset{}, false
	}
	return m.subsets[i], true
}

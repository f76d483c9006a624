package mesh

import "slices"

// mergeCandidate is a rule before it is consolidated, with what decides which rules it merges with.
type mergeCandidate struct {
	rule        *Object
	exportTo    []string
	exportKey   string // the exportToKey of exportTo
	hasSelector bool
	labels      string // the labelsKey of the workloadSelector
	anyExport   bool   // Flags.MergeAnyExport
	fills       bool   // Version.fillsPolicies
}

// newMergeCandidate returns the candidate for a rule. A workloadSelector makes a rule private to its namespace.
func (s Settings) newMergeCandidate(o *Object) mergeCandidate {
	spec := ruleSpec(o)
	c := mergeCandidate{rule: o, exportTo: spec.ExportTo, hasSelector: spec.WorkloadSelector != nil, anyExport: s.Flags.MergeAnyExport, fills: s.Version.fillsPolicies()}
	if c.hasSelector {
		c.exportTo, c.labels = []string{"."}, labelsKey(spec.WorkloadSelector.MatchLabels)
	}
	c.exportKey = exportToKey(c.exportTo)
	return c
}

// mergeOutcome is what becomes of a rule beside an earlier one of the same host and namespace.
type mergeOutcome int

const (
	// mergeSeparate: it stands on its own.
	mergeSeparate mergeOutcome = iota
	// mergeInto: it is merged into the earlier one, and is gone.
	mergeInto
	// mergeIntoAndSeparate: it is merged into the earlier one, and stands on its own too.
	mergeIntoAndSeparate
	// mergeIntoAlso: it is merged into the earlier one, and what it is beside others says whether it stands on its own.
	mergeIntoAlso
)

// mergeOf returns what becomes of a later rule (pilot/pkg/model/destination_rule.go mergeDestinationRule, with the
// feature ENABLE_ENHANCED_DESTINATIONRULE_MERGE):
//  1. Where it is not exported to all namespaces that the earlier one is exported to, it stands on its own. Here a
//     rule without exportTo is like no rule with one.
//  2. Two different workloadSelectors stand on their own.
//  3. Else it is merged into the earlier one, and stands on its own too if it is exported to more namespaces and
//     only one of them has a workloadSelector.
//
// With the feature, a private rule for selected pods takes in the plain rule of its namespace, which all others keep:
//
//	host: edition.cnn.com                          host: edition.cnn.com
//	workloadSelector: {matchLabels: {app: curl}}   exportTo: [".", payments]
//	subsets: [{name: v1}]                          trafficPolicy: {tls: {mode: SIMPLE}}
//
// Without the feature exportTo does not count.
func (c mergeCandidate) mergeOf(later mergeCandidate) mergeOutcome {
	sameExport := c.exportKey == later.exportKey
	if c.anyExport {
		return c.mergeOfAnyExport(later)
	}
	switch {
	case !sameExport && (c.exportKey == "" || !containsAll(later.exportTo, c.exportTo)),
		c.hasSelector && later.hasSelector && c.labels != later.labels:
		return mergeSeparate
	case !sameExport && c.hasSelector != later.hasSelector:
		return mergeIntoAndSeparate
	}
	return mergeInto
}

func (c mergeCandidate) mergeOfAnyExport(later mergeCandidate) mergeOutcome {
	switch {
	case c.hasSelector && later.hasSelector && c.labels != later.labels:
		return mergeSeparate
	case c.hasSelector != later.hasSelector:
		return mergeIntoAlso
	}
	return mergeInto
}

// mergeList is the rules of one host and namespace in the order in which they merge.
type mergeList []mergeCandidate

// standalone returns the indexes of the rules that stand on their own. Istio holds a rule against each of those that
// stand already, and what the last one says counts that says anything.
func (l mergeList) standalone() []int {
	var list []int
	for i := range l {
		if l.standsAlone(i, list) {
			list = append(list, i)
		}
	}
	return list
}

// standsAlone reports whether the rule at i stands on its own beside those that stand already.
func (l mergeList) standsAlone(i int, standing []int) bool {
	for _, j := range slices.Backward(standing) {
		if outcome := l[j].mergeOf(l[i]); outcome != mergeIntoAlso {
			return outcome != mergeInto
		}
	}
	return true
}

// consolidate returns the rule at i with all later ones that merge into it.
func (l mergeList) consolidate(i int) *consolidatedRule {
	m := newConsolidatedRule(l[i].rule)
	for _, later := range l[i+1:] {
		if l[i].mergeOf(later) != mergeSeparate {
			m.merge(later.rule, later.fills)
		}
	}
	return m
}

// forOwnNamespace returns what clients of the rules' own namespace choose from: all rules with a selector, then the
// last of the others.
func (l mergeList) forOwnNamespace() []*consolidatedRule {
	var list []*consolidatedRule
	last := -1
	for _, i := range l.standalone() {
		if l[i].hasSelector {
			list = append(list, l.consolidate(i))
		} else {
			last = i
		}
	}
	if last >= 0 {
		list = append(list, l.consolidate(last))
	}
	return list
}

// forOtherNamespaces returns what clients of other namespaces find: the last rule that is exported to everyone, and
// for the namespaces that a later rule is exported to by name, that one. Rules with a selector are never exported.
func (l mergeList) forOtherNamespaces() (toAll []*consolidatedRule, to map[string][]*consolidatedRule) {
	all, named := -1, map[string]int{}
	for _, i := range l.standalone() {
		if public(l[i].exportTo) {
			all = i
			continue
		}
		for _, namespace := range l[i].exportTo {
			named[namespace] = i
		}
	}
	if all >= 0 {
		toAll = []*consolidatedRule{l.consolidate(all)}
	}
	done := map[int][]*consolidatedRule{}
	to = map[string][]*consolidatedRule{}
	for namespace, i := range named {
		if i < all {
			continue
		}
		if done[i] == nil {
			done[i] = []*consolidatedRule{l.consolidate(i)}
		}
		to[namespace] = done[i]
	}
	return toAll, to
}

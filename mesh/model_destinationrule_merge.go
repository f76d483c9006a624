package mesh

// mergeCandidate is a rule before it is consolidated, with what decides which rules it merges with.
type mergeCandidate struct {
	rule        *Object
	exportTo    []string
	exportKey   string // the exportToKey of exportTo
	hasSelector bool
	labels      string // the labelsKey of the workloadSelector
}

// newMergeCandidate returns the candidate for a rule. A workloadSelector makes a rule private to its namespace.
func newMergeCandidate(o *Object) mergeCandidate {
	spec := ruleSpec(o)
	c := mergeCandidate{rule: o, exportTo: spec.ExportTo, hasSelector: spec.WorkloadSelector != nil}
	if c.hasSelector {
		c.exportTo, c.labels = []string{"."}, labelsKey(spec.WorkloadSelector.MatchLabels)
	}
	c.exportKey = exportToKey(c.exportTo)
	return c
}

// mergeWith reports what becomes of a later rule beside one that stands on its own: whether it merges into that one, and
// whether it stands on its own too (pilot/pkg/model/destination_rule.go mergeDestinationRule, with the feature
// ENABLE_ENHANCED_DESTINATIONRULE_MERGE).
func (c mergeCandidate) mergeWith(later mergeCandidate) (merges, apart bool) {
	switch {
	case c.exportKey == later.exportKey:
	case c.exportKey != "" && containsAll(later.exportTo, c.exportTo):
		apart = true
	default:
		return false, true
	}
	if c.hasSelector && later.hasSelector && c.labels != later.labels {
		return false, true
	}
	return true, apart && c.hasSelector != later.hasSelector
}

// mergeList is the rules of one host and namespace in the order in which they merge.
type mergeList []mergeCandidate

// standalone returns the indexes of the rules that stand on their own. Istio holds a rule against each of those that
// stand already, and what the last one says counts.
func (l mergeList) standalone() []int {
	var list []int
	for i := range l {
		if len(list) > 0 {
			if _, apart := l[list[len(list)-1]].mergeWith(l[i]); !apart {
				continue
			}
		}
		list = append(list, i)
	}
	return list
}

// consolidate returns the rule at i with all later ones that merge into it.
func (l mergeList) consolidate(i int) *consolidatedRule {
	m := newConsolidatedRule(l[i].rule)
	for _, later := range l[i+1:] {
		if merges, _ := l[i].mergeWith(later); merges {
			m.merge(later.rule)
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

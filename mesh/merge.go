package mesh

import "slices"

// candidate is a rule on its way into a ruleSet, with what decides which rules it merges with.
type candidate struct {
	rule    *Object
	export  []string
	key     string // the setKey of export
	selects bool
	labels  string // the labelsKey of the workloadSelector
}

func newCandidate(o *Object) candidate {
	spec := ruleSpec(o)
	c := candidate{rule: o, export: spec.ExportTo, selects: spec.WorkloadSelector != nil}
	if c.selects {
		c.export, c.labels = []string{"."}, labelsKey(spec.WorkloadSelector.MatchLabels)
	}
	c.key = setKey(c.export)
	return c
}

// meet tells what becomes of a later rule beside one that stands on its own in Istio's list: whether it is merged into
// that one, and whether it stands on its own too (pilot/pkg/model/destination_rule.go mergeDestinationRule, with
// ENABLE_ENHANCED_DESTINATIONRULE_MERGE).
func (c candidate) meet(later candidate) (merges, apart bool) {
	switch {
	case c.key == later.key:
	case c.key != "" && superset(later.export, c.export):
		apart = true
	default:
		return false, true
	}
	if c.selects && later.selects && c.labels != later.labels {
		return false, true
	}
	return true, apart && c.selects != later.selects
}

// mergeList is rules in the order in which they merge.
type mergeList []candidate

// apart gives the indexes of the rules that stand on their own. Istio asks every one of those before a rule, and goes
// by the last answer.
func (l mergeList) apart() []int {
	var list []int
	for i := range l {
		if len(list) > 0 {
			if _, apart := l[list[len(list)-1]].meet(l[i]); !apart {
				continue
			}
		}
		list = append(list, i)
	}
	return list
}

// merged gives the rule at i with all that is merged into it.
func (l mergeList) merged(i int) *merged {
	m := newMerged(l[i].rule)
	for _, later := range l[i+1:] {
		if merges, _ := l[i].meet(later); merges {
			m.absorb(later.rule)
		}
	}
	return m
}

// inside gives what clients of the rules' own namespace choose from: all that select pods, and of the others the last.
func (l mergeList) inside() []*merged {
	var list []*merged
	last := -1
	for _, i := range l.apart() {
		if l[i].selects {
			list = append(list, l.merged(i))
		} else {
			last = i
		}
	}
	if last >= 0 {
		list = append(list, l.merged(last))
	}
	return list
}

// outside gives what clients of other namespaces see: the last that is exported to everybody or, where a later one is
// exported to their namespace by name, that one. Rules that select pods are never exported.
func (l mergeList) outside() (toAll []*merged, to map[string][]*merged) {
	all, named := -1, map[string]int{}
	for _, i := range l.apart() {
		if public(l[i].export) {
			all = i
			continue
		}
		for _, namespace := range l[i].export {
			named[namespace] = i
		}
	}
	if all >= 0 {
		toAll = []*merged{l.merged(all)}
	}
	done := map[int][]*merged{}
	to = map[string][]*merged{}
	for namespace, i := range named {
		if i < all {
			continue
		}
		if done[i] == nil {
			done[i] = []*merged{l.merged(i)}
		}
		to[namespace] = done[i]
	}
	return toAll, to
}

// PortEntryReplaces lists what an entry of portLevelSettings takes the place of whole, beside the TLS
// (pilot/pkg/networking/util/util.go GetPortLevelTrafficPolicy): a new entry has to repeat it, or the port loses it.
func PortEntryReplaces() []string {
	return []string{"loadBalancer", "connectionPool", "outlierDetection"}
}

func superset(wide, narrow []string) bool {
	for _, name := range narrow {
		if !slices.Contains(wide, name) {
			return false
		}
	}
	return true
}

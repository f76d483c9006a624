package mesh

import (
	"maps"
	"slices"
)

// maxUnindexedRules is how many rules are searched one by one, without an index.
const maxUnindexedRules = 8

// selectableRules are the rules from which the clients of a namespace choose, those with a selector first.
type selectableRules struct {
	all []*consolidatedRule
	// byLabel holds the rules that select pods by the first label of their selector; nil where all are few.
	byLabel map[label][]int
}

// label is one label of a pod. The zero label stands for a selector without labels.
type label struct{ key, value string }

// newSelectableRules returns the rules with an index, where they are many.
func newSelectableRules(all []*consolidatedRule) selectableRules {
	c := selectableRules{all: all}
	if len(all) <= maxUnindexedRules {
		return c
	}
	c.byLabel = map[label][]int{}
	for i, m := range all {
		if m.hasSelector {
			first := firstLabel(m.selector)
			c.byLabel[first] = append(c.byLabel[first], i)
		}
	}
	return c
}

// firstLabel returns the label of a selector under which the index has it: that with the lowest key.
func firstLabel(selector map[string]string) label {
	if len(selector) == 0 {
		return label{}
	}
	key := slices.Min(slices.Collect(maps.Keys(selector)))
	return label{key, selector[key]}
}

// indexSelecting returns the index of the first rule that selects a client's pods, or -1.
func (c selectableRules) indexSelecting(client Client) int {
	selects := func(i int) bool {
		m := c.all[i]
		return m.hasSelector && m.first.Namespace == client.Namespace && selectorMatches(m.selector, client.Labels)
	}
	if c.byLabel == nil {
		for i := range c.all {
			if selects(i) {
				return i
			}
		}
		return -1
	}
	best := c.firstSelecting(label{}, selects)
	for key, value := range client.Labels {
		if i := c.firstSelecting(label{key, value}, selects); i >= 0 && (best < 0 || i < best) {
			best = i
		}
	}
	return best
}

// firstSelecting returns the first rule among those under a label for which selects holds, or -1.
func (c selectableRules) firstSelecting(by label, selects func(int) bool) int {
	for _, i := range c.byLabel[by] {
		if selects(i) {
			return i
		}
	}
	return -1
}

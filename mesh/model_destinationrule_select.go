package mesh

import (
	"maps"
	"slices"
)

// maxUnindexedRules is how many rules are looked at one by one.
const maxUnindexedRules = 8

// selectableRules are the rules of a host in a namespace from which its clients choose, in their order.
type selectableRules struct {
	all []*consolidatedRule
	// byLabel holds the rules that select pods by the first label of their selector; nil where all are few.
	byLabel map[label][]int
}

// label is one label of a pod; the zero label stands for a selector without labels.
type label struct{ key, value string }

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

func firstLabel(selector map[string]string) label {
	if len(selector) == 0 {
		return label{}
	}
	key := slices.Min(slices.Collect(maps.Keys(selector)))
	return label{key, selector[key]}
}

// indexSelecting returns the index of the first rule that selects a client's pods, -1 for none.
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

// firstSelecting returns the first rule that selects among those known by a label.
func (c selectableRules) firstSelecting(by label, selects func(int) bool) int {
	for _, i := range c.byLabel[by] {
		if selects(i) {
			return i
		}
	}
	return -1
}

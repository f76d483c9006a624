package mesh

import (
	"maps"
	"slices"
)

// fewChoices is how many rules are looked at one by one.
const fewChoices = 8

// choices are the rules of a host in a namespace from which its clients choose, in their order.
type choices struct {
	all []*merged
	// by holds the rules that select pods by the first label of their selector; nil where all are few.
	by map[label][]int
}

// label is one label of a pod; the zero label stands for a selector without labels.
type label struct{ key, value string }

func newChoices(all []*merged) choices {
	c := choices{all: all}
	if len(all) <= fewChoices {
		return c
	}
	c.by = map[label][]int{}
	for i, m := range all {
		if m.selects {
			first := firstLabel(m.selector)
			c.by[first] = append(c.by[first], i)
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

// selecting gives the index of the first rule that selects a client's pods, -1 for none.
func (c choices) selecting(client Client) int {
	selects := func(i int) bool {
		m := c.all[i]
		return m.selects && m.first.Namespace == client.Namespace && subsetOf(m.selector, client.Labels)
	}
	if c.by == nil {
		for i := range c.all {
			if selects(i) {
				return i
			}
		}
		return -1
	}
	best := c.firstOf(label{}, selects)
	for key, value := range client.Labels {
		if i := c.firstOf(label{key, value}, selects); i >= 0 && (best < 0 || i < best) {
			best = i
		}
	}
	return best
}

// firstOf gives the first rule that selects among those known by a label.
func (c choices) firstOf(by label, selects func(int) bool) int {
	for _, i := range c.by[by] {
		if selects(i) {
			return i
		}
	}
	return -1
}

// choose picks the rule for one client from what its lookup found (pilot/pkg/model/sidecar.go DestinationRule).
// Rules with a selector count in their own namespace only, and never at a waypoint.
func (l lookup) choose(client Client) *merged {
	all := l.found.all
	if client.Kind != ClientWaypoint {
		if i := l.found.selecting(client); i >= 0 {
			return all[i]
		}
	}
	if len(all) == 0 || all[len(all)-1].selects {
		return nil
	}
	return all[len(all)-1] // the one rule for all stands last: mergeList.inside
}

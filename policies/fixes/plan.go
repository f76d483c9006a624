package fixes

import (
	"slices"
	"strings"
)

// Proposal is the fix of one finding of a review.
type Proposal struct {
	Fix string
	// Required reports whether the review is refused without it.
	Required bool
}

// mostMerged bounds the changes that are made of one object at once: more would be cut where people read them.
const mostMerged = 32

// group is what changes have in common that are made together: the object and, where none of them is required, the
// condition under which they hold, which is in their comments.
type group struct {
	kind, namespace, name string
	required              bool
	comments              string
}

// plan holds the changes that proposals make, each once, by group and in the order of the proposals.
type plan struct {
	groups map[group][]Change
	// places holds where the change of a document is.
	places map[string]place
}

type place struct {
	group group
	index int
}

// planOf reads the changes of proposals. What is no change, or cannot be read, is left to whoever renders it.
func planOf(proposals []Proposal) plan {
	p := plan{map[group][]Change{}, map[string]place{}}
	for _, required := range []bool{true, false} {
		for _, proposal := range proposals {
			if proposal.Required == required {
				for _, document := range documents(proposal.Fix) {
					p.add(document, required)
				}
			}
		}
	}
	return p
}

func (p plan) add(document string, required bool) {
	if _, known := p.places[document]; known {
		return
	}
	c, ok, err := Parse(document)
	if err != nil || !ok {
		return
	}
	g := group{kind: c.Kind, namespace: c.Namespace, name: c.Name, required: required}
	if !required {
		g.comments = strings.Join(c.Comments, "\n")
	}
	p.places[document] = place{g, len(p.groups[g])}
	p.groups[g] = append(p.groups[g], c)
}

// batch returns what is to be made of an object together with the change at a place, so that no fix of the object holds what
// another one mends: what is required and, beside a change that is not, what holds on the same condition.
func (p plan) batch(at place) []Change {
	changes := p.around(at)
	if !at.group.required {
		first := at.group
		first.required, first.comments = true, ""
		changes = slices.Concat(silent(p.around(place{group: first})), changes)
	}
	return compatible(changes)
}

// around returns the changes of a group beside the one at a place.
func (p plan) around(at place) []Change {
	changes, from := p.groups[at.group], at.start().index
	return changes[from:min(from+mostMerged, len(changes))]
}

// start returns the place of the first change of a batch.
func (at place) start() place { return place{at.group, at.index - at.index%mostMerged} }

// silent returns changes without their comments, which are for their own findings.
func silent(changes []Change) []Change {
	out := slices.Clone(changes)
	for i := range out {
		out[i].Comments = nil
	}
	return out
}

// compatible returns the changes that can be made together: of those that contradict each other, the first.
func compatible(changes []Change) []Change {
	var kept []Change
	for _, c := range changes {
		if !slices.ContainsFunc(kept, c.contradicts) {
			kept = append(kept, c)
		}
	}
	return kept
}

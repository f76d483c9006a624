package admission

import (
	"strings"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// Several control planes over the same objects, as in a canary upgrade, are several meshes (docs/adr/0018-several-control-planes.md).

// meshes returns what a change does in the mesh of each control plane that it has to do with: itself where there is one alone. A
// Namespace that goes from one to another takes its pods along.
func (c *change) meshes() []*change {
	before, after := c.before.Meshes(), c.after.Meshes()
	if len(after) == 1 {
		return []*change{c}
	}
	var parts []*change
	for i := range after {
		if after[i].Judges(before[i], c.ref) {
			parts = append(parts, &change{ref: c.ref, object: c.object, before: before[i], after: after[i]})
		}
	}
	if len(parts) == 0 { // no control plane that reads it has pods: what the object itself says is judged, and that it is another's
		parts = append(parts, &change{ref: c.ref, object: c.object, before: before[0], after: after[0]})
	}
	if c.ref.Kind != mesh.KindNamespace || c.object == nil {
		return parts
	}
	if from, to, moves := mesh.Moved(c.before, c.after, c.ref.Name); moves {
		parts = append(parts, &change{ref: c.ref, object: c.object, before: from, after: to})
	}
	return parts
}

// meshFor returns the mesh by which an object (JSON) is completed.
func meshFor(snap *mesh.Snapshot, raw []byte) *mesh.Snapshot {
	if len(snap.Meshes()) == 1 {
		return snap
	}
	if o, err := mesh.Decode(raw); err == nil && o != nil {
		return snap.MeshFor(o)
	}
	return snap
}

// judgement is the decision in the mesh of one control plane.
type judgement struct {
	revision string
	Decision
}

// joined returns the decision that follows from those in each mesh: what any of them denies is denied. What is found in all of them
// is told once, and else with the control plane.
func joined(all []judgement) Decision {
	if len(all) == 1 {
		return all[0].Decision
	}
	revisions := map[string]bool{}
	foundIn := map[policies.Violation]map[string]bool{}
	input := all[0].Input
	for _, j := range all {
		revisions[j.revision] = true
		for _, v := range j.Violations {
			key := apartFromClient(v)
			if foundIn[key] == nil {
				foundIn[key] = map[string]bool{}
			}
			foundIn[key][j.revision] = true
		}
	}
	var violations []policies.Violation
	told := map[policies.Violation]bool{}
	allowed := true
	for _, j := range all {
		if allowed && !j.Allowed {
			allowed, input = false, j.Input // what the log shows is what led to the denial
		}
		for _, v := range j.Violations {
			if len(foundIn[apartFromClient(v)]) < len(revisions) {
				v.Message = inMeshOf(j.revision, v)
			}
			if !told[v] {
				told[v] = true
				violations = append(violations, v)
			}
		}
	}
	policies.Sort(violations)
	return decisionOn(input, violations)
}

// inMeshOf returns a violation's message with the control plane in whose mesh it is so.
func inMeshOf(revision string, v policies.Violation) string {
	if rest, led := strings.CutPrefix(v.Message, v.Client); led && v.Client != "" {
		return v.Client + " (control plane " + revision + ")" + rest
	}
	return "control plane " + revision + ": " + v.Message
}

// apartFromClient returns what is said of any client.
func apartFromClient(v policies.Violation) policies.Violation {
	v.Message = strings.TrimPrefix(v.Message, v.Client)
	v.Client = ""
	return v
}

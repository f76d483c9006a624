package admission

import (
	"encoding/json"
	"slices"

	kjson "sigs.k8s.io/json"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/policies/fixes"
)

// fixSelector selects the violations, by their action, whose fixes are completed.
type fixSelector func(v1alpha1.Action) bool

func everyFix(v1alpha1.Action) bool         { return true }
func fixesOfDenials(a v1alpha1.Action) bool { return a == v1alpha1.Deny }
func noFix(v1alpha1.Action) bool            { return false }

// completeFixes turns the fixes that wanted selects into objects that can be applied as they are. A fix that cannot be
// completed stays as its policy wrote it: it is advice, and the decision does not depend on it. Completing costs more
// than deciding, so only those are completed that somebody reads. What mends denials of one object is in each of its
// fixes: applied in turn, the second would take back the first.
func (c *change) completeFixes(violations []policies.Violation, object map[string]any, wanted fixSelector) {
	renderer := fixes.Renderer{
		Find:         c.find(object),
		PrivateRules: slices.Contains(c.after.Settings().DestinationRuleExportTo, "."),
	}
	set := renderer.Set(proposals(violations, wanted))
	for i, v := range violations {
		if v.Fix == "" || !wanted(v.Action) {
			continue
		}
		if fix, err := set.Render(v.Fix); err == nil {
			violations[i].Fix = fix
		}
	}
}

// proposals returns the fixes that wanted selects, for their changes of one object to be made together.
func proposals(violations []policies.Violation, wanted fixSelector) []fixes.Proposal {
	var list []fixes.Proposal
	seen := map[fixes.Proposal]bool{}
	for _, v := range violations {
		proposal := fixes.Proposal{Fix: v.Fix, Required: v.Action == v1alpha1.Deny}
		if v.Fix != "" && wanted(v.Action) && !seen[proposal] {
			seen[proposal] = true
			list = append(list, proposal)
		}
	}
	return list
}

// find returns the lookup of objects that a fix changes: the one under review as it was sent, or one that is stored.
func (c *change) find(object map[string]any) func(kind, namespace, name string) map[string]any {
	return func(kind, namespace, name string) map[string]any {
		ref := mesh.Ref{Kind: kind, Namespace: namespace, Name: name}
		if ref == c.ref && object != nil {
			return object
		}
		if stored := c.after.Get(ref); stored != nil {
			return AsMap(stored)
		}
		return nil
	}
}

// AsMap returns a stored object as JSON has it, nil if it cannot be written, or the mesh does not read all of it.
func AsMap(o *mesh.Object) map[string]any {
	if o.Kind == mesh.KindKubernetesGateway || o.Kind == mesh.KindListenerSet {
		return nil
	}
	raw, err := json.Marshal(o.Spec)
	if err != nil {
		return nil
	}
	var spec map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &spec); err != nil {
		return nil
	}
	switch o.Kind {
	case mesh.KindDestinationRule:
		spellOutMode(spec, "DISABLE")
	case mesh.KindGateway:
		spellOutMode(spec, "PASSTHROUGH")
	}
	metadata := map[string]any{"name": o.Name, "namespace": o.Namespace}
	if len(o.Labels) > 0 {
		metadata["labels"] = anyMap(o.Labels)
	}
	if len(o.Annotations) > 0 {
		metadata["annotations"] = anyMap(o.Annotations)
	}
	return map[string]any{"apiVersion": o.APIVersion, "kind": o.Kind, "metadata": metadata, "spec": spec}
}

// spellOutMode writes the mode down where a tls setting has none: that is what it means, and the typed form, in which it is
// zero, leaves it out.
func spellOutMode(value any, mode string) {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			if tls, ok := child.(map[string]any); ok && key == "tls" && tls["mode"] == nil {
				tls["mode"] = mode
			}
			spellOutMode(child, mode)
		}
	case []any:
		for _, child := range value {
			spellOutMode(child, mode)
		}
	}
}

func anyMap(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

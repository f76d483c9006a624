package oracle

import (
	"maps"
	"slices"
)

// Shrink returns the smallest mesh that it can find of which still is true: it drops objects, then fields, then list
// entries, again and again until nothing more can go. still must be true of m.
func Shrink(m Mesh, still func(Mesh) bool) Mesh {
	for {
		smaller, changed := shrinkOnce(m, still)
		if !changed {
			return smaller
		}
		m = smaller
	}
}

func shrinkOnce(m Mesh, still func(Mesh) bool) (Mesh, bool) {
	changed := false
	for i := len(m) - 1; i >= 0; i-- {
		without := append(append(Mesh{}, m[:i]...), m[i+1:]...)
		if still(without) {
			m, changed = without, true
		}
	}
	for i := range m {
		for {
			smaller, ok := shrinkDocument(m, i, still)
			if !ok {
				break
			}
			m, changed = smaller, true
		}
	}
	return m, changed
}

// shrinkDocument drops one field or list entry of object i.
func shrinkDocument(m Mesh, i int, still func(Mesh) bool) (Mesh, bool) {
	for _, edited := range smallerValues(map[string]any(m[i])) {
		candidate := append(Mesh{}, m...)
		candidate[i] = Document(edited.(map[string]any))
		if still(candidate) {
			return candidate, true
		}
	}
	return m, false
}

// identity lists the fields without which an object is none that a person could have written. Istio itself does not
// survive a ServiceEntry with a workloadSelector and no host.
var identity = map[string]bool{"apiVersion": true, "kind": true, "metadata": true, "name": true, "namespace": true, "number": true, "hosts": true,
	"creationTimestamp": true, "gatewayClassName": true, "type": true, "externalName": true}

// smallerValues lists v with one thing less, the larger cuts first.
func smallerValues(v any) []any {
	var out []any
	switch v := v.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v)) // the same seed makes the same review
		for _, k := range keys {
			if identity[k] {
				continue
			}
			c := cloneValue(v).(map[string]any)
			delete(c, k)
			out = append(out, c)
		}
		for _, k := range keys {
			for _, smaller := range smallerValues(v[k]) {
				c := cloneValue(v).(map[string]any)
				c[k] = smaller
				out = append(out, c)
			}
		}
	case []any:
		for i := range v {
			if len(v) == 1 && isText(v[0]) {
				break
			}
			out = append(out, append(append([]any{}, v[:i]...), v[i+1:]...))
		}
		for i, e := range v {
			for _, smaller := range smallerValues(e) {
				c := append([]any{}, v...)
				c[i] = smaller
				out = append(out, c)
			}
		}
	}
	return out
}

// isText reports whether it is one of the entries of hosts, exportTo and the like, whose lists are not emptied but
// dropped.
func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

package mend

import (
	"strings"

	"sigs.k8s.io/yaml"
)

// lastApplied is where kubectl keeps a copy of the object; nobody wants to read it twice.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// Render completes a fix: a change becomes the whole object as it is to be applied, under the fix's comments. find
// gives the object that a change names as it stands, nil where it is not known. A fix that is no change, or whose
// object is not known, is given back as it is.
func Render(fix string, find func(kind, namespace, name string) map[string]any) (string, error) {
	c, ok, err := Parse(fix)
	if err != nil || !ok {
		return fix, err
	}
	object := find(c.Kind, c.Namespace, c.Name)
	if object == nil {
		return fix, nil
	}
	changed, err := c.Apply(bare(object))
	if err != nil {
		return fix, err
	}
	out, err := yaml.Marshal(changed)
	if err != nil {
		return fix, err
	}
	var b strings.Builder
	for _, comment := range c.Comments {
		b.WriteString("# " + comment + "\n")
	}
	b.Write(out)
	return b.String(), nil
}

// bare is an object without what the API server keeps in it.
func bare(object map[string]any) map[string]any {
	kept := map[string]any{}
	for _, key := range []string{"apiVersion", "kind", "spec"} {
		if object[key] != nil {
			kept[key] = object[key]
		}
	}
	metadata := map[string]any{}
	have, _ := object["metadata"].(map[string]any)
	for _, key := range []string{"name", "namespace", "labels", "annotations"} {
		if have[key] != nil {
			metadata[key] = deepCopy(have[key])
		}
	}
	if annotations, ok := metadata["annotations"].(map[string]any); ok {
		delete(annotations, lastApplied)
		if len(annotations) == 0 {
			delete(metadata, "annotations")
		}
	}
	kept["metadata"] = metadata
	return kept
}

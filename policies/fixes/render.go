package fixes

import (
	"strings"

	"go.yaml.in/yaml/v2"
)

// lastApplied is where kubectl keeps a copy of the object; nobody wants to read it twice.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// Render lays a fix out as people write YAML, and completes it: a change becomes the whole object as it is to be
// applied, under the fix's comments. find gives the object that a change names as it stands, nil where it is not known;
// then the change stays one. Words are given back as they are.
func Render(fix string, find func(kind, namespace, name string) map[string]any) (string, error) {
	c, ok, err := Parse(fix)
	if err != nil {
		return fix, err
	}
	if !ok {
		return layOut(fix)
	}
	object := find(c.Kind, c.Namespace, c.Name)
	if object == nil {
		return layOut(fix)
	}
	changed, err := c.Apply(bare(object))
	if err != nil {
		return fix, err
	}
	var b strings.Builder
	for _, comment := range c.Comments {
		b.WriteString("# " + comment + "\n")
	}
	return under(b.String(), changed, fix)
}

// layOut writes the JSON of a fix as YAML; what is YAML already stays as it is.
func layOut(fix string) (string, error) {
	body := withoutComments(fix)
	if !strings.HasPrefix(body, "{") {
		return fix, nil
	}
	object, err := unmarshal(fix)
	if err != nil {
		return fix, err
	}
	return under(strings.TrimSuffix(fix, body), object, fix)
}

// under writes an object under comments, or gives the other text where it cannot be written.
func under(comments string, object map[string]any, other string) (string, error) {
	out, err := yaml.Marshal(object)
	if err != nil {
		return other, err
	}
	return comments + string(out), nil
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

package fixes

import (
	"strings"

	"go.yaml.in/yaml/v2"

	"github.com/tlsward/tlsward/internal/jsonpath"
)

// lastApplied is where kubectl keeps a copy of the object; nobody wants to read it twice.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// separator is between the documents of a fix that changes several objects.
const separator = "---\n"

// Split returns the documents of a fix, each of which is for one object.
func Split(fix string) []string { return strings.Split(fix, "\n"+separator) }

// Render lays a fix out as people write YAML, and completes it: a change becomes the whole object as it is to be
// applied, under the fix's comments. find returns the object that a change names as it stands, nil where it is not known;
// then the change stays one. Words are returned as they are. So is each document of a fix that has several.
func Render(fix string, find func(kind, namespace, name string) map[string]any) (string, error) {
	documents := Split(fix)
	if len(documents) == 1 {
		return renderDocument(fix, find)
	}
	for i, document := range documents {
		rendered, err := renderDocument(strings.TrimSuffix(document, "\n")+"\n", find)
		if err != nil {
			return fix, err
		}
		documents[i] = rendered
	}
	return strings.Join(documents, separator), nil
}

// renderDocument renders a fix for one object.
func renderDocument(fix string, find func(kind, namespace, name string) map[string]any) (string, error) {
	c, ok, err := Parse(fix)
	if err != nil {
		return fix, err
	}
	if !ok {
		return layout(fix)
	}
	object := find(c.Kind, c.Namespace, c.Name)
	if object == nil {
		return layout(fix)
	}
	changed, err := c.Apply(withoutServerFields(object))
	if err != nil {
		return fix, err
	}
	var b strings.Builder
	for _, comment := range c.Comments {
		b.WriteString("# " + comment + "\n")
	}
	return marshalUnder(b.String(), changed, fix)
}

// layout writes the JSON of a fix as YAML; what is YAML already stays as it is.
func layout(fix string) (string, error) {
	body := withoutComments(fix)
	if !strings.HasPrefix(body, "{") {
		return fix, nil
	}
	object, err := unmarshal(fix)
	if err != nil {
		return fix, err
	}
	return marshalUnder(strings.TrimSuffix(fix, body), object, fix)
}

// marshalUnder writes an object under comments, or returns the other text where it cannot be written.
func marshalUnder(comments string, object map[string]any, other string) (string, error) {
	out, err := yaml.Marshal(object)
	if err != nil {
		return other, err
	}
	return comments + string(out), nil
}

// withoutServerFields returns an object without what the API server keeps in it: status, managedFields, uid and the like.
func withoutServerFields(object map[string]any) map[string]any {
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
			metadata[key] = jsonpath.Clone(have[key])
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

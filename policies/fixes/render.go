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

// Renderer completes fixes by what it knows of the mesh.
type Renderer struct {
	// Find returns the object that a change names as it stands, nil where it is not known; then the change stays one.
	Find func(kind, namespace, name string) map[string]any
	// PrivateRules reports whether a DestinationRule without exportTo is for its own namespace alone, as the mesh's default
	// has it (MeshConfig defaultDestinationRuleExportTo).
	PrivateRules bool
}

// Render lays a fix out as people write YAML, and completes it: a change becomes the whole object as it is to be
// applied, under the fix's comments; a new DestinationRule is exported. Words are returned as they are. A fix of several
// documents is completed document by document.
func (r Renderer) Render(fix string) (string, error) {
	documents := Split(fix)
	if len(documents) == 1 {
		return r.renderDocument(fix)
	}
	for i, document := range documents {
		rendered, err := r.renderDocument(strings.TrimSuffix(document, "\n") + "\n")
		if err != nil {
			return fix, err
		}
		documents[i] = rendered
	}
	return strings.Join(documents, separator), nil
}

// renderDocument renders a fix for one object.
func (r Renderer) renderDocument(fix string) (string, error) {
	c, ok, err := Parse(fix)
	if err != nil {
		return fix, err
	}
	if !ok {
		return r.layout(fix)
	}
	object := r.Find(c.Kind, c.Namespace, c.Name)
	if object == nil {
		return r.layout(fix)
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
func (r Renderer) layout(fix string) (string, error) {
	body := withoutComments(fix)
	if !strings.HasPrefix(body, "{") {
		return fix, nil
	}
	object, err := unmarshal(fix)
	if err != nil {
		return fix, err
	}
	if r.PrivateRules {
		export(object)
	}
	return marshalUnder(strings.TrimSuffix(fix, body), object, fix)
}

// export exports a new DestinationRule to all namespaces where it does not say to which: a policy writes none for the
// namespace of the rule alone without exportTo or a workloadSelector, which makes it private anyway.
func export(object map[string]any) {
	spec, ok := object["spec"].(map[string]any)
	if object["kind"] == "DestinationRule" && ok && spec["exportTo"] == nil && spec["workloadSelector"] == nil {
		spec["exportTo"] = []any{"*"}
	}
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

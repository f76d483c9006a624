package fixes

import (
	"reflect"
	"slices"
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
	return r.Set([]Proposal{{Fix: fix}}).Render(fix)
}

// Set returns what renders the fixes of one review, which are made of one object together: whoever applies one of them has
// applied all that the others say of its object.
func (r Renderer) Set(proposals []Proposal) *Set {
	return &Set{Renderer: r, plan: planOf(proposals), rendered: map[string]string{}, batches: map[place]batch{}}
}

// Set renders the fixes of one review.
type Set struct {
	Renderer
	plan     plan
	rendered map[string]string
	batches  map[place]batch
}

// batch is what is made of an object together, and the object with it.
type batch struct {
	changes []Change
	text    string
	err     error
}

// Render renders one of the fixes. A fix that cannot be completed is returned as it is, with the error.
func (s *Set) Render(fix string) (string, error) {
	if done, known := s.rendered[fix]; known {
		return done, nil
	}
	list := documents(fix)
	for i, document := range list {
		rendered, err := s.renderDocument(document)
		if err != nil {
			return fix, err
		}
		list[i] = rendered
	}
	s.rendered[fix] = strings.Join(list, separator)
	return s.rendered[fix], nil
}

// documents returns the documents of a fix as they are rendered, each with a line's end where there are several.
func documents(fix string) []string {
	list := Split(fix)
	if len(list) > 1 {
		for i := range list {
			list[i] = strings.TrimSuffix(list[i], "\n") + "\n"
		}
	}
	return list
}

// renderDocument renders a fix for one object.
func (s *Set) renderDocument(fix string) (string, error) {
	c, ok, err := Parse(fix)
	if err != nil {
		return fix, err
	}
	if !ok {
		return s.layout(fix)
	}
	object := s.Find(c.Kind, c.Namespace, c.Name)
	if object == nil {
		return s.layout(fix)
	}
	whole := s.batch(s.plan.places[fix], object)
	if !slices.ContainsFunc(whole.changes, func(o Change) bool { return reflect.DeepEqual(o.Fields, c.Fields) }) {
		whole = wholeOf(compatible(slices.Concat([]Change{c}, whole.changes)), object)
	}
	if whole.err != nil {
		return fix, whole.err
	}
	return whole.text, nil
}

// batch returns the batch at a place, whose object is given.
func (s *Set) batch(at place, object map[string]any) batch {
	at = at.start()
	whole, known := s.batches[at]
	if !known {
		whole = wholeOf(s.plan.batch(at), object)
		s.batches[at] = whole
	}
	return whole
}

// wholeOf returns the whole object with changes made, under their comments.
func wholeOf(changes []Change, object map[string]any) batch {
	changed, err := applyAll(changes, Applicable(object))
	if err != nil {
		return batch{changes: changes, err: err}
	}
	var b strings.Builder
	for _, comment := range commentsOf(changes) {
		b.WriteString("# " + comment + "\n")
	}
	text, err := marshalUnder(b.String(), changed, "")
	return batch{changes, text, err}
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

// Applicable returns an object as a fix prints it, without what the API server keeps in it: status, managedFields, uid and the like.
func Applicable(object map[string]any) map[string]any {
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

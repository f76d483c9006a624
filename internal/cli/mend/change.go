package mend

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gomodules.xyz/jsonpatch/v2"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/internal/structural"
	"github.com/tlsward/tlsward/internal/yamledit"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies/fixes"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Change is a fix made.
type Change struct {
	// Files are all files of the mesh, with the fix made in those that it changes.
	Files []manifests.File
	// Objects are those that it changes or adds, as "DestinationRule shop/a".
	Objects []string
}

// Make makes the fix of a finding that is about an object of m. The error says why that is left to a person, as a fix is that
// asks for more than to apply its objects: half of it may break what works.
func Make(m *offline.Mesh, o *offline.Object, fix string) (Change, error) {
	if strings.TrimSpace(fix) == "" {
		return Change{}, errors.New("nothing says what mends it")
	}
	if m.Find(o.Ref) == nil {
		return Change{}, fmt.Errorf("%s is in none of the files", o.Ref)
	}
	var c Change
	var edits Edits
	var err error
	if c.Objects, err = edits.addAll(m, o, fix); err == nil {
		c.Files, err = edits.Apply(m.Files)
	}
	if err != nil {
		return Change{}, err
	}
	return c, nil
}

// addAll adds all objects of a fix to the edits, and returns their names.
func (e *Edits) addAll(m *offline.Mesh, o *offline.Object, fix string) (names []string, err error) {
	for _, document := range fixes.Split(fix) {
		ref, err := e.add(m, o, document)
		if err != nil {
			return nil, err
		}
		names = append(names, ref.String())
	}
	if fixes.AsksForMore(fix) {
		return nil, fmt.Errorf("its fix says more than to apply %s: %s", strings.Join(names, " and "), fixes.Comments(fix))
	}
	return names, nil
}

// inWords is the error of a fix without an object that could be applied.
func inWords(document string) error {
	if words := fixes.Comments(document); words != "" {
		return fmt.Errorf("its fix is in words: %s", words)
	}
	return errors.New("its fix is no whole object")
}

// add adds the object of one document of a fix to the edits.
func (e *Edits) add(m *offline.Mesh, o *offline.Object, document string) (mesh.Ref, error) {
	raw, err := yaml.YAMLToJSON([]byte(document))
	if err != nil {
		return mesh.Ref{}, inWords(document)
	}
	fixed := map[string]any{}
	if json.Unmarshal(raw, &fixed) != nil || fixed["apiVersion"] == nil || fixed["kind"] == nil {
		return mesh.Ref{}, inWords(document)
	}
	decoded, err := mesh.Decode(raw)
	if err != nil || decoded == nil {
		return mesh.Ref{}, inWords(document)
	}
	ref := decoded.Ref
	written := m.Find(ref)
	switch {
	case written == nil && m.Snapshot.Get(ref) != nil:
		return ref, fmt.Errorf("its fix changes %s, which is in none of the files", ref)
	case written == nil && o.RenderedBy != "":
		return ref, renderedError(o, fmt.Sprintf("add %s beside it", ref))
	case written == nil:
		if blank := placeholder(fixed); blank != "" {
			return ref, fillIn(blank)
		}
		return ref, e.Insert(o, fixed)
	}
	if written.RenderedBy != "" {
		return ref, renderedError(written, changeThere(written))
	}
	patch, err := change(o, written, fixed)
	if err != nil {
		return ref, err
	}
	for _, op := range patch {
		if blank := placeholder(op.Value); blank != "" {
			return ref, fillIn(blank)
		}
	}
	e.Patch(written, patch)
	return ref, nil
}

// renderedError is the error of what cannot be made since no file has the object's text.
func renderedError(o *offline.Object, do string) error {
	return fmt.Errorf("%s is rendered by %s from %s: %s", o.Ref, o.RenderedBy, o.Where(), do)
}

// changeThere says where a rendered object can be changed.
func changeThere(o *offline.Object) string {
	if len(o.PatchedBy) == 0 {
		return "change it there"
	}
	return fmt.Sprintf("change it there or in the patch that counts (%s)", strings.Join(o.PatchedBy, ", "))
}

// change returns the patch of an object in a file that makes of it what a fix for o says.
func change(o, written *offline.Object, fixed map[string]any) ([]jsonpatch.Operation, error) {
	before, err := seen(o, written)
	if err != nil {
		return nil, fmt.Errorf("its fix changes %s: %w", written.Ref, err)
	}
	var file map[string]any
	if err := json.Unmarshal(written.Raw, &file); err != nil {
		return nil, fmt.Errorf("read %s: %w", written.Ref, err)
	}
	merged, err := merge(before, fixed, file)
	if err != nil {
		return nil, fmt.Errorf("change %s: %w", written.Ref, err)
	}
	target, err := json.Marshal(merged)
	if err != nil {
		return nil, fmt.Errorf("change %s: %w", written.Ref, err)
	}
	if err := checkFields(written, target); err != nil {
		return nil, err
	}
	return yamledit.Difference(written.Raw, target)
}

// checkFields returns an error if what a fix makes of an object has a field that its kind does not have, and it had not before.
func checkFields(written *offline.Object, target []byte) error {
	_, unknown, err := structural.Prune(written.Head.APIVersion, written.Head.Kind, target)
	if err != nil {
		return err
	}
	for _, u := range unknown {
		if !slices.ContainsFunc(written.Unknown, func(known structural.Unknown) bool { return known.Path == u.Path }) {
			return fmt.Errorf("its fix cannot be right: %s has no field %s", written.Head.Kind, u.Path)
		}
	}
	return nil
}

// seen returns an object as the fix for o saw it.
func seen(o, written *offline.Object) (object map[string]any, err error) {
	raw := written.Stored
	if o.Ref != written.Ref {
		stored, err := mesh.Decode(raw) // m.Snapshot has those of one control plane
		if err != nil {
			return nil, err
		}
		if raw, err = json.Marshal(admission.AsMap(stored)); err != nil {
			return nil, err
		}
	}
	err = json.Unmarshal(raw, &object)
	return fixes.Applicable(object), err
}

var anglePattern = regexp.MustCompile(`<[^<>]+>`)

func fillIn(blank string) error { return fmt.Errorf("its fix has %s for you to fill in", blank) }

// placeholder returns what of a fix's value a person is to fill in, "" for nothing.
func placeholder(value any) string {
	switch value := value.(type) {
	case string:
		return anglePattern.FindString(value)
	case []any:
		for _, item := range value {
			if found := placeholder(item); found != "" {
				return found
			}
		}
	case map[string]any:
		var found []string
		for key, item := range value {
			found = append(found, placeholder(key), placeholder(item))
		}
		slices.Sort(found) // the same one each time
		for _, f := range found {
			if f != "" {
				return f
			}
		}
	}
	return ""
}

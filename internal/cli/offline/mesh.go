package offline

import (
	"errors"
	"fmt"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Object is an object of the mesh with the file that it comes from.
type Object struct {
	manifests.Document
	Ref mesh.Ref
	// Stored is the object (JSON) as it stands in the mesh.
	Stored []byte
	// Patch leads from the document to Stored.
	Patch []jsonpatch.Operation
}

// Mesh is what files describe.
type Mesh struct {
	// Objects are those that the mesh reads, in the order of the files.
	Objects []*Object
	// Snapshot is the mesh of all of them.
	Snapshot *mesh.Snapshot
	// Notes are what a person should know of the files, a line each: which objects are there twice.
	Notes []string

	index map[mesh.Ref]int // of an object in Objects
}

// Load makes a mesh of documents.
//
//  1. An object that names no namespace gets the one given, as kubectl does.
//  2. Kinds that the mesh does not read are left out.
//  3. Of two documents with the same object the later one stands, in the place of the first, and a note says so.
//
// The error names each object that cannot be read, with file and line.
func Load(settings mesh.Settings, docs []manifests.Document, namespace string) (*Mesh, error) {
	m := &Mesh{index: map[mesh.Ref]int{}}
	var errs []error
	var decoded []*mesh.Object
	for _, d := range docs {
		raw, err := inNamespace(d, namespace)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", d.Where(), err))
			continue
		}
		o, err := mesh.Decode(raw)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", d.Where(), err))
			continue
		}
		if o == nil {
			continue
		}
		object := &Object{Document: d, Ref: o.Ref, Stored: raw}
		if i, known := m.index[o.Ref]; known {
			m.Notes = append(m.Notes, fmt.Sprintf("%s: %s is at %s too: the later one stands",
				d.Where(), o.Ref, m.Objects[i].Where()))
			m.Objects[i], decoded[i] = object, o
			continue
		}
		m.index[o.Ref] = len(m.Objects)
		m.Objects, decoded = append(m.Objects, object), append(decoded, o)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	m.Snapshot = mesh.New(settings, decoded...)
	return m, nil
}

// inNamespace returns the document's object with a namespace, as JSON. A Namespace has none.
func inNamespace(d manifests.Document, namespace string) ([]byte, error) {
	if d.Head.Metadata.Namespace != "" || namespace == "" || d.Head.Kind == mesh.KindNamespace {
		return d.Raw, nil
	}
	return manifests.SetNamespace(d.Raw, namespace)
}

// rounds bounds how often objects are mutated again since others have changed. No mutator today fills in what makes
// another one act: the second round finds nothing to do.
const rounds = 4

// Mutate changes each object as the mutating webhook would on its way into this mesh, again until nothing changes.
func (m *Mesh) Mutate(evaluator *admission.Evaluator) error {
	for range rounds {
		changed := false
		for _, o := range m.Objects {
			review := admission.Review{Operation: policies.Create, Object: o.Stored}
			stored, patch, err := evaluator.Mutate(m.Snapshot.Without(o.Ref), review)
			if err != nil {
				return fmt.Errorf("%s: %w", o.Where(), err)
			}
			if len(patch) == 0 {
				continue
			}
			decoded, err := mesh.Decode(stored)
			if err != nil {
				return fmt.Errorf("%s: after mutation: %w", o.Where(), err)
			}
			o.Stored, o.Patch = stored, append(o.Patch, patch...)
			m.Snapshot = m.Snapshot.With(decoded)
			changed = true
		}
		if !changed {
			return nil
		}
	}
	return nil
}

package offline

import (
	"errors"
	"fmt"
	"slices"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/internal/structural"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Object is an object of the mesh with the file that it comes from.
type Object struct {
	manifests.Document
	Ref mesh.Ref
	// Stored is the object (JSON) as it stands in the mesh, without Unknown.
	Stored []byte
	// Patch leads from what was to be stored to Stored.
	Patch []jsonpatch.Operation
	// Old is the object (JSON) as it was before: as the cluster or an earlier state of the files has it; nil where it is new.
	Old []byte
	// Unknown are the fields of the file's object that its kind does not have: the API server drops them.
	Unknown []structural.Unknown
}

// isGone reports whether the object is no more.
func (o *Object) isGone() bool { return o.Stored == nil }

// Mesh is what files describe.
type Mesh struct {
	// Files are those that Objects are from, for whoever edits them.
	Files []manifests.File
	// Objects are those that the mesh reads, in the order of the files, and then those that are gone: they have no Stored.
	Objects []*Object
	// Snapshot is the mesh of all of them, and of those in the cluster that they do not replace.
	Snapshot *mesh.Snapshot
	// Evaluator is by what it is judged: that which it was read for, with the Exemptions of the cluster and of the files.
	Evaluator *admission.Evaluator
	// Notes are what a person should know of the files, a line each: which objects are there twice.
	Notes []string
	// Broken are the errors of the objects that cannot be read or that no API server takes, with file and line, Unread is the
	// number of these objects. The mesh is that of the others.
	Broken []error
	Unread int
	// PassedBy is the number of the files' documents that are no Kubernetes objects.
	PassedBy int
	// Namespace is that of objects that name none.
	Namespace string
	// OutsideModel are the settings of the control plane that the mesh does not follow.
	OutsideModel []string

	index  map[mesh.Ref]int   // of an object in Objects
	unread []manifests.Unread // what is known of them
}

// Load makes a mesh of documents.
//
//  1. An object that names no namespace gets the one given, as kubectl does.
//  2. Kinds that the mesh does not read are left out.
//  3. Of two documents with the same object the later one stands, in the place of the first, and a note says so.
//
// The error names each object that cannot be read, with file and line.
func Load(settings mesh.Settings, docs []manifests.Document, namespace string) (*Mesh, error) {
	m := loadOver(settings, cluster{namespace: namespace}, docs)
	return m, m.Whole()
}

// Find returns the object of that name in the files, nil where they have none.
func (m *Mesh) Find(ref mesh.Ref) *Object {
	i, known := m.index[ref]
	if !known || m.Objects[i].Line == 0 || m.Objects[i].isGone() {
		return nil
	}
	return m.Objects[i]
}

// NoteUnknown tells which fields of the files' objects their kinds do not have.
func (m *Mesh) NoteUnknown(streams cli.Streams) {
	for _, o := range m.Objects {
		for _, u := range o.Unknown {
			streams.Note("%s: %s: %s", o.WhereIs(u.Path), o.Ref, u)
		}
	}
}

// Whole returns an error that names all objects that cannot be read; nil if there are none.
func (m *Mesh) Whole() error { return errors.Join(m.Broken...) }

// cannotRead notes what is wrong with a document's object.
func (m *Mesh) cannotRead(d manifests.Document, errs ...error) {
	m.Broken, m.unread = append(m.Broken, errs...), append(m.unread, manifests.Unread{File: d.File, Head: d.Head})
	m.Unread++
}

// addOther adds what the files hold beside objects that can be read.
func (m *Mesh) addOther(contents manifests.Contents) {
	m.Broken, m.PassedBy = slices.Concat(contents.Broken, m.Broken), len(contents.PassedBy)
	m.unread = slices.Concat(contents.Unread, m.unread)
	m.Unread += len(contents.Broken)
	byPlace(m.Broken)
}

// loadOver makes a mesh of the objects of a cluster and documents that are laid over it, as Load does. A stored object that
// cannot be read counts as absent, as for istiod, and a note says so.
func loadOver(settings mesh.Settings, c cluster, docs []manifests.Document) *Mesh {
	m := &Mesh{Namespace: c.namespace, index: map[mesh.Ref]int{}}
	stored := m.readStored(c)
	var decoded []*mesh.Object
	for _, d := range docs {
		wrong, notes := invalid(d, c.namespace)
		if m.Notes = append(m.Notes, notes...); len(wrong) > 0 {
			m.cannotRead(d, wrong...)
			continue
		}
		object, o, err := c.read(d, stored)
		if err != nil {
			m.cannotRead(d, fmt.Errorf("%s: %w", d.Where(), err))
			continue
		}
		if o == nil {
			continue
		}
		if i, known := m.index[o.Ref]; known {
			m.Notes = append(m.Notes, fmt.Sprintf("%s: %s is at %s too: the later one stands",
				d.Where(), o.Ref, m.Objects[i].Where()))
			m.Objects[i], decoded[i] = object, o
			continue
		}
		m.index[o.Ref] = len(m.Objects)
		m.Objects, decoded = append(m.Objects, object), append(decoded, o)
	}
	for ref, s := range stored {
		if _, replaced := m.index[ref]; !replaced && s.earlier == nil {
			decoded = append(decoded, s.object)
		}
	}
	m.addGone(c.earlier)
	m.Snapshot = mesh.New(settings, decoded...)
	return m
}

// read returns the object of a document as it would be stored, and what the mesh reads of it; nil of a kind that the mesh
// does not read.
func (c cluster) read(d manifests.Document, stored map[mesh.Ref]storedObject) (*Object, *mesh.Object, error) {
	raw, err := inNamespace(d, c.namespace)
	if err != nil {
		return nil, nil, err
	}
	raw, unknown, err := pruned(d, raw)
	if err != nil {
		return nil, nil, err
	}
	o, err := mesh.Decode(raw)
	if err != nil || o == nil {
		return nil, nil, err
	}
	old, known := stored[o.Ref]
	if !known {
		return &Object{Document: d, Ref: o.Ref, Stored: raw, Unknown: unknown}, o, nil
	}
	if !c.replace && old.earlier == nil {
		if raw, err = applied(old.raw, raw); err == nil {
			o, err = mesh.Decode(raw)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("apply to the stored object: %w", err)
		}
	}
	return &Object{Document: d, Ref: o.Ref, Stored: raw, Old: old.raw, Unknown: unknown}, o, nil
}

// pruned returns a document's object without the fields that its kind does not have, and those fields. What is stored is as it is: the
// API server has dropped them, or knows them.
func pruned(d manifests.Document, raw []byte) ([]byte, []structural.Unknown, error) {
	if d.Line == 0 || !mesh.Reads(d.Head.APIVersion, d.Head.Kind) {
		return raw, nil, nil
	}
	return structural.Prune(d.Head.APIVersion, d.Head.Kind, raw)
}

// Review returns the review in which an object comes into the mesh or leaves it, and the mesh before it: all other objects
// are there already, or gone.
func (m *Mesh) Review(o *Object) (*mesh.Snapshot, admission.Review) {
	before := m.Snapshot.Without(o.Ref)
	if o.Old == nil {
		return before, admission.Review{Operation: policies.Create, Object: o.Stored}
	}
	if old, err := mesh.Decode(o.Old); err == nil && old != nil {
		before = before.With(old)
	}
	if o.isGone() {
		return before, admission.Review{Operation: policies.Delete, OldObject: o.Old}
	}
	return before, admission.Review{Operation: policies.Update, Object: o.Stored, OldObject: o.Old}
}

// inNamespace returns the document's object with a namespace, as JSON. A Namespace has none, nor has a
// GatewayClass.
func inNamespace(d manifests.Document, namespace string) ([]byte, error) {
	if d.Head.Metadata.Namespace != "" || namespace == "" || d.Head.Kind == mesh.KindNamespace || d.Head.Kind == mesh.KindGatewayClass {
		return d.Raw, nil
	}
	return manifests.SetNamespace(d.Raw, namespace)
}

// rounds bounds how often objects are mutated again since others have changed. No mutator today fills in what makes
// another one act: the second round finds nothing to do.
const rounds = 4

// Completed returns how many of some objects the mutating webhook would change.
func Completed(objects []*Object) int {
	n := 0
	for _, o := range objects {
		if o != nil && len(o.Patch) > 0 {
			n++
		}
	}
	return n
}

// Mutate changes each object as the mutating webhook would on its way into this mesh, again until nothing changes.
func (m *Mesh) Mutate() error {
	for range rounds {
		changed := false
		for _, o := range m.Objects {
			if o.isGone() {
				continue
			}
			before, review := m.Review(o)
			stored, patch, err := m.Evaluator.Mutate(before, review)
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

package webhook

import (
	"fmt"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// change is what a review does to the mesh.
type change struct {
	ref           mesh.Ref
	apiVersion    string
	object        *mesh.Object // nil on DELETE
	before, after *mesh.Snapshot
}

// change reads the review's objects against the mesh that snap knows. It is nil where nothing is to be judged: kinds
// that the mesh does not read, objects that are on their way out, operations that store nothing.
//
// What the API server says is stored (oldObject) goes before what snap remembers of it: snap follows the cluster at
// a distance.
func (r Review) change(snap *mesh.Snapshot) (*change, error) {
	switch r.Operation {
	case policies.Create, policies.Update:
		return r.put(snap)
	case policies.Delete:
		return r.remove(snap)
	default:
		return nil, nil
	}
}

func (r Review) put(snap *mesh.Snapshot) (*change, error) {
	head, err := readHead(r.Object)
	if err != nil {
		return nil, &ObjectError{err}
	}
	if r.leaving(head) {
		return nil, nil
	}
	object, err := mesh.Decode(r.Object)
	if err != nil {
		return nil, &ObjectError{err}
	}
	if object == nil {
		return nil, nil
	}
	before, old := r.before(snap, object.Ref)
	if object.Created.IsZero() && old != nil && r.Operation == policies.Update {
		object.Created = old.Created
	}
	return &change{ref: object.Ref, apiVersion: object.APIVersion, object: object,
		before: before, after: before.With(object)}, nil
}

func (r Review) remove(snap *mesh.Snapshot) (*change, error) {
	head, err := readHead(r.OldObject)
	if err != nil {
		return nil, &ObjectError{fmt.Errorf("oldObject: %w", err)}
	}
	// What is stored and cannot be read means nothing to Istio either: its going changes nothing.
	old, err := mesh.Decode(r.OldObject)
	if err != nil || old == nil || head.deleted() {
		return nil, nil
	}
	before, _ := r.before(snap, old.Ref)
	return &change{ref: old.Ref, apiVersion: old.APIVersion, before: before, after: before.Without(old.Ref)}, nil
}

// before gives the mesh as it is stored before the review, and the object as it is stored there (nil: not at all).
func (r Review) before(snap *mesh.Snapshot, ref mesh.Ref) (*mesh.Snapshot, *mesh.Object) {
	known := snap.Get(ref)
	if len(r.OldObject) == 0 {
		return snap, known
	}
	old, err := mesh.Decode(r.OldObject)
	if err != nil || old == nil || old.Ref != ref {
		return snap, known
	}
	if old.Created.IsZero() && known != nil {
		old.Created = known.Created
	}
	return snap.With(old), old
}

// leaving says whether the object is on its way out: stored with a deletionTimestamp, kept by finalizers alone. A new
// object that claims so is judged: the API server drops the claim, and the object would stay.
func (r Review) leaving(head head) bool {
	if r.Operation != policies.Update || !head.deleted() {
		return false
	}
	if len(r.OldObject) == 0 {
		return true
	}
	old, err := readHead(r.OldObject)
	return err == nil && old.deleted()
}

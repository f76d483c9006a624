package webhook

import (
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// change is what a review does to the mesh.
type change struct {
	ref           mesh.Ref
	object        *mesh.Object // nil on DELETE
	before, after *mesh.Snapshot
}

// on gives the change to the mesh that snap knows.
//
// What the API server says is stored (oldObject) goes before what snap remembers of it: snap follows the cluster at
// a distance.
func (q *question) on(snap *mesh.Snapshot) *change {
	known := snap.Get(q.ref)
	before, stored := snap, known
	if q.old != nil {
		stored = aged(q.old, known)
		before = snap.With(stored)
	}
	if q.Operation == policies.Delete {
		return &change{ref: q.ref, before: before, after: before.Without(q.ref)}
	}
	object := q.object
	if q.Operation == policies.Update {
		object = aged(object, stored)
	}
	return &change{ref: q.ref, object: object, before: before, after: before.With(object)}
}

// aged gives o with the creation time of what is stored, where it has none of its own.
func aged(o, stored *mesh.Object) *mesh.Object {
	if stored == nil || !o.Created.IsZero() {
		return o
	}
	older := *o
	older.Created = stored.Created
	return &older
}

package assume

import (
	"slices"

	"github.com/tlsward/tlsward/mesh"
)

// View is the mesh at one moment. It is never changed.
type View struct {
	// Stored is what the events of the watch have shown.
	Stored *mesh.Snapshot
	// Assumed is Stored with Writes over it. It is the same pointer where there are none, which is nearly always.
	Assumed *mesh.Snapshot
	// Writes were admitted here and not seen stored yet, the oldest first.
	Writes []Write
}

// newView returns the view of stored with writes over it.
func newView(stored *mesh.Snapshot, writes []Write) *View {
	v := &View{Stored: stored, Assumed: stored, Writes: writes}
	for _, w := range writes {
		v.Assumed = w.Apply(v.Assumed)
	}
	return v
}

// without returns the writes that drop does not match, in a new slice: views share theirs.
func without(writes []Write, drop func(Write) bool) []Write {
	return slices.DeleteFunc(slices.Clone(writes), drop)
}

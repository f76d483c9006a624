package assume

import (
	"fmt"
	"maps"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tlsward/tlsward/mesh"
)

// Write is what an admitted review does to the mesh.
type Write struct {
	Ref    mesh.Ref
	Object *mesh.Object // nil on DELETE
	// Base is the version that the write replaces. That of a new object has no ResourceVersion.
	Base Version

	since time.Time
}

// assumeTTL is how long a write is assumed without an event. An event takes milliseconds; this bounds what is left of
// a write that something else refused after it had been admitted.
const assumeTTL = 10 * time.Second

// Apply returns snap after the write.
func (w Write) Apply(snap *mesh.Snapshot) *mesh.Snapshot {
	if w.Object == nil {
		return snap.Without(w.Ref)
	}
	return snap.With(w.Object)
}

// String says what the write does, for a denial that depends on it.
func (w Write) String() string {
	if w.Object == nil {
		return fmt.Sprintf("the deletion of %s, which was admitted a moment ago and is not done yet", w.Ref)
	}
	return fmt.Sprintf("%s, which was admitted a moment ago and is not stored yet", w.Ref)
}

// StoredAs reports whether object, as the API server has it (nil: it has none), is what the write stores. Where it is
// not, it is from before the write, or from after it: an event will tell.
func (w Write) StoredAs(object *mesh.Object) bool {
	if w.Object == nil || object == nil {
		return w.Object == nil && object == nil
	}
	want, ok := w.Object.Spec.(proto.Message)
	have, also := object.Spec.(proto.Message)
	return ok && also && proto.Equal(want, have) && maps.Equal(w.Object.Labels, object.Labels) &&
		maps.Equal(w.Object.Annotations, object.Annotations)
}

// observedIn reports whether an object stored in version v is this write, or a later one.
func (w Write) observedIn(v Version) bool {
	if w.Base.UID != "" && w.Base.UID != v.UID {
		return false // another object of this name, from before or after
	}
	return newer(v.ResourceVersion, w.Base.ResourceVersion)
}

package follow

import (
	"iter"
	"maps"
	"sync/atomic"

	"github.com/tlsward/tlsward/mesh"
)

// Reasons are why objects are not as they should be, each to be told once. Its zero value is ready. One goroutine notes; any may count.
type Reasons struct {
	of    map[mesh.Ref]string
	count atomic.Int64
}

// Note notes why an object is not as it should be, "" where it is, and reports whether that is to be told: it is another reason.
func (r *Reasons) Note(ref mesh.Ref, why string) (told bool) {
	told = why != "" && r.of[ref] != why
	switch {
	case why == "":
		delete(r.of, ref)
	case r.of == nil:
		r.of = map[mesh.Ref]string{ref: why}
	default:
		r.of[ref] = why
	}
	r.count.Store(int64(len(r.of)))
	return told
}

// Count returns how many objects there is a reason for.
func (r *Reasons) Count() int64 { return r.count.Load() }

// Refs returns an iterator over the objects that there is a reason for.
func (r *Reasons) Refs() iter.Seq[mesh.Ref] { return maps.Keys(r.of) }

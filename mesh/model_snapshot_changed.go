package mesh

import (
	"iter"

	"github.com/tlsward/tlsward/mesh/treap"
)

// ObjectsOf returns an iterator over the objects of a kind, by namespace and name.
func (s *Snapshot) ObjectsOf(kind string) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for _, o := range s.objects.Prefix(kind + "\x00") {
			if !yield(o) {
				return
			}
		}
	}
}

// Changed returns an iterator over the objects in which two snapshots differ, as they were and as they are; nil where there is none. It
// costs what was changed, where one snapshot came from the other.
func Changed(before, after *Snapshot) iter.Seq2[*Object, *Object] {
	return treap.Diff(before.objects, after.objects, func(was, is *Object) bool { return was != is })
}

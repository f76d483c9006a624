package mesh

import (
	"iter"

	"github.com/tlsward/tlsward/mesh/treap"
)

// ObjectsOf returns an iterator over the objects of a kind, by namespace and name.
func (s *Snapshot) ObjectsOf(kind string) iter.Seq[*Object] { return s.objectsWith(kind + "\x00") }

// ObjectsIn returns an iterator over the objects of a kind in a namespace, by name.
func (s *Snapshot) ObjectsIn(namespace, kind string) iter.Seq[*Object] {
	return s.objectsWith(kind + "\x00" + namespace + "\x00")
}

// objectsWith returns an iterator over the objects whose keys have a prefix.
func (s *Snapshot) objectsWith(prefix string) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for _, o := range s.objects.Prefix(prefix) {
			if !yield(o) {
				return
			}
		}
	}
}

// Changed returns an iterator over the objects in which two snapshots differ, as they were and as they are; nil where there is none. It
// costs what was changed, where one snapshot came from the other. Where there are several control planes, an object is told once for each
// that reads it.
func Changed(before, after *Snapshot) iter.Seq2[*Object, *Object] {
	return func(yield func(*Object, *Object) bool) {
		was, is := before.Meshes(), after.Meshes()
		for i := range min(len(was), len(is)) {
			for a, b := range treap.Diff(was[i].objects, is[i].objects, func(a, b *Object) bool { return a != b }) {
				if !yield(a, b) {
					return
				}
			}
		}
	}
}

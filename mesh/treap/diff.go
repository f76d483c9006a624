package treap

import "iter"

// Diff walks the entries in which two maps differ, in the order of the keys, with their values; the zero value where a key is not
// there. differ reports whether two values of a key do. It costs what differs, and not what the maps share: the form of a tree depends
// on its keys alone.
func Diff[V any](before, after Map[V], differ func(V, V) bool) iter.Seq2[V, V] {
	return func(yield func(V, V) bool) { diff(before.root, after.root, differ, yield) }
}

// diff reports whether all differences were asked for.
func diff[V any](a, b *node[V], differ func(V, V) bool, yield func(V, V) bool) bool {
	var zero V
	switch {
	case a == b:
		return true
	case a == nil:
		return diff(a, b.left, differ, yield) && yield(zero, b.value) && diff(a, b.right, differ, yield)
	case b == nil:
		return diff(a.left, b, differ, yield) && yield(a.value, zero) && diff(a.right, b, differ, yield)
	case a.key == b.key:
		return diff(a.left, b.left, differ, yield) && (!differ(a.value, b.value) || yield(a.value, b.value)) && diff(a.right, b.right, differ, yield)
	case a.priority > b.priority: // b lacks a's key, so that its root stands where a's does in the tree without it
		below, above := b.split(a.key)
		return diff(a.left, below, differ, yield) && yield(a.value, zero) && diff(a.right, above, differ, yield)
	default:
		below, above := a.split(b.key)
		return diff(below, b.left, differ, yield) && yield(zero, b.value) && diff(above, b.right, differ, yield)
	}
}

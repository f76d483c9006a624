// Package treap has a persistent ordered map: a change makes a new map that shares nearly all of the old one, which stays
// as it is. Whoever reads one needs no lock. What must not live here: what is kept in it.
package treap

import (
	"hash/maphash"
	"iter"
	"strings"
)

// Map is a persistent map with string keys in order. Its zero value is empty. It is a treap (Seidel and Aragon,
// "Randomized Search Trees", 1996) whose priorities are hashes of the keys, so its form depends on its keys alone.
// A change costs O(log n) and copies about as many nodes.
type Map[V any] struct {
	root *node[V]
	len  int
}

type node[V any] struct {
	key         string
	value       V
	priority    uint64
	left, right *node[V]
}

// seed makes the form of the trees unpredictable for a tenant who chooses the names of objects.
//
//nolint:gochecknoglobals // one seed per process, as maphash is meant to be used
var seed = maphash.MakeSeed()

// Len returns how many keys there are.
func (m Map[V]) Len() int { return m.len }

// Get returns the value of a key, and whether it is there.
func (m Map[V]) Get(key string) (V, bool) {
	for n := m.root; n != nil; {
		switch c := strings.Compare(key, n.key); {
		case c == 0:
			return n.value, true
		case c < 0:
			n = n.left
		default:
			n = n.right
		}
	}
	var zero V
	return zero, false
}

// At returns the value of a key, the zero value where it is not there.
func (m Map[V]) At(key string) V {
	v, _ := m.Get(key)
	return v
}

// Set returns the map with a value for key.
func (m Map[V]) Set(key string, value V) Map[V] {
	if _, known := m.Get(key); known {
		return Map[V]{root: m.root.replace(key, value), len: m.len}
	}
	fresh := &node[V]{key: key, value: value, priority: maphash.String(seed, key)}
	return Map[V]{root: m.root.insert(fresh), len: m.len + 1}
}

// Remove returns the map without a key.
func (m Map[V]) Remove(key string) Map[V] {
	if _, known := m.Get(key); !known {
		return m
	}
	return Map[V]{root: m.root.delete(key), len: m.len - 1}
}

// replace returns n with another value for a key that it has.
func (n *node[V]) replace(key string, value V) *node[V] {
	copied := *n
	switch c := strings.Compare(key, n.key); {
	case c == 0:
		copied.value = value
	case c < 0:
		copied.left = n.left.replace(key, value)
	default:
		copied.right = n.right.replace(key, value)
	}
	return &copied
}

// insert returns n with fresh in it. Its key is not in n; fresh is not shared yet and may be changed.
func (n *node[V]) insert(fresh *node[V]) *node[V] {
	if n == nil {
		return fresh
	}
	if fresh.priority > n.priority {
		fresh.left, fresh.right = n.split(fresh.key)
		return fresh
	}
	copied := *n
	if fresh.key < n.key {
		copied.left = n.left.insert(fresh)
	} else {
		copied.right = n.right.insert(fresh)
	}
	return &copied
}

// split returns the nodes below key and those above it; key itself is not in n.
func (n *node[V]) split(key string) (below, above *node[V]) {
	if n == nil {
		return nil, nil
	}
	copied := *n
	if n.key < key {
		copied.right, above = n.right.split(key)
		return &copied, above
	}
	below, copied.left = n.left.split(key)
	return below, &copied
}

// delete returns n without key, which is in it.
func (n *node[V]) delete(key string) *node[V] {
	switch c := strings.Compare(key, n.key); {
	case c == 0:
		return merge(n.left, n.right)
	case c < 0:
		copied := *n
		copied.left = n.left.delete(key)
		return &copied
	default:
		copied := *n
		copied.right = n.right.delete(key)
		return &copied
	}
}

// merge returns two trees as one; all keys of left are below those of right.
func merge[V any](left, right *node[V]) *node[V] {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	case left.priority > right.priority:
		copied := *left
		copied.right = merge(left.right, right)
		return &copied
	default:
		copied := *right
		copied.left = merge(left, right.left)
		return &copied
	}
}

// Prefix walks the entries whose keys start with prefix, in the order of the keys.
func (m Map[V]) Prefix(prefix string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) { m.root.walk(prefix, yield) }
}

// walk yields the entries below n whose keys start with prefix; it reports whether all were asked for.
func (n *node[V]) walk(prefix string, yield func(string, V) bool) bool {
	if n == nil {
		return true
	}
	matches := strings.HasPrefix(n.key, prefix)
	if n.key >= prefix && !n.left.walk(prefix, yield) {
		return false
	}
	if matches && !yield(n.key, n.value) {
		return false
	}
	if n.key < prefix || matches {
		return n.right.walk(prefix, yield)
	}
	return true
}

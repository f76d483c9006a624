package mesh

import (
	"hash/maphash"
	"iter"
	"strings"
)

// tree is a persistent map with string keys in order: set and remove give a new tree that shares all but the path
// to the key. It is a treap whose priorities are hashes of the keys, so its shape depends on its keys alone.
// A change costs O(log n) and copies about as many nodes; reading needs no lock.
type tree[V any] struct {
	root *node[V]
	len  int
}

type node[V any] struct {
	key         string
	value       V
	priority    uint64
	left, right *node[V]
}

// seed makes the shape of the trees unpredictable for a tenant who chooses the names of objects.
//
//nolint:gochecknoglobals // one seed per process, as maphash is meant to be used
var seed = maphash.MakeSeed()

func (t tree[V]) get(key string) (V, bool) {
	for n := t.root; n != nil; {
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

func (t tree[V]) at(key string) V {
	v, _ := t.get(key)
	return v
}

func (t tree[V]) set(key string, value V) tree[V] {
	if _, known := t.get(key); known {
		return tree[V]{root: t.root.replace(key, value), len: t.len}
	}
	fresh := &node[V]{key: key, value: value, priority: maphash.String(seed, key)}
	return tree[V]{root: t.root.insert(fresh), len: t.len + 1}
}

func (t tree[V]) remove(key string) tree[V] {
	if _, known := t.get(key); !known {
		return t
	}
	return tree[V]{root: t.root.delete(key), len: t.len - 1}
}

// replace gives n with another value for a key that it has.
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

// insert gives n with fresh in it. Its key is not in n; fresh is not shared yet and may be changed.
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

// split gives the nodes below key and those above it; key itself is not in n.
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

// merge joins two trees; all keys of left are below those of right.
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

// prefix walks the entries whose keys start with prefix, in order.
func (t tree[V]) prefix(prefix string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) { t.root.walk(prefix, yield) }
}

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

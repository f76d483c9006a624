package treap

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A map must behave as a map does, whatever is done to it, and no older version may change.
func TestMapBehavesAsAMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	type version struct {
		tree Map[int]
		want map[string]int
	}
	versions := []version{{want: map[string]int{}}}
	for range 2000 {
		from := versions[max(0, len(versions)-1-random.IntN(3))]
		next := version{tree: from.tree, want: maps.Clone(from.want)}
		key := fmt.Sprintf("%c%d", 'a'+random.IntN(3), random.IntN(60))
		if random.IntN(3) == 0 {
			next.tree = next.tree.Remove(key)
			delete(next.want, key)
		} else {
			value := random.Int()
			next.tree = next.tree.Set(key, value)
			next.want[key] = value
		}
		versions = append(versions, next)
	}
	for i, v := range versions {
		if v.tree.Len() != len(v.want) {
			t.Fatalf("version %d: len %d, want %d", i, v.tree.Len(), len(v.want))
		}
		for _, prefix := range []string{"", "a", "b1", "c59", "x"} {
			want := slices.DeleteFunc(slices.Sorted(maps.Keys(v.want)), func(k string) bool { return !strings.HasPrefix(k, prefix) })
			var have []string
			for key, value := range v.tree.Prefix(prefix) {
				have = append(have, key)
				if value != v.want[key] {
					t.Fatalf("version %d: %s is %d, want %d", i, key, value, v.want[key])
				}
			}
			if !slices.Equal(have, want) {
				t.Fatalf("version %d: prefix %q gives %v, want %v", i, prefix, have, want)
			}
		}
	}
}

func TestMapStopsWhenAsked(t *testing.T) {
	var m Map[int]
	for i := range 100 {
		m = m.Set(fmt.Sprintf("%02d", i), i)
	}
	var seen []string
	for key := range m.Prefix("4") {
		if seen = append(seen, key); len(seen) == 3 {
			break
		}
	}
	if want := []string{"40", "41", "42"}; !slices.Equal(seen, want) {
		t.Errorf("have %v, want %v", seen, want)
	}
}

// However keys come and go, no path is much longer than it must be, and priorities fall from the root downwards.
func TestMapStaysBalanced(t *testing.T) {
	const keys = 1 << 12
	var m Map[int]
	for i := range keys {
		m = m.Set(fmt.Sprintf("%06d", i), i)
	}
	for i := range keys {
		if i%4 != 0 {
			m = m.Remove(fmt.Sprintf("%06d", i))
		}
	}
	if depth := depthOf(t, m.root); depth > 5*12 {
		t.Errorf("%d keys are %d deep", m.Len(), depth)
	}
}

// depthOf returns the length of the longest path below n.
func depthOf(t *testing.T, n *node[int]) int {
	if n == nil {
		return 0
	}
	for _, child := range []*node[int]{n.left, n.right} {
		if child != nil && child.priority > n.priority {
			t.Errorf("%s is above %s", n.key, child.key)
		}
	}
	return 1 + max(depthOf(t, n.left), depthOf(t, n.right))
}

package follow

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// newTestTurns takes what is before a slash for the namespace.
func newTestTurns() *turns[string] {
	return newTurns(func(piece string) string { namespace, _, _ := strings.Cut(piece, "/"); return namespace })
}

func (t *turns[T]) take(n int) (taken []T) {
	for range n {
		taken = append(taken, t.Pop())
	}
	return taken
}

// What is urgent goes first; namespaces take turns; of a namespace what has waited longest goes first; what waits already goes earlier
// once it is urgent, and never later.
func TestTurns(t *testing.T) {
	q := newTestTurns()
	for _, p := range []string{"a/1", "a/2", "a/3", "b/1", "c/1"} {
		q.Push(p)
	}
	q.urge("b/2", changed)
	q.Push("b/2")
	q.urge("a/4", urgent)
	q.Push("a/4")
	q.urge("a/3", urgent)
	q.Touch("a/3")
	q.urge("a/4", changed)
	q.Touch("a/4")
	want := []string{"a/4", "a/3", "b/2", "a/1", "b/1", "c/1", "a/2"}
	if got := q.take(q.Len()); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if q.Len() != 0 || len(q.at)+len(q.urged) != 0 {
		t.Errorf("left: %d, %v, %v", q.Len(), q.at, q.urged)
	}
}

// A tenant's thousand keep nobody from the next turn but one, however urgent.
func TestOneTenantDelaysNobody(t *testing.T) {
	q := newTestTurns()
	for i := range 1000 {
		piece := fmt.Sprintf("flood/%d", i)
		q.urge(piece, urgent)
		q.Push(piece)
	}
	q.take(10)
	q.urge("shop/1", urgent)
	q.Push("shop/1")
	if got := q.take(2); !slices.Contains(got, "shop/1") {
		t.Errorf("got %v", got)
	}
	q.Push("shop/2") // the least urgent
	if got := q.take(share + 1); got[share] != "shop/2" {
		t.Errorf("got %v", got)
	}
	for range 3 * share { // it is not owed any turn that nobody waited for
		if got := q.Pop(); !strings.HasPrefix(got, "flood/") {
			t.Fatal(got)
		}
	}
}

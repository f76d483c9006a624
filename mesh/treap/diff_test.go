package treap

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// The differences of two maps are those of two plain maps, whichever way one came from the other.
func TestDiff(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		before, want := Map[int]{}, map[string]int{}
		for i := range random.IntN(200) {
			key := fmt.Sprint(random.IntN(100))
			before, want[key] = before.Set(key, i+1), i+1
		}
		after, now := before, maps.Clone(want)
		for i := range random.IntN(40) {
			key := fmt.Sprint(random.IntN(120))
			if random.IntN(2) == 0 {
				after = after.Remove(key)
				delete(now, key)
			} else {
				after, now[key] = after.Set(key, -i-1), -i-1
			}
		}
		var expected []string
		for key := range 120 {
			if k := fmt.Sprint(key); want[k] != now[k] {
				expected = append(expected, fmt.Sprint(want[k], now[k]))
			}
		}
		var got []string
		for was, is := range Diff(before, after, func(a, b int) bool { return a != b }) {
			got = append(got, fmt.Sprint(was, is))
		}
		slices.Sort(expected)
		slices.Sort(got)
		if !slices.Equal(got, expected) {
			t.Fatalf("got %v, want %v", got, expected)
		}
	}
}

// A difference of one in many costs few steps.
func TestDiffSkipsWhatIsShared(t *testing.T) {
	var before Map[int]
	for i := range 1 << 14 {
		before = before.Set(fmt.Sprint(i), i)
	}
	compared, found := 0, 0
	for range Diff(before, before.Set("77", -1).Remove("78").Set("new", 1), func(a, b int) bool { compared++; return a != b }) {
		found++
	}
	if found != 3 || compared > 500 {
		t.Errorf("%d found by %d comparisons", found, compared)
	}
}

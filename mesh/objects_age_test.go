package mesh

import (
	"testing"
	"time"
)

// An object without a creation time is not stored yet: it is the newest of all.
func TestCompareAge(t *testing.T) {
	older, newer, none := time.Unix(1, 0), time.Unix(2, 0), time.Time{}
	for _, c := range []struct {
		name string
		a, b time.Time
		want int
	}{
		{"the older one first", older, newer, -1},
		{"the newer one last", newer, older, 1},
		{"created in one second", older, older, 0},
		{"no time after any time", none, newer, 1},
		{"any time before none", newer, none, -1},
		{"both without a time", none, none, 0},
	} {
		equal(t, c.name, compareAge(c.a, c.b), c.want)
	}
}

package mesh

import "time"

// compareAge returns the order of two creation times, the older one first. The zero time is the newest of all: an
// object under review has none yet.
func compareAge(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

// falseFirst returns a number for cmp.Compare that sorts false before true.
func falseFirst(late bool) int {
	if late {
		return 1
	}
	return 0
}

package mesh

import "time"

// compareAge orders older before newer; the zero time is the newest of all.
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

func falseFirst(late bool) int {
	if late {
		return 1
	}
	return 0
}

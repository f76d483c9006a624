package envoy

// truth is whether a condition holds for a connection that leaves some things unspecified.
type truth int8

const (
	no truth = iota
	maybe
	yes
)

func is(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) and(other truth) truth { return min(t, other) }

func (t truth) not() truth { return yes - t }

// all returns whether every one of the conditions holds.
func all[T any](conditions []T, holds func(T) truth) truth {
	t := yes
	for _, c := range conditions {
		t = t.and(holds(c))
	}
	return t
}

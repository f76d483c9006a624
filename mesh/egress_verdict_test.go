package mesh

import "testing"

// What a person would want to know first is the worst.
func TestWorse(t *testing.T) {
	order := []Verdict{Plaintext, Unknown, DoubleTLS, ApplicationTLS, Originated}
	for i, a := range order {
		for _, b := range order[i:] {
			equal(t, "worse of "+string(a+", "+b), worse(a, b), a)
			equal(t, "worse of "+string(b+", "+a), worse(b, a), a)
		}
	}
}

package webhook

import (
	"context"
	"net/http"
)

// slot is a request's place among the concurrent reviews. It belongs to the request's goroutine until it is handed over.
type slot struct{ release func() }

type slotKey struct{}

// withSlot returns r with a slot.
func withSlot(r *http.Request, release func()) (*http.Request, *slot) {
	s := &slot{release: release}
	return r.WithContext(context.WithValue(r.Context(), slotKey{}, s)), s
}

// slotOf returns the slot of a request, nil where its concurrency is not limited.
func slotOf(ctx context.Context) *slot {
	s, _ := ctx.Value(slotKey{}).(*slot)
	return s
}

// handOver returns what gives the place back, which is the caller's to do from now on.
func (s *slot) handOver() (release func()) {
	if s == nil || s.release == nil {
		return func() {}
	}
	release, s.release = s.release, nil
	return release
}

package webhook

import (
	"context"
	"net/http"

	"github.com/tlsward/tlsward/webhook/fairqueue"
)

// seat is a request's place among all reviews. It belongs to the request's goroutine until it is handed over.
type seat struct {
	place  *fairqueue.Place
	handed bool
}

type seatKey struct{}

// withSeat returns r with its seat.
func withSeat(r *http.Request, place *fairqueue.Place) (*http.Request, *seat) {
	s := &seat{place: place}
	return r.WithContext(context.WithValue(r.Context(), seatKey{}, s)), s
}

// seatOf returns the seat of a request, nil where there is no queue.
func seatOf(ctx context.Context) *seat {
	s, _ := ctx.Value(seatKey{}).(*seat)
	return s
}

// handOver returns what gives the place back, which is the caller's to do from now on.
func (s *seat) handOver() (leave func()) {
	if s == nil || s.handed {
		return func() {}
	}
	s.handed = true
	return s.place.Leave
}

// isWaiting reports whether others hold all that the review could sit on.
func (s *seat) isWaiting() bool { return s != nil && s.place.IsWaiting() }

// idle runs wait, which computes nothing, and leaves the seat of the review of ctx to others meanwhile.
func idle(ctx context.Context, wait func()) {
	if s := seatOf(ctx); s != nil {
		s.place.Idle(ctx, wait)
		return
	}
	wait()
}

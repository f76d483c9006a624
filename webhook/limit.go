package webhook

import (
	"context"
	"net/http"
	"time"
)

// limited answers 429 to reviews above the limit, before they are read. A decision may outlive its request (inTime), so
// the handler takes the slot over; where it is not called, the slot is given back here.
func (w *Webhooks) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !w.limiter.acquire(r.Context()) {
			w.metrics.shed.Inc()
			rw.Header().Set("Retry-After", "1")
			http.Error(rw, "too many reviews at once", http.StatusTooManyRequests)
			return
		}
		r, slot := withSlot(r, w.limiter.release)
		defer func() { slot.handOver()() }()
		next.ServeHTTP(rw, r)
	})
}

// limiter caps the reviews that are decided at once. Those above the cap wait a little: the API server takes a 429 for
// a failure of the webhook, so shedding is for a flood and not for a burst.
type limiter struct {
	slots   chan struct{}
	waiting chan struct{}
	wait    time.Duration
}

// newLimiter returns a limiter that admits n at once, and ten times as many to wait.
func newLimiter(n int, wait time.Duration) *limiter {
	return &limiter{slots: make(chan struct{}, n), waiting: make(chan struct{}, 10*n), wait: wait}
}

// acquire takes a slot. It reports whether there was one in time.
func (l *limiter) acquire(ctx context.Context) bool {
	select {
	case l.slots <- struct{}{}:
		return true
	default:
	}
	select {
	case l.waiting <- struct{}{}:
		defer func() { <-l.waiting }()
	default:
		return false
	}
	timer := time.NewTimer(l.wait)
	defer timer.Stop()
	select {
	case l.slots <- struct{}{}:
		return true
	case <-timer.C:
		return false
	case <-ctx.Done():
		return false
	}
}

// release returns a slot back.
func (l *limiter) release() { <-l.slots }

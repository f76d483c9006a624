package webhook

import (
	"context"
	"time"
)

// limiter caps the reviews that are judged at once. Those above the cap wait a little: the API server takes a 429 for
// a failure of the webhook, so shedding is for a flood and not for a burst.
type limiter struct {
	slots   chan struct{}
	waiting chan struct{}
	wait    time.Duration
}

// newLimiter admits n at once, and ten times as many to wait.
func newLimiter(n int, wait time.Duration) *limiter {
	return &limiter{slots: make(chan struct{}, n), waiting: make(chan struct{}, 10*n), wait: wait}
}

// acquire takes a slot; false is no.
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

// release gives the slot back.
func (l *limiter) release() { <-l.slots }

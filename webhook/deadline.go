package webhook

import (
	"context"
	"fmt"
	"net/http"
	"time"

	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// withDeadline bounds a review by what the API server leaves for it, at most longest.
func withDeadline(longest time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), timeoutOf(r, longest))
		defer cancel()
		next.ServeHTTP(rw, r.WithContext(ctx))
	})
}

// timeoutOf returns the time for a review: ?timeout=, less what the answer needs on its way, at most longest.
func timeoutOf(r *http.Request, longest time.Duration) time.Duration {
	asked, err := time.ParseDuration(r.URL.Query().Get("timeout"))
	if err != nil || asked <= 0 {
		return longest
	}
	return min(longest, asked-asked/10)
}

// inTime decides before ctx ends, or answers that it could not: without an answer the API server would do what its
// failurePolicy says, which may be to admit. A decision that is late keeps its seat until it is done: what nobody waits
// for any more must not pile up.
func (w *Webhooks) inTime(ctx context.Context, e endpoint, r *ctrladmission.Request) outcome {
	done := make(chan outcome, 1)
	leave := seatOf(ctx).handOver()
	w.metrics.inFlight.Inc()
	w.workers.run(func() {
		defer leave()
		defer w.metrics.inFlight.Dec()
		done <- w.recovered(ctx, e, r)
	})
	select {
	case o := <-done:
		return o
	case <-ctx.Done():
		return w.failed(ctx, e, r, "timeout", fmt.Errorf("no decision in time: %w", ctx.Err()))
	}
}

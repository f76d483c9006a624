package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Drained returns a context that is done when the server may stop: after ctx is done, and after clients had the time to
// turn elsewhere, while the server is no longer ready and serves on. A server that stopped at once would refuse the
// reviews that load balancers still send it. stop ends the context at once.
func Drained(ctx context.Context, health *Health, after time.Duration, log *slog.Logger) (drained context.Context, stop func()) {
	drained, cancel := context.WithCancel(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() {
		defer cancel()
		health.Drain()
		if after <= 0 {
			return
		}
		log.Info("draining", "for", after.String())
		select {
		case <-time.After(after):
		case <-drained.Done():
		}
	})
	return drained, func() { forget(); cancel() }
}

// closeWhileDraining has clients leave their connections, one answer after the other, once the server drains. API
// servers call over HTTP/1.1 and keep connections open for long: one that is still in use when the server stops may be
// closed just when a review has been sent on it, and no client dares send that again. In HTTP/2 the header is a GOAWAY.
func closeWhileDraining(health *Health, next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if health.draining.Load() {
			rw.Header().Set("Connection", "close")
		}
		next.ServeHTTP(rw, r)
	})
}

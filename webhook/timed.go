package webhook

import (
	"net/http"
	"time"
)

// timed observes how long each request takes, those that are turned away included.
func (w *Webhooks) timed(name string, next http.Handler) http.Handler {
	duration := w.metrics.duration.WithLabelValues(name)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		start := time.Now()
		defer func() { duration.Observe(time.Since(start).Seconds()) }()
		next.ServeHTTP(rw, r)
	})
}

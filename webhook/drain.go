package webhook

import "net/http"

// closingWhileDraining has clients leave their connections, one answer after the other, once the server drains. API servers call
// over HTTP/1.1 and keep connections open for long: one that is still in use when the server stops may be closed just
// when a review has been sent on it, and no client dares send that again. In HTTP/2 the header is a GOAWAY.
func (s *Server) closingWhileDraining(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Health.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

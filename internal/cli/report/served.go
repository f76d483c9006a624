package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// served is what the page shows of a mesh that is followed. The zero value has nothing.
type served struct {
	mu     sync.Mutex
	latest news
	asked  time.Time // when somebody asked last
}

// news is what a page is told that shows the data of some tag (page/follow.js).
type news struct {
	// Tag is that of the newest data, and Data these, packed, where the page has others.
	Tag  string `json:"tag"`
	Data string `json:"data,omitempty"`
	// Made is when the mesh was read last.
	Made time.Time `json:"made"`
	// Wrong is why it could not be read since, or what of it could not.
	Wrong string `json:"wrong,omitempty"`
}

// show has the page show a report.
func (s *served) show(r report) error {
	data := pageDataOf(r)
	n := news{Made: data.Made}
	if err := r.mesh.Whole(); err != nil {
		n.Wrong = "Left out: " + err.Error()
	}
	var err error
	if n.Data, err = packed(data); err != nil {
		return fmt.Errorf("pack the report: %w", err)
	}
	if n.Tag, err = tagOf(data); err != nil {
		return fmt.Errorf("pack the report: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latest = n
	return nil
}

// tagOf returns what tells data apart, whenever they were made.
func tagOf(data pageData) (string, error) {
	data.Made = time.Time{}
	raw, err := json.Marshal(data)
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16]), err
}

// keep has the page go on to show what it shows, and tell why.
func (s *served) keep(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latest.Wrong = "The mesh could not be read again: " + err.Error()
}

// isWatched reports whether somebody looks.
func (s *served) isWatched(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Sub(s.asked) < attention
}

// ask returns what there is, and notes that somebody looks.
func (s *served) ask() news {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = time.Now()
	return s.latest
}

// handler answers the page at /, and at /news?tag=T what is new to a page that shows T.
func (s *served) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		n := s.ask()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = writePage(w, n.Data, n.Tag, "default-src 'none'; connect-src 'self'", append(scripts(), "follow.js")...) // who hangs up misses it
	})
	mux.HandleFunc("GET /news", func(w http.ResponseWriter, r *http.Request) {
		n := s.ask()
		if r.FormValue("tag") == n.Tag {
			n.Data = ""
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(n)
	})
	return forThisMachine(mux)
}

// forThisMachine keeps pages of elsewhere from what a handler says: one whose name was made to lead to loopback (DNS rebinding)
// is known by its Host, and none may show it in a frame or keep it.
func forThisMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.Host) {
			http.Error(w, "ask by the name localhost, or by a loopback address", http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// isLoopback reports whether a Host header names this machine.
func isLoopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

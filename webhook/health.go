package webhook

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Health answers the probes of the kubelet and of load balancers.
type Health struct {
	mu       sync.RWMutex
	checks   map[string]func() error
	notes    map[string]func() string
	draining atomic.Bool
}

// errDraining fails readiness while the server waits for its clients to go elsewhere.
var errDraining = errors.New("the server is shutting down")

// Check adds a condition of readiness. It is asked at each probe, so it must be cheap.
func (h *Health) Check(name string, check func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.checks == nil {
		h.checks = map[string]func() error{}
	}
	h.checks[name] = check
}

// Note adds a line to /readyz?verbose that does not decide readiness: a refused configuration, say, while the last
// good one serves on. An empty text is left out.
func (h *Health) Note(name string, note func() string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.notes == nil {
		h.notes = map[string]func() string{}
	}
	h.notes[name] = note
}

// Drain fails readiness from now on.
func (h *Health) Drain() { h.draining.Store(true) }

// Ready returns what readiness still waits for, nil where it is ready.
func (h *Health) Ready() error {
	ready, report := h.probe()
	if ready {
		return nil
	}
	return errors.New(strings.TrimSpace(report))
}

// Routes returns /healthz, which says that the process answers, and /readyz, which says whether to send it reviews and
// why not. controller-runtime's own probes withhold the reason.
func (h *Health) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ready, report := h.probe()
		if !ready {
			http.Error(w, strings.TrimSpace(report), http.StatusServiceUnavailable)
			return
		}
		if r.URL.Query().Has("verbose") {
			_, _ = fmt.Fprint(w, report)
		}
		_, _ = fmt.Fprintln(w, "ok")
	})
	return mux
}

// probe asks every check. The report has a line each, in order.
func (h *Health) probe() (ready bool, report string) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var b strings.Builder
	ready = true
	line := func(name string, err error) {
		if err == nil {
			fmt.Fprintf(&b, "[+] %s ok\n", name)
			return
		}
		ready = false
		fmt.Fprintf(&b, "[-] %s: %s\n", name, err)
	}
	if h.draining.Load() {
		line("drain", errDraining)
	}
	for _, name := range slices.Sorted(maps.Keys(h.checks)) {
		line(name, h.checks[name]())
	}
	for _, name := range slices.Sorted(maps.Keys(h.notes)) {
		if text := h.notes[name](); text != "" {
			fmt.Fprintf(&b, "[!] %s: %s\n", name, text)
		}
	}
	return ready, b.String()
}

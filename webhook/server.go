package webhook

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Server is the program's three listeners: reviews over HTTPS, metrics and probes over HTTP.
type Server struct {
	// Reviews, Metrics and Probes are open listeners; Run closes them. Metrics and Probes may be nil.
	Reviews, Metrics, Probes net.Listener
	TLS                      *tls.Config
	Handler                  http.Handler
	Gatherer                 prometheus.Gatherer
	Health                   *Health
	// Drain is how long the server answers on after it has been told to stop, no longer ready: until every load
	// balancer has taken note.
	Drain time.Duration
	// Shutdown bounds the wait for reviews in flight after that; 10 s if zero.
	Shutdown time.Duration
	Log      *slog.Logger
}

// Run serves until ctx is done, then drains. It ends early with an error if a listener fails.
func (s *Server) Run(ctx context.Context) error {
	reviews := s.reviewServer()
	side := []*http.Server{}
	failed := make(chan error, 3)
	start := func(name string, serve func() error) {
		go func() {
			if err := serve(); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve %s: %w", name, err)
			}
		}()
	}
	start("reviews", func() error { return reviews.ServeTLS(s.Reviews, "", "") })
	plain := func(name string, l net.Listener, h http.Handler) {
		if l == nil {
			return
		}
		server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
			WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
		side = append(side, server)
		start(name, func() error { return server.Serve(l) })
	}
	plain("metrics", s.Metrics, metricsRoutes(s.Gatherer))
	plain("probes", s.Probes, s.Health.Routes())

	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	s.drain(err == nil)
	defer s.Log.Info("stopped")
	return errors.Join(append([]error{err}, s.stop(append([]*http.Server{reviews}, side...))...)...)
}

// drain stays in service while clients turn elsewhere.
func (s *Server) drain(healthy bool) {
	s.Health.Drain()
	if !healthy || s.Drain <= 0 {
		return
	}
	s.Log.Info("draining", "for", s.Drain.String())
	time.Sleep(s.Drain)
}

// stop ends the servers one after the other, reviews first, so that probes and metrics tell until the end.
func (s *Server) stop(servers []*http.Server) []error {
	ctx, cancel := context.WithTimeout(context.Background(), cmp.Or(s.Shutdown, 10*time.Second))
	defer cancel()
	var errs []error
	for _, server := range servers {
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("shut down: %w", err), server.Close())
		}
	}
	return errs
}

// reviewServer bounds what one client can hold: an API server keeps one connection open, sends a review a stream and
// reads the answer at once.
func (s *Server) reviewServer() *http.Server {
	return &http.Server{
		Handler:           s.closingWhileDraining(s.Handler),
		TLSConfig:         s.TLS,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       3 * time.Minute, // longer than an API server's own 90 s, so that it is the one to close
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 250,
			SendPingTimeout:      30 * time.Second,
			PingTimeout:          15 * time.Second,
			WriteByteTimeout:     10 * time.Second,
		},
	}
}

func metricsRoutes(gatherer prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{}))
	return mux
}

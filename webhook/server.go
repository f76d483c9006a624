package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"
)

// Server is controller-runtime's webhook server, which webhooks are registered with, on a listener that is open already
// and with bounds of its own (docs/adr/0014-controller-runtime.md).
type Server struct {
	ctrlwebhook.Server
	o       ServerOptions
	started atomic.Bool
}

// ServerOptions are what a Server needs.
type ServerOptions struct {
	// Listener is open; Start closes it.
	Listener net.Listener
	// TLS holds the certificate, see TLSConfig.
	TLS *tls.Config
	// Health tells when the server drains.
	Health *Health
	Log    *slog.Logger
}

// NewServer returns a server without webhooks yet.
func NewServer(o ServerOptions) *Server {
	return &Server{Server: ctrlwebhook.NewServer(ctrlwebhook.Options{}), o: o}
}

// ShutdownTimeout bounds the wait for reviews in flight once a server is told to stop.
const ShutdownTimeout = 10 * time.Second

// Start serves until ctx is done, then until the reviews in flight are answered.
func (s *Server) Start(ctx context.Context) error {
	timeout := ShutdownTimeout
	server := &manager.Server{
		Name:            "webhook",
		Server:          s.bounded(),
		Listener:        tls.NewListener(s.o.Listener, s.o.TLS),
		ShutdownTimeout: &timeout,
	}
	s.started.Store(true)
	return server.Start(ctx)
}

// bounded returns an HTTP server that bounds what one client can hold: an API server keeps connections open, sends a
// review and reads the answer at once.
func (s *Server) bounded() *http.Server {
	return &http.Server{
		Handler:           closeWhileDraining(s.o.Health, s.WebhookMux()),
		TLSConfig:         s.o.TLS,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       3 * time.Minute, // longer than an API server's own 90 s, so that it is the one to close
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 250,
			SendPingTimeout:      30 * time.Second,
			PingTimeout:          15 * time.Second,
			WriteByteTimeout:     10 * time.Second,
		},
	}
}

// StartedChecker returns a check that passes once the server takes reviews.
func (s *Server) StartedChecker() healthz.Checker {
	return func(*http.Request) error {
		if !s.started.Load() {
			return errors.New("the webhook server has not been started yet")
		}
		return nil
	}
}

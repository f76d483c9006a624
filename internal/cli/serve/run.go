package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/certs"
	"github.com/tlsward/tlsward/certs/kube"
	"github.com/tlsward/tlsward/webhook"
)

// server is what serves, while it is being put together: what its parts share, and what runs beside the listeners.
type server struct {
	Options
	log      *slog.Logger
	registry *prometheus.Registry
	metrics  *webhook.Metrics
	health   *webhook.Health
	// background runs until the listeners have stopped; the first error ends the server.
	background []func(context.Context) error
}

// Run builds the server and serves until ctx is done. It logs to stderr.
func Run(ctx context.Context, o Options, stderr io.Writer) error {
	defer holdHeap()()
	s := newServer(o, stderr)
	loaded, raw, err := s.load()
	if err != nil {
		return err
	}
	var sources policySources
	if sources.opa, err = s.opa(ctx); err != nil {
		return err
	}
	compiled, err := s.compile(ctx, loaded, &sources)
	if err != nil {
		return err
	}
	mesh, err := s.mesh(loaded)
	if err != nil {
		return err
	}
	elected, err := s.election()
	if err != nil {
		return err
	}
	certificates, err := s.certificates(elected)
	if err != nil {
		return err
	}
	if err := s.failurePolicy(elected); err != nil {
		return err
	}
	tlsConfig, err := webhook.TLSConfig(certificates, o.ClientCA)
	if err != nil {
		return err
	}
	handler := webhook.NewHandler(webhook.HandlerOptions{Cache: mesh.cache, Get: mesh.get, Ready: s.ready(mesh, &sources),
		Patience: o.Patience, Concurrent: o.MaxConcurrent, OnDecision: s.logDecisions(sources.opa), Metrics: s.metrics, Log: s.log})
	events, err := s.events()
	if err != nil {
		return err
	}
	reloads := &reloader{s: s, handler: handler, cache: mesh.cache, policies: compiled, config: loaded, sources: &sources, events: events}
	reloads.swap()
	reloads.watch(raw)
	s.watchBundles(reloads, sources.opa)
	if err := s.watchConfigMaps(reloads, &sources); err != nil {
		return err
	}
	server := &webhook.Server{TLS: tlsConfig, Handler: handler.Routes(), Gatherer: s.registry, Health: s.health,
		Drain: o.Drain, Log: s.log}
	if err := s.listen(server); err != nil {
		return err
	}
	return s.serve(ctx, server)
}

func newServer(o Options, stderr io.Writer) *server {
	level := slog.LevelInfo
	if o.Verbose {
		level = slog.LevelDebug
	}
	handler := slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: level})
	// The Kubernetes libraries log through these globals.
	ctrllog.SetLogger(logr.FromSlogHandler(handler))
	klog.SetSlogLogger(slog.New(handler))
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &server{Options: o, log: slog.New(handler), registry: registry,
		metrics: webhook.NewMetrics(registry), health: &webhook.Health{}}
}

// load reads the configuration; raw is the file's content, nil without a file.
func (s *server) load() (loaded *v1alpha1.Config, raw []byte, err error) {
	if s.Config == "" {
		return v1alpha1.DefaultConfig(), nil, nil
	}
	if raw, err = os.ReadFile(s.Config); err != nil {
		return nil, nil, fmt.Errorf("read configuration: %w", err)
	}
	if loaded, err = v1alpha1.ParseConfig(raw); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.Config, err)
	}
	return loaded, raw, nil
}

// ready returns the check for what must be known before anything is decided, and makes it a condition of readiness.
func (s *server) ready(mesh meshSource, from *policySources) func() error {
	s.health.Check("policies", from.ready)
	if mesh.synced == nil {
		return from.ready
	}
	s.health.Check("mesh", mesh.synced)
	return func() error { return errors.Join(mesh.synced(), from.ready()) }
}

// certificates picks the source of the serving certificate.
func (s *server) certificates(elected *kube.Election) (certs.Source, error) {
	var source certs.Source
	var err error
	switch {
	case s.CertDir != "":
		source, err = certs.NewMounted(s.CertDir, s.log)
	case s.CASecret != "":
		source, err = s.shared(elected)
	default:
		source, err = certs.NewSelfSigned(s.names()...)
	}
	if err != nil {
		return nil, err
	}
	s.health.Check("certificate", source.Healthy)
	s.metrics.Certificate(source)
	s.background = append(s.background, source.Start)
	return source, nil
}

// names are those of a self-signed certificate: enough to reach the server on this machine.
func (s *server) names() []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	return names
}

// listen opens the ports.
func (s *server) listen(server *webhook.Server) error {
	var err error
	open := func(name string, port int) net.Listener {
		if err != nil || port < 0 {
			return nil
		}
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort(s.Bind, strconv.Itoa(port))); err != nil {
			err = fmt.Errorf("open the port for %s: %w", name, err)
			return nil
		}
		s.log.Info("listening", "for", name, "address", l.Addr().String())
		return l
	}
	server.Reviews = open("reviews", max(s.Port, 0))
	server.Metrics = open("metrics", s.MetricsPort)
	server.Probes = open("probes", s.HealthPort)
	return err
}

// serve runs the listeners and the background work until ctx is done or one of them fails.
func (s *server) serve(ctx context.Context, server *webhook.Server) error {
	serving, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, len(s.background))
	for _, work := range s.background {
		go func() {
			err := work(background)
			if err != nil {
				stop(err)
			}
			done <- err
		}()
	}
	err := server.Run(serving)
	end()
	for range s.background {
		err = errors.Join(err, <-done)
	}
	return err
}

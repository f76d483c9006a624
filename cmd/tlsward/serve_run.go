package main

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

// service is the server while it is being put together: what its parts share, and what runs beside the listeners.
type service struct {
	serveOptions
	log      *slog.Logger
	registry *prometheus.Registry
	metrics  *webhook.Metrics
	health   *webhook.Health
	// background runs until the listeners have stopped; the first error ends the server.
	background []func(context.Context) error
}

// run puts the server together and serves until ctx is done.
func (o serveOptions) run(ctx context.Context, stderr io.Writer) error {
	defer holdHeap()()
	s := newService(o, stderr)
	loaded, raw, err := s.load()
	if err != nil {
		return err
	}
	var sources policySources
	if sources.opa, err = s.opa(ctx); err != nil {
		return err
	}
	reloader, err := s.reloader(ctx, loaded, &sources)
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
	if err := s.closing(elected); err != nil {
		return err
	}
	tlsConfig, err := webhook.TLSConfig(certificates, o.clientCA)
	if err != nil {
		return err
	}
	handler := webhook.NewHandler(webhook.HandlerOptions{Store: mesh.store, Fetch: mesh.fetch, Ready: s.ready(mesh, &sources),
		Patience: o.patience, Concurrent: o.concurrent, Decided: s.logDecisions(sources.opa), Metrics: s.metrics, Log: s.log})
	events, err := s.events()
	if err != nil {
		return err
	}
	judges := &bench{s: s, handler: handler, store: mesh.store, policies: reloader, config: loaded, sources: &sources, events: events}
	judges.seat()
	judges.follow(raw)
	s.followBundles(judges, sources.opa)
	if err := s.followConfigMaps(judges, &sources); err != nil {
		return err
	}
	server := &webhook.Server{TLS: tlsConfig, Handler: handler.Routes(), Gatherer: s.registry, Health: s.health,
		Drain: o.drain, Log: s.log}
	if err := s.listen(server); err != nil {
		return err
	}
	return s.serve(ctx, server)
}

func newService(o serveOptions, stderr io.Writer) *service {
	level := slog.LevelInfo
	if o.verbose {
		level = slog.LevelDebug
	}
	handler := slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: level})
	// The Kubernetes libraries log through these globals.
	ctrllog.SetLogger(logr.FromSlogHandler(handler))
	klog.SetSlogLogger(slog.New(handler))
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &service{serveOptions: o, log: slog.New(handler), registry: registry,
		metrics: webhook.NewMetrics(registry), health: &webhook.Health{}}
}

// load reads the configuration; raw is the file's content, nil without a file.
func (s *service) load() (loaded *v1alpha1.Config, raw []byte, err error) {
	if s.config == "" {
		return v1alpha1.DefaultConfig(), nil, nil
	}
	if raw, err = os.ReadFile(s.config); err != nil {
		return nil, nil, fmt.Errorf("read configuration: %w", err)
	}
	if loaded, err = v1alpha1.ParseConfig(raw); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.config, err)
	}
	return loaded, raw, nil
}

// ready gives what must be known before anything is judged, and makes it a condition of readiness.
func (s *service) ready(mesh meshSource, from *policySources) func() error {
	s.health.Check("policies", from.ready)
	if mesh.ready == nil {
		return from.ready
	}
	s.health.Check("mesh", mesh.ready)
	return func() error { return errors.Join(mesh.ready(), from.ready()) }
}

// certificates picks the source of the serving certificate.
func (s *service) certificates(elected *kube.Election) (certs.Source, error) {
	var source certs.Source
	var err error
	switch {
	case s.certDir != "":
		source, err = certs.NewMounted(s.certDir, s.log)
	case s.caSecret != "":
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
func (s *service) names() []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	return names
}

// listen opens the ports.
func (s *service) listen(server *webhook.Server) error {
	var err error
	open := func(name string, port int) net.Listener {
		if err != nil || port < 0 {
			return nil
		}
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort(s.bind, strconv.Itoa(port))); err != nil {
			err = fmt.Errorf("open the port for %s: %w", name, err)
			return nil
		}
		s.log.Info("listening", "for", name, "address", l.Addr().String())
		return l
	}
	server.Reviews = open("reviews", max(s.port, 0))
	server.Metrics = open("metrics", s.metricsPort)
	server.Probes = open("probes", s.healthPort)
	return err
}

// serve runs the listeners and the background work until ctx is done or one of them fails.
func (s *service) serve(ctx context.Context, server *webhook.Server) error {
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

package serve

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/webhook"
)

// server is what serves, while it is being put together: what its parts share.
type server struct {
	Options
	log      *slog.Logger
	registry *prometheus.Registry
	metrics  *webhook.Metrics
	health   *webhook.Health
	// group runs the parts. It is the manager, where there is a cluster.
	group   group
	manager manager.Manager // nil without a cluster
	rest    *rest.Config    // nil without a cluster
}

// Run builds the server and serves until ctx is done. It logs to stderr.
func Run(ctx context.Context, o Options, stderr io.Writer) error {
	defer holdHeap()()
	s := newServer(o, stderr)
	loaded, raw, err := s.load()
	if err != nil {
		return err
	}
	if err := s.connect(); err != nil {
		return err
	}
	sources, err := s.policySources(ctx)
	if err != nil {
		return err
	}
	defer s.stopOPA(sources.opa)
	if err := s.assemble(ctx, loaded, raw, sources); err != nil {
		return err
	}
	return s.serve(ctx)
}

// assemble makes the parts and gives them to the group, which starts none of them yet.
func (s *server) assemble(ctx context.Context, loaded *v1alpha1.Config, raw []byte, sources *policySources) error {
	compiled, err := sources.compile(ctx, loaded)
	if err != nil {
		return err
	}
	mesh, err := s.mesh(loaded)
	if err != nil {
		return err
	}
	istiod := newControlPlane(loaded.Mesh.Revision)
	others := newOtherControlPlanes(mesh.cache, loaded.Mesh.Revision)
	exempted := &exemptions{awaited: s.Exemptions}
	ready := s.ready(mesh, sources, istiod, others, exempted)
	hooks := webhook.New(webhook.Options{Cache: mesh.cache, Get: mesh.get, Ready: ready, Patience: s.Patience,
		MaxConcurrent: s.MaxConcurrent, OnDecision: s.decisionLog(sources.opa), Metrics: s.metrics, Log: s.log})
	reloads := &reloader{s: s, hooks: hooks, cache: mesh.cache, policies: compiled, config: loaded, sources: sources, notify: s.notifier(), istiod: istiod, others: others,
		exemptions: exempted}
	if err := reloads.start(raw); err != nil {
		return err
	}
	followed := mesh.followed(hooks, ready)
	auditor, err := s.audit(followed, hooks.Busy)
	if err != nil {
		return err
	}
	elected, err := s.election()
	if err != nil {
		return err
	}
	if err := s.reports(auditor, elected); err != nil {
		return err
	}
	withheld, err := s.companions(followed, elected)
	if err != nil {
		return err
	}
	if err := s.events(auditor, withheld, elected); err != nil {
		return err
	}
	certificate, err := s.certificate(elected)
	if err != nil {
		return err
	}
	if err := s.failurePolicy(elected); err != nil {
		return err
	}
	if err := s.existing(followed, elected); err != nil {
		return err
	}
	if err := s.exemptionStatus(followed, auditor, exempted, elected); err != nil {
		return err
	}
	return s.addListeners(hooks, certificate)
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
	return &server{Options: o, log: slog.New(handler), registry: registry,
		metrics: webhook.NewMetrics(registry), health: &webhook.Health{}}
}

// ready returns the check for what must be known before anything is decided, and makes it a condition of readiness.
func (s *server) ready(mesh meshSource, from *policySources, istiod *controlPlane, others *otherControlPlanes, exempted *exemptions) func() error {
	s.health.Check("policies", from.ready)
	if mesh.synced == nil {
		return from.ready
	}
	istiod.awaited = s.IstioNamespace != ""
	s.health.Check("mesh", mesh.synced)
	s.health.Check("control plane", istiod.ready)
	othersReady := func() error {
		if !istiod.awaited || mesh.synced() != nil {
			return nil
		}
		return others.ready()
	}
	s.health.Check("other control planes", othersReady)
	s.health.Check("exemptions", exempted.ready)
	return func() error {
		return errors.Join(mesh.synced(), from.ready(), istiod.ready(), othersReady(), exempted.ready())
	}
}

// serve runs all parts until ctx is done and clients had the time to turn elsewhere, or until a part fails.
func (s *server) serve(ctx context.Context) error {
	drained, stop := webhook.Drained(ctx, s.health, s.Drain, s.log)
	defer stop()
	defer s.log.Info("stopped")
	return s.group.Start(drained)
}

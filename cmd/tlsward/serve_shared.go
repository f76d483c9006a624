package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"

	"github.com/tlsward/tlsward/certs"
	"github.com/tlsward/tlsward/certs/kube"
	"github.com/tlsward/tlsward/webhook/failurepolicy"
)

// installed are the flags that the chart sets: what belongs to an installation with several replicas.
type installed struct {
	namespace      string
	caSecret       string
	webhooks       string
	certNames      []string
	leaderLease    string
	closeWebhook   bool
	probeNamespace string
	lives          certs.Lives
	settle         time.Duration
	heartbeat      time.Duration
}

func (i *installed) flags(f *pflag.FlagSet) {
	f.StringVar(&i.namespace, "namespace", os.Getenv("POD_NAMESPACE"), "namespace of the Secret and the Leases (default: $POD_NAMESPACE)")
	f.StringVar(&i.caSecret, "ca-secret", "", "share the CA in this Secret with the other replicas, and rotate it")
	f.StringVar(&i.webhooks, "webhook-configurations", "", "name of the webhook configurations that get the CA bundle")
	f.StringSliceVar(&i.certNames, "cert-name", nil, "DNS name or IP address for the shared CA's certificates (may be repeated)")
	f.StringVar(&i.leaderLease, "leader-lease", "tlsward-leader", "Lease that elects the leader")
	f.BoolVar(&i.closeWebhook, "close-webhook", false, "turn the validating webhook to Fail once a refusal was seen to arrive")
	f.StringVar(&i.probeNamespace, "probe-namespace", "default", "namespace for the dry-run of a known-bad object")
	f.DurationVar(&i.lives.CA, "ca-life", certs.DefaultLives().CA, "life of the shared CA; renewed at two thirds, the rest leaves time for a leader that dies")
	f.DurationVar(&i.lives.Leaf, "cert-life", certs.DefaultLives().Leaf, "life of the shared CA's certificates; renewed at two thirds")
	f.DurationVar(&i.settle, "ca-settle", time.Minute, "time for a new CA bundle to reach every API server")
	f.DurationVar(&i.heartbeat, "heartbeat", 30*time.Second, "how often a replica says that it lives")
}

// election stands for election where something needs a leader; nil where nothing does.
func (s *service) election() (*kube.Election, error) {
	if s.caSecret == "" && !s.closeWebhook {
		return nil, nil
	}
	switch {
	case s.namespace == "":
		return nil, errors.New("--ca-secret and --close-webhook need --namespace")
	case s.webhooks == "":
		return nil, errors.New("--ca-secret and --close-webhook need --webhook-configurations")
	}
	rest, err := s.rest()
	if err != nil {
		return nil, err
	}
	e, err := kube.NewElection(rest, s.namespace, s.leaderLease, s.replica())
	if err != nil {
		return nil, err
	}
	s.background = append(s.background, e.Run)
	s.gauge("leader", "1 while this replica does the work that only one may do.", func() float64 { return truth(e.Leading()) })
	return e, nil
}

// replica names this one among the others.
func (s *service) replica() string {
	host, err := os.Hostname()
	if err != nil {
		host = "tlsward"
	}
	return cmp.Or(os.Getenv("POD_NAME"), fmt.Sprintf("%s-%d", host, os.Getpid()))
}

// shared is the source whose CA the replicas share.
func (s *service) shared(e *kube.Election) (*certs.Shared, error) {
	rest, err := s.rest()
	if err != nil {
		return nil, err
	}
	cluster, err := kube.New(kube.Options{Config: rest, Namespace: s.namespace, Secret: s.caSecret,
		Validating: []string{s.webhooks}, Mutating: []string{s.webhooks},
		PodName: os.Getenv("POD_NAME"), PodUID: os.Getenv("POD_UID"), Log: s.log})
	if err != nil {
		return nil, err
	}
	source, err := certs.NewShared(certs.SharedOptions{Cluster: cluster, Name: s.replica(), Names: s.certNames, Leading: e.Leading,
		Takeover: kube.Takeover(), Lives: s.lives, Settle: s.settle, Heartbeat: s.heartbeat, Log: s.log})
	if err != nil {
		return nil, fmt.Errorf("--cert-name, --ca-life, --cert-life, --ca-settle: %w", err)
	}
	e.Notify(source.Wake)
	s.registry.MustRegister(certs.Collector(source))
	return source, nil
}

// closing turns the webhook to fail closed when that is safe.
func (s *service) closing(e *kube.Election) error {
	if !s.closeWebhook {
		return nil
	}
	rest, err := s.rest()
	if err != nil {
		return err
	}
	closer, err := failurepolicy.New(failurepolicy.Options{Config: rest, Webhook: s.webhooks, ProbeNamespace: s.probeNamespace,
		Namespace: s.namespace, Leading: e.Leading, Log: s.log})
	if err != nil {
		return err
	}
	e.Notify(closer.Wake)
	s.gauge("webhook_closed", "1 while the validating webhook fails closed.", func() float64 { return truth(closer.Status().Closed) })
	s.health.Note("webhook", func() string {
		if status := closer.Status(); !status.Closed {
			return "fails open: " + status.Why
		}
		return ""
	})
	s.background = append(s.background, func(ctx context.Context) error { return closer.Run(ctx) })
	return nil
}

func (s *service) gauge(name, help string, value func() float64) {
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "tlsward", Name: name, Help: help}, value))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

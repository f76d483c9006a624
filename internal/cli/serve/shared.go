package serve

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tlsward/tlsward/certs"
	"github.com/tlsward/tlsward/certs/kube"
	"github.com/tlsward/tlsward/webhook/failurepolicy"
)

// election returns the election where something needs a leader; nil where nothing does.
func (s *server) election() (*kube.Election, error) {
	if s.CASecret == "" && !s.CloseWebhook {
		return nil, nil
	}
	switch {
	case s.Namespace == "":
		return nil, errors.New("--ca-secret and --close-webhook need --namespace")
	case s.WebhookConfigurations == "":
		return nil, errors.New("--ca-secret and --close-webhook need --webhook-configurations")
	}
	rest, err := s.rest()
	if err != nil {
		return nil, err
	}
	e, err := kube.NewElection(rest, s.Namespace, s.LeaderLease, s.replica())
	if err != nil {
		return nil, err
	}
	s.background = append(s.background, e.Run)
	s.gauge("leader", "1 while this replica does the work that only one may do.", func() float64 { return boolGauge(e.IsLeader()) })
	return e, nil
}

// replica returns the name of this one among the others.
func (s *server) replica() string {
	host, err := os.Hostname()
	if err != nil {
		host = "tlsward"
	}
	return cmp.Or(os.Getenv("POD_NAME"), fmt.Sprintf("%s-%d", host, os.Getpid()))
}

// shared returns the source whose CA the replicas share.
func (s *server) shared(e *kube.Election) (*certs.SharedCA, error) {
	rest, err := s.rest()
	if err != nil {
		return nil, err
	}
	cluster, err := kube.New(kube.Options{Config: rest, Namespace: s.Namespace, Secret: s.CASecret,
		Validating: []string{s.WebhookConfigurations}, Mutating: []string{s.WebhookConfigurations},
		PodName: os.Getenv("POD_NAME"), PodUID: os.Getenv("POD_UID"), Log: s.log})
	if err != nil {
		return nil, err
	}
	source, err := certs.NewSharedCA(certs.SharedCAOptions{Cluster: cluster, Name: s.replica(), Names: s.CertNames, IsLeader: e.IsLeader,
		Takeover: kube.Takeover(), Lifetimes: s.Lifetimes, PropagationTime: s.CASettle, Heartbeat: s.Heartbeat, Log: s.log})
	if err != nil {
		return nil, fmt.Errorf("--cert-name, --ca-life, --cert-life, --ca-settle: %w", err)
	}
	e.OnStartedLeading(source.Wake)
	s.registry.MustRegister(certs.Collector(source))
	return source, nil
}

// failurePolicy turns the webhook to fail closed when that is safe.
func (s *server) failurePolicy(e *kube.Election) error {
	if !s.CloseWebhook {
		return nil
	}
	rest, err := s.rest()
	if err != nil {
		return err
	}
	controller, err := failurepolicy.New(failurepolicy.Options{Config: rest, Webhook: s.WebhookConfigurations, ProbeNamespace: s.ProbeNamespace,
		Namespace: s.Namespace, Leading: e.IsLeader, Log: s.log})
	if err != nil {
		return err
	}
	e.OnStartedLeading(controller.Enqueue)
	s.gauge("webhook_closed", "1 while the validating webhook fails closed.", func() float64 { return boolGauge(controller.Status().Closed) })
	s.health.Note("webhook", func() string {
		if status := controller.Status(); !status.Closed {
			return "fails open: " + status.Why
		}
		return ""
	})
	s.background = append(s.background, controller.Start)
	return nil
}

func (s *server) gauge(name, help string, value func() float64) {
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "tlsward", Name: name, Help: help}, value))
}

func boolGauge(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

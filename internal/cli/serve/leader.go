package serve

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tlsward/tlsward/certs/kube"
	"github.com/tlsward/tlsward/webhook/failurepolicy"
)

// election returns the election where something needs a leader; nil where nothing does.
func (s *server) election() (*kube.Election, error) {
	if !s.needsLeader() {
		return nil, nil
	}
	switch {
	case s.Namespace == "":
		return nil, errors.New("--ca-secret, --close-webhook, --companions, --events, --exemptions, --existing and --reports need --namespace")
	case s.WebhookConfigurations == "" && (s.CASecret != "" || s.CloseWebhook):
		return nil, errors.New("--ca-secret and --close-webhook need --webhook-configurations")
	}
	e, err := kube.NewElection(s.rest, s.Namespace, s.LeaderLease, replicaName())
	if err != nil {
		return nil, err
	}
	s.gauge("leader", "1 while this replica does the work that only one may do.", e.IsLeader)
	return e, s.group.Add(everyReplica(e.Run))
}

// needsLeader reports whether something is to be done that only one replica may do.
func (s *server) needsLeader() bool {
	return s.CASecret != "" || s.CloseWebhook || s.Companions || s.Existing || s.Exemptions || s.Reports || s.Events
}

// replicaName returns the name of this replica among the others.
func replicaName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "tlsward"
	}
	return cmp.Or(os.Getenv("POD_NAME"), fmt.Sprintf("%s-%d", host, os.Getpid()))
}

// failurePolicy turns the webhook to fail closed when that is safe.
func (s *server) failurePolicy(e *kube.Election) error {
	if !s.CloseWebhook {
		return nil
	}
	controller, err := failurepolicy.New(failurepolicy.Options{Config: s.rest, Webhook: s.WebhookConfigurations,
		ProbeNamespace: s.ProbeNamespace, Namespace: s.Namespace, IsLeader: e.IsLeader, Log: s.log})
	if err != nil {
		return err
	}
	e.OnStartedLeading(controller.Enqueue)
	s.gauge("webhook_closed", "1 while the validating webhook fails closed.", func() bool { return controller.Status().Closed })
	s.health.Note("webhook", func() string {
		if status := controller.Status(); !status.Closed {
			return "fails open: " + status.Why
		}
		return ""
	})
	return s.group.Add(everyReplica(controller.Start))
}

// gauge publishes a gauge that is 1 while a condition holds.
func (s *server) gauge(name, help string, condition func() bool) {
	s.gaugeOf(name, help, func() float64 {
		if condition() {
			return 1
		}
		return 0
	})
}

// gaugeOf publishes a gauge.
func (s *server) gaugeOf(name, help string, value func() float64) {
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "tlsward", Name: name, Help: help}, value))
}

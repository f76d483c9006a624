package serve

import (
	"fmt"
	"os"

	"github.com/tlsward/tlsward/certs"
	"github.com/tlsward/tlsward/certs/kube"
)

// certificate returns the source of the serving certificate: mounted files, the CA that the replicas share, or one that
// this process makes for itself.
func (s *server) certificate(e *kube.Election) (certs.Source, error) {
	var source certs.Source
	var err error
	switch {
	case s.CertDir != "":
		source, err = certs.NewMounted(s.CertDir, s.log)
	case s.CASecret != "":
		source, err = s.sharedCA(e)
	default:
		source, err = certs.NewSelfSigned(localNames()...)
	}
	if err != nil {
		return nil, err
	}
	s.health.Check("certificate", source.Healthy)
	s.metrics.Certificate(source)
	return source, s.group.Add(everyReplica(source.Start))
}

// localNames are those of a self-signed certificate: enough to reach the server on this machine.
func localNames() []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	return names
}

// sharedCA returns the source whose CA the replicas share.
func (s *server) sharedCA(e *kube.Election) (*certs.SharedCA, error) {
	cluster, err := kube.New(kube.Options{Config: s.rest, Namespace: s.Namespace, Secret: s.CASecret,
		Validating: []string{s.WebhookConfigurations}, Mutating: []string{s.WebhookConfigurations},
		PodName: os.Getenv("POD_NAME"), PodUID: os.Getenv("POD_UID"), Log: s.log})
	if err != nil {
		return nil, err
	}
	source, err := certs.NewSharedCA(certs.SharedCAOptions{Cluster: cluster, Name: replicaName(), Names: s.CertNames, IsLeader: e.IsLeader,
		Takeover: kube.Takeover(), Lifetimes: s.Lifetimes, PropagationTime: s.CASettle, Heartbeat: s.Heartbeat, Log: s.log})
	if err != nil {
		return nil, fmt.Errorf("--cert-name, --ca-life, --cert-life, --ca-settle: %w", err)
	}
	e.OnStartedLeading(source.Wake)
	s.registry.MustRegister(certs.Collector(source))
	return source, nil
}

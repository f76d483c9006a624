package serve

import (
	"github.com/tlsward/tlsward/certs/kube"
	"github.com/tlsward/tlsward/controllers/companions"
	"github.com/tlsward/tlsward/controllers/completer"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook"
)

// existing looks for what is stored incomplete, while this replica leads.
func (s *server) existing(hooks *webhook.Webhooks, source meshSource, ready func() error, e *kube.Election) error {
	if !s.Existing {
		return nil
	}
	cluster, err := completer.NewClient(s.rest)
	if err != nil {
		return err
	}
	c := completer.New(completer.Options{
		Mesh: func() *mesh.Snapshot { return source.cache.View().Stored }, Changed: source.cache.Changed,
		Evaluator: hooks.Evaluator, Ready: ready, IsLeader: e.IsLeader, Cluster: cluster, Log: s.log,
	})
	s.registry.MustRegister(c.Collectors()...)
	return s.group.Add(c)
}

// companions keeps DestinationRules for ServiceEntries without one, while this replica leads.
func (s *server) companions(hooks *webhook.Webhooks, source meshSource, ready func() error, e *kube.Election) error {
	if !s.Companions {
		return nil
	}
	writer, err := companions.NewClient(s.rest)
	if err != nil {
		return err
	}
	keeper := companions.New(companions.Options{
		Mesh: func() *mesh.Snapshot { return source.cache.View().Stored }, Changed: source.cache.Changed,
		Evaluator: hooks.Evaluator, Ready: ready, IsLeader: e.IsLeader, Writer: writer, Log: s.log,
	})
	s.registry.MustRegister(keeper.Collectors()...)
	return s.group.Add(keeper)
}

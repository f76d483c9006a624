package serve

import (
	"github.com/tlsward/tlsward/certs/kube"
	"github.com/tlsward/tlsward/controllers/companions"
	"github.com/tlsward/tlsward/controllers/completer"
	"github.com/tlsward/tlsward/controllers/follow"
	"github.com/tlsward/tlsward/mesh"
)

// existing looks for what is stored incomplete, while this replica leads.
func (s *server) existing(source follow.Source, e *kube.Election) error {
	if !s.Existing {
		return nil
	}
	cluster, err := completer.NewClient(s.rest)
	if err != nil {
		return err
	}
	c := completer.New(completer.Options{Source: source, IsLeader: e.IsLeader, Cluster: cluster, Log: s.log})
	s.registry.MustRegister(c.Collectors()...)
	return s.group.Add(c)
}

// companions keeps DestinationRules for ServiceEntries without one, while this replica leads. It returns what tells why one is not kept; nil
// where none are.
func (s *server) companions(source follow.Source, e *kube.Election) (withheld func() map[mesh.Ref]string, err error) {
	if !s.Companions {
		return nil, nil
	}
	writer, err := companions.NewClient(s.rest)
	if err != nil {
		return nil, err
	}
	keeper := companions.New(companions.Options{Source: source, IsLeader: e.IsLeader, Writer: writer, Log: s.log})
	s.registry.MustRegister(keeper.Collectors()...)
	return keeper.Amiss, s.group.Add(keeper)
}

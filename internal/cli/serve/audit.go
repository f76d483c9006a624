package serve

import (
	"context"
	"errors"

	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/certs/kube"
	"github.com/tlsward/tlsward/controllers/announcer"
	"github.com/tlsward/tlsward/controllers/auditor"
	"github.com/tlsward/tlsward/controllers/follow"
	"github.com/tlsward/tlsward/controllers/reporter"
	"github.com/tlsward/tlsward/mesh"
)

// audit keeps an audit of the mesh that reviews are judged by, beside them; nil where none is wanted.
func (s *server) audit(source follow.Source, busy func() bool) (*auditor.Auditor, error) {
	if s.AuditInterval <= 0 {
		return nil, nil
	}
	o := auditor.Options{Source: source, Busy: busy, Interval: s.AuditInterval, Log: s.log}
	if s.Reports {
		o.Remembered = func(ctx context.Context) (audit.Waits, error) { return reporter.Waits(ctx, s.rest) }
	}
	a := auditor.New(o)
	s.registry.MustRegister(a)
	return a, s.group.Add(a)
}

// reports keeps what the audit finds as reports in the cluster.
func (s *server) reports(a *auditor.Auditor, e *kube.Election) error {
	if !s.Reports {
		return nil
	}
	if a == nil {
		return errors.New("--reports needs an audit: --audit-interval is 0")
	}
	r, err := reporter.New(reporter.Options{Config: s.rest, Latest: a.Latest, IsLeader: e.IsLeader, Registry: s.registry, Log: s.log})
	if err != nil {
		return err
	}
	return s.group.Add(r)
}

// events puts what the audit finds on the objects, and why companions are withheld.
func (s *server) events(a *auditor.Auditor, withheld func() map[mesh.Ref]string, e *kube.Election) error {
	if !s.Events {
		return nil
	}
	if a == nil {
		return errors.New("--events needs an audit: --audit-interval is 0")
	}
	said, err := announcer.New(announcer.Options{Config: s.rest, Instance: replicaName(), Latest: a.Latest, Withheld: withheld,
		IsLeader: e.IsLeader, Registry: s.registry, Log: s.log})
	if err != nil {
		return err
	}
	return s.group.Add(said)
}

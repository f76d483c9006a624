package serve

import (
	"github.com/tlsward/tlsward/controllers/auditor"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook"
)

// audit keeps an audit of the mesh that reviews are judged by, beside them.
func (s *server) audit(hooks *webhook.Webhooks, source meshSource, ready func() error) error {
	if s.AuditInterval <= 0 {
		return nil
	}
	a := auditor.New(auditor.Options{
		Mesh:    func() *mesh.Snapshot { return source.cache.View().Stored },
		Changed: source.cache.Changed, Evaluator: hooks.Evaluator, Ready: ready, Busy: hooks.Busy, Interval: s.AuditInterval, Log: s.log,
	})
	s.registry.MustRegister(a)
	return s.group.Add(a)
}

package certs

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
)

// repairBundle adds to the bundles of w what is missing for this replica, at once: until then API servers do not trust it,
// and refuse. It goes by the watch's event and the last State read, so that one write is all it takes; the reconciliation
// that follows does the rest. Only the CA that this replica presents is added like that: other CAs come and go.
func (s *SharedCA) repairBundle(ctx context.Context, w WebhookConfiguration) {
	current := s.leaf.currentAuthority()
	if current == nil || w.trusts(current.Certificate) {
		return
	}
	s.mu.Lock()
	wanted := slices.Clone(s.wantedBundle)
	s.mu.Unlock()
	bundle := union(union(wanted, []*x509.Certificate{current.Certificate}), w.certificates())
	switch err := s.Cluster.PublishBundle(ctx, w, EncodeBundle(bundle...)); {
	case errors.Is(err, ErrConflict):
		s.Log.Debug("another replica was faster", "error", err)
	case err != nil:
		s.recordError(ctx, err)
	default:
		s.Log.Info("shared CA", "step", stepExtend, "why", w.Kind+" "+w.Name+" has lost CA "+fingerprint(current.Certificate))
		s.countStep(stepExtend)
	}
}

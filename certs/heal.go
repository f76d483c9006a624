package certs

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
)

// heal writes back at once what somebody has taken out of h: until then API servers trust nobody, and refuse. It goes
// by what the watch has told and the last look has found, so that one write is all it takes; the look that follows sees
// to the rest. Only the loss of the CA that this replica presents is mended like that: other CAs come and go.
func (s *Shared) heal(ctx context.Context, h Hook) {
	current := s.leaf.signer()
	if current == nil || h.trusts(current.Certificate) {
		return
	}
	s.mu.Lock()
	wanted := slices.Clone(s.wanted)
	s.mu.Unlock()
	bundle := union(union(wanted, []*x509.Certificate{current.Certificate}), h.known())
	switch err := s.Cluster.Publish(ctx, h, EncodeBundle(bundle...)); {
	case errors.Is(err, ErrConflict):
		s.Log.Debug("another replica was faster", "error", err)
	case err != nil:
		s.fail(ctx, err)
	default:
		s.Log.Info("shared CA", "step", stepExtend, "why", h.Kind+" "+h.Name+" has lost CA "+fingerprint(current.Certificate))
		s.count(stepExtend)
	}
}

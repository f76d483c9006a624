package certs

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// maxSteps bounds the steps taken without a pause: a whole rotation takes seven.
const maxSteps = 20

// retryInterval is the time between a reconciliation that failed and the next.
const retryInterval = time.Second

// reconcileAll takes steps until none is left, and returns the time until the next reconciliation.
func (s *SharedCA) reconcileAll(ctx context.Context) time.Duration {
	for range maxSteps {
		again, err := s.reconcile(ctx)
		switch {
		case errors.Is(err, ErrConflict):
			s.Log.Debug("another replica was faster", "error", err)
		case err != nil:
			s.recordError(ctx, err)
			return retryInterval
		case again == 0:
		default:
			return again
		}
	}
	return retryInterval
}

// recordError records an error. What is presented stays, and so does readiness: an API server that is away asks nothing.
func (s *SharedCA) recordError(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	s.Log.Error("the shared CA could not be looked after; the certificate in force stays", "error", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Errors++
	if errors.Is(s.notReady, errNotInUse) {
		s.notReady = fmt.Errorf("%w: %w", errNotInUse, err)
	}
}

// reconcile reads the state and takes at most one step. It returns the time until the next reconciliation, 0 for at once.
func (s *SharedCA) reconcile(ctx context.Context) (time.Duration, error) {
	state, err := s.Cluster.Read(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the shared CA: %w", err)
	}
	v := s.observe(state)
	changed, err := s.updateCertificate(ctx, state, v)
	if err != nil {
		return 0, err
	}
	d := nextStep(state, v)
	s.recordStatus(state, d, changed)
	if d.step == stepNone {
		if changed {
			return 0, nil
		}
		s.withdrawExpired(ctx, state, v)
		return s.requeueAfter(state, v), nil
	}
	s.Log.Info("shared CA", "step", d.step, "why", d.why)
	if err := s.apply(ctx, state, d); err != nil {
		return 0, fmt.Errorf("%s: %w", d.step, err)
	}
	s.countStep(d.step)
	return 0, nil
}

// observe updates what this replica remembers, and returns it.
func (s *SharedCA) observe(state State) replicaView {
	s.observer.observe(state, time.Now())
	s.mu.Lock()
	defer s.mu.Unlock()
	if state.CAs != nil {
		s.lastCAs, s.wantedBundle = state.CAs, state.wantedBundle(s.observer.expired)
	}
	return replicaView{isLeader: s.IsLeader(), lastCAs: s.lastCAs, now: wallClock(),
		expired: s.observer.expired, propagated: s.observer.propagated}
}

// updateCertificate signs with the CA that chooseSigner returns, and announces what is presented if that changed or the
// heartbeat is due. It reports whether something changed.
func (s *SharedCA) updateCertificate(ctx context.Context, state State, v replicaView) (changed bool, err error) {
	current := s.leaf.currentAuthority()
	next := chooseSigner(state, current, v)
	if next == nil {
		return false, nil
	}
	if current == nil || !current.Certificate.Equal(next.Certificate) {
		if err := s.leaf.signWith(next); err != nil {
			return false, err
		}
		s.Log.Info("serving certificate signed", "ca", fingerprint(next.Certificate), "notAfter", s.leaf.notAfter())
		changed = true
	}
	if !changed && s.announced(state, next.Certificate) && time.Since(s.announcedAt) < s.Heartbeat {
		return false, nil
	}
	if err := s.Cluster.Announce(ctx, Replica{Name: s.Name, ServingCA: next.Certificate, RenewTime: time.Now()}); err != nil {
		return changed, fmt.Errorf("announce this replica: %w", err)
	}
	s.announcedAt = time.Now()
	return changed || !s.announced(state, next.Certificate), nil
}

// announced reports whether this replica has announced that it presents c.
func (s *SharedCA) announced(state State, c *x509.Certificate) bool {
	for _, r := range state.Replicas {
		if r.Name == s.Name {
			return r.ServingCA != nil && r.ServingCA.Equal(c)
		}
	}
	return false
}

// apply takes the step that was decided.
func (s *SharedCA) apply(ctx context.Context, state State, d decision) error {
	switch d.step {
	case stepExtend, stepTrim:
		return s.Cluster.PublishBundle(ctx, d.webhook, EncodeBundle(d.bundle...))
	case stepRestore:
		return s.Cluster.Save(ctx, s.lastCAs, state.ResourceVersion)
	}
	next, err := advance(state.CAs, d.step, s.Lifetimes.CA)
	if err != nil {
		return err
	}
	return s.Cluster.Save(ctx, next, state.ResourceVersion)
}

// advance returns the CAs as a step leaves them.
func advance(cas *CASet, step rotationStep, lifetime time.Duration) (*CASet, error) {
	switch step {
	case stepPromote:
		return &CASet{Active: cas.Next, Previous: cas.Active.Certificate}, nil
	case stepDrop:
		return &CASet{Active: cas.Active}, nil
	}
	next, err := NewAuthority(wallClock(), lifetime)
	if err != nil {
		return nil, err
	}
	if step == stepBegin {
		return &CASet{Active: cas.Active, Next: next, Previous: cas.Previous}, nil
	}
	return &CASet{Active: next}, nil
}

// withdrawExpired removes the announcements of replicas that died without doing so.
func (s *SharedCA) withdrawExpired(ctx context.Context, state State, v replicaView) {
	if !v.isLeader {
		return
	}
	for _, r := range state.Replicas {
		if r.Name == s.Name || !v.expired(r) {
			continue
		}
		if err := s.Cluster.Withdraw(ctx, r.Name); err != nil {
			s.Log.Warn("the announcement of a replica that is gone stays", "replica", r.Name, "error", err)
		}
	}
}

// requeueAfter returns the time until the next reconciliation if nothing wakes it: a heartbeat, less while a rotation is
// under way, and never past the renewal of the CA. The clock may be set meanwhile, so it is never long.
func (s *SharedCA) requeueAfter(state State, v replicaView) time.Duration {
	const minimum = 50 * time.Millisecond
	wait := s.Heartbeat
	rotating := state.CAs == nil || state.CAs.Next != nil || state.CAs.Previous != nil
	if !rotating {
		current := s.leaf.currentAuthority()
		rotating = current != nil && !current.Certificate.Equal(state.CAs.Active.Certificate)
		wait = min(wait, max(renewalTime(state.CAs.Active.Certificate).Sub(v.now), minimum))
	}
	if rotating {
		wait = min(wait, max(rotationInterval(s.PropagationTime), minimum))
	}
	return wait
}

// rotationInterval returns the time between two reconciliations while a rotation is under way.
func rotationInterval(propagation time.Duration) time.Duration {
	return min(propagation/4, 2*time.Second)
}

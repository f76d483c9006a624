package certs

import (
	"fmt"
	"maps"
	"time"
)

// Status is the state of a SharedCA for metrics and for people.
type Status struct {
	// CA is the fingerprint of the CA that signs here, CANotAfter its end.
	CA         string
	CANotAfter time.Time
	// Rotating is true from when a new CA is issued until the old one is dropped.
	Rotating bool
	// Mismatch is true while a webhook configuration does not trust what this replica presents.
	Mismatch bool
	// WaitingFor is why no step is taken now; "" while one is.
	WaitingFor string
	// Steps counts the steps that this replica took, by their names.
	Steps map[string]uint64
	// Errors counts failed reconciliations.
	Errors uint64
}

// Status returns a copy of the state as it was last read.
func (s *SharedCA) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.status
	out.Steps = maps.Clone(out.Steps)
	return out
}

// recordStatus records the state that was read, and the readiness that follows from it. A replica becomes ready once a
// reconciliation left its certificate as it was: by then it was announced in time. From then on it stays ready: if a
// bundle is wiped, taking the servers away as well would only make the repair slower.
func (s *SharedCA) recordStatus(state State, d decision, changed bool) {
	current := s.leaf.currentAuthority()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.WaitingFor = ""
	if d.step == stepNone {
		s.status.WaitingFor = d.why
	}
	s.status.Rotating = state.CAs != nil && (state.CAs.Next != nil || state.CAs.Previous != nil)
	if current == nil {
		s.notReady = fmt.Errorf("%w: %s", errNotInUse, d.why)
		return
	}
	s.status.CA, s.status.CANotAfter = fingerprint(current.Certificate), current.Certificate.NotAfter
	s.status.Mismatch = !state.trustedEverywhere(current.Certificate)
	switch {
	case s.notReady == nil:
	case s.status.Mismatch:
		s.notReady = fmt.Errorf("%w: a webhook configuration does not trust CA %s: %s", errNotInUse, s.status.CA, d.why)
	case !changed:
		s.notReady = nil
	}
}

func (s *SharedCA) countStep(taken rotationStep) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Steps[string(taken)]++
}

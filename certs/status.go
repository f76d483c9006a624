package certs

import (
	"fmt"
	"maps"
	"time"
)

// Status is what Shared shows to metrics and to a person.
type Status struct {
	// CA is the fingerprint of the CA that signs here, CANotAfter its end.
	CA         string
	CANotAfter time.Time
	// Rotating is true from a new CA's making until the old one is dropped.
	Rotating bool
	// Mismatch is true while a webhook configuration does not trust what this replica presents.
	Mismatch bool
	// Waiting says why nothing is done now.
	Waiting string
	// Steps counts what this replica did, by step.
	Steps map[string]uint64
	// Errors counts failed looks at the cluster.
	Errors uint64
}

// Status gives a copy of the state as it was last seen.
func (s *Shared) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.status
	out.Steps = maps.Clone(out.Steps)
	return out
}

// note records what was seen, and what readiness follows from it. A replica is ready once it looked without having to
// change over: what it announced was then in time. From then on it stays ready: where a bundle is wiped, to take the
// servers away as well would only make the repair slower.
func (s *Shared) note(state State, d decision, changed bool) {
	current := s.leaf.signer()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Waiting = ""
	if d.step == stepRest {
		s.status.Waiting = d.why
	}
	s.status.Rotating = state.Vault != nil && (state.Vault.Next != nil || state.Vault.Previous != nil)
	if current == nil {
		s.ready = fmt.Errorf("%w: %s", errStarting, d.why)
		return
	}
	s.status.CA, s.status.CANotAfter = fingerprint(current.Certificate), current.Certificate.NotAfter
	s.status.Mismatch = !state.trusted(current.Certificate)
	switch {
	case s.ready == nil:
	case s.status.Mismatch:
		s.ready = fmt.Errorf("%w: a webhook configuration does not trust CA %s: %s", errStarting, s.status.CA, d.why)
	case !changed:
		s.ready = nil
	}
}

func (s *Shared) count(taken step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Steps[string(taken)]++
}

package certs

import (
	"crypto/x509"
	"time"
)

// trust remembers since when things have been so, by this process's own monotonic clock: the clocks of the replicas
// and of the API servers are never compared.
type trust struct {
	settle time.Duration
	silent time.Duration
	now    time.Time
	since  map[string]time.Time // by CA: since when all bundles have held it
	heard  map[string]heard     // by replica
}

type heard struct {
	renewed time.Time // as the replica wrote it
	at      time.Time // when that was first seen here
}

func newTrust(settle, silent time.Duration) trust {
	return trust{settle: settle, silent: silent, since: map[string]time.Time{}, heard: map[string]heard{}}
}

// observe takes a state in, read at now.
func (t *trust) observe(s State, now time.Time) {
	t.now = now
	since := map[string]time.Time{}
	if s.Vault != nil {
		for _, c := range s.Vault.trusted() {
			if s.trusted(c) {
				since[fingerprint(c)] = earlier(t.since, fingerprint(c), now)
			}
		}
	}
	t.since = since
	replicas := map[string]heard{}
	for _, r := range s.Replicas {
		h, ok := t.heard[r.Name]
		if !ok || !h.renewed.Equal(r.Renewed) {
			h = heard{renewed: r.Renewed, at: now}
		}
		replicas[r.Name] = h
	}
	t.heard = replicas
}

func earlier(since map[string]time.Time, key string, now time.Time) time.Time {
	if at, ok := since[key]; ok {
		return at
	}
	return now
}

// settled says whether all bundles have held c for long enough.
func (t *trust) settled(c *x509.Certificate) bool {
	at, ok := t.since[fingerprint(c)]
	return ok && t.now.Sub(at) >= t.settle
}

// gone says whether r has been silent for too long. One that was never heard before counts from now on.
func (t *trust) gone(r Replica) bool {
	h, ok := t.heard[r.Name]
	return ok && t.now.Sub(h.at) >= t.silent
}

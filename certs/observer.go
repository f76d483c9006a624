package certs

import (
	"crypto/x509"
	"time"
)

// observer remembers since when the state has been as it is, by this process's own monotonic clock: the clocks of the
// replicas and of the API servers are never compared.
type observer struct {
	propagationTime time.Duration
	replicaTimeout  time.Duration
	now             time.Time
	trustedSince    map[string]time.Time // by the CA's fingerprint: since when all bundles have held it
	renewals        map[string]renewal   // by the replica's name
}

// renewal is the last announcement of a replica.
type renewal struct {
	renewTime time.Time // as the replica wrote it
	seenAt    time.Time // when it was first seen here
}

func newObserver(propagationTime, replicaTimeout time.Duration) observer {
	return observer{propagationTime: propagationTime, replicaTimeout: replicaTimeout}
}

// observe takes in a state that was read at now.
func (o *observer) observe(s State, now time.Time) {
	o.now = now
	o.trustedSince = o.trusted(s)
	renewals := make(map[string]renewal, len(s.Replicas))
	for _, r := range s.Replicas {
		last, known := o.renewals[r.Name]
		if !known || !last.renewTime.Equal(r.RenewTime) {
			last = renewal{renewTime: r.RenewTime, seenAt: now}
		}
		renewals[r.Name] = last
	}
	o.renewals = renewals
}

// trusted returns since when all bundles have held each of the CAs; those that are missing in one are left out.
func (o *observer) trusted(s State) map[string]time.Time {
	since := map[string]time.Time{}
	if s.CAs == nil {
		return since
	}
	for _, c := range s.CAs.certificates() {
		if !s.trustedEverywhere(c) {
			continue
		}
		key := fingerprint(c)
		since[key] = o.now
		if before, known := o.trustedSince[key]; known {
			since[key] = before
		}
	}
	return since
}

// propagated reports whether all bundles have held c for so long that every API server knows.
func (o *observer) propagated(c *x509.Certificate) bool {
	since, ok := o.trustedSince[fingerprint(c)]
	return ok && o.now.Sub(since) >= o.propagationTime
}

// expired reports whether r has not announced itself for too long. The time of one that was never seen before begins
// now.
func (o *observer) expired(r Replica) bool {
	last, ok := o.renewals[r.Name]
	return ok && o.now.Sub(last.seenAt) >= o.replicaTimeout
}

package certs

import (
	"crypto/x509"
	"fmt"
	"time"
)

// rotationStep is one step for the shared CA. Each is safe on its own: a replica may die after any of them.
type rotationStep string

const (
	stepNone    rotationStep = "none"    // nothing to do
	stepCreate  rotationStep = "create"  // issue the first CA
	stepRestore rotationStep = "restore" // write the last CAs back
	stepExtend  rotationStep = "extend"  // add to a bundle what it lacks
	stepBegin   rotationStep = "begin"   // issue the next CA
	stepPromote rotationStep = "promote" // sign with the next CA from now on
	stepDrop    rotationStep = "drop"    // stop trusting the previous CA
	stepTrim    rotationStep = "trim"    // remove from a bundle what no replica needs
)

// decision is what to do next, and why.
type decision struct {
	step rotationStep
	why  string
	// webhook and bundle are what extend and trim publish.
	webhook WebhookConfiguration
	bundle  []*x509.Certificate
}

// replicaView is what one replica knows beside the state of the cluster.
type replicaView struct {
	// isLeader is true for the one replica that may take every step. The others only add to bundles, which is always
	// safe.
	isLeader bool
	// lastCAs are the last that could be read, nil before the first.
	lastCAs *CASet
	// expired reports whether a replica has not announced itself for so long that it no longer counts.
	expired func(Replica) bool
	// propagated reports whether all bundles have held a CA for so long that every API server knows.
	propagated func(*x509.Certificate) bool
	now        time.Time
}

// nextStep returns the next step. It is pure. A rotation goes in this order:
//
//  1. begin: the next CA is issued.
//  2. extend: every bundle gets it.
//  3. promote: it signs, once every bundle has held it for the propagation time.
//  4. drop: the previous CA is given up, once no replica presents a certificate of it.
//  5. trim: it is removed from every bundle.
func nextStep(s State, v replicaView) decision {
	if s.CAs == nil {
		return nextStepWithoutCAs(s, v)
	}
	wanted := s.wantedBundle(v.expired)
	for _, w := range s.Webhooks {
		for _, c := range wanted {
			if !w.trusts(c) {
				return decision{step: stepExtend, webhook: w, bundle: union(wanted, w.certificates()),
					why: fmt.Sprintf("%s %s does not trust CA %s", w.Kind, w.Name, fingerprint(c))}
			}
		}
	}
	if !v.isLeader {
		return decision{step: stepNone, why: "another replica leads"}
	}
	rotation := nextRotationStep(s, v)
	if rotation.step != stepNone {
		return rotation
	}
	for _, w := range s.Webhooks {
		if w.trustsBeyond(wanted) {
			return decision{step: stepTrim, webhook: w, bundle: wanted,
				why: fmt.Sprintf("%s %s trusts a CA that signs nothing", w.Kind, w.Name)}
		}
	}
	return rotation
}

// nextStepWithoutCAs returns the next step where there is no CA, or none that can be read.
func nextStepWithoutCAs(s State, v replicaView) decision {
	why := "there is no CA yet"
	if s.DecodeError != nil {
		why = s.DecodeError.Error()
	}
	switch {
	case !v.isLeader:
		return decision{step: stepNone, why: why + "; another replica leads"}
	case v.lastCAs != nil && validAt(v.lastCAs.Active.Certificate, v.now):
		// The same CA again: no replica and no bundle has to change.
		return decision{step: stepRestore, why: why}
	default:
		return decision{step: stepCreate, why: why}
	}
}

// nextRotationStep returns the next step for the CAs; the bundles hold all that they should.
func nextRotationStep(s State, v replicaView) decision {
	active, next, previous := s.CAs.Active.Certificate, s.CAs.Next, s.CAs.Previous
	switch {
	case previous != nil:
		if waiting := s.replicaServing(previous, v.expired); waiting != "" && validAt(previous, v.now) {
			return decision{step: stepNone, why: waiting + " still presents the previous CA"}
		}
		return decision{step: stepDrop, why: "no replica presents the previous CA " + fingerprint(previous)}
	case next != nil:
		if !v.propagated(next.Certificate) && validAt(active, v.now) {
			return decision{step: stepNone, why: "the bundles with the next CA are on their way to every API server"}
		}
		return decision{step: stepPromote, why: "every bundle holds the next CA " + fingerprint(next.Certificate)}
	case s.RotationRequested:
		return decision{step: stepBegin, why: "a rotation is asked for"}
	case needsRenewal(active, v.now):
		return decision{step: stepBegin, why: fmt.Sprintf("CA %s was to be renewed at %s", fingerprint(active),
			renewalTime(active).UTC().Format(time.RFC3339))}
	}
	return decision{step: stepNone, why: "all is in order"}
}

// wantedBundle returns what every bundle should hold: the stored CAs, and those that a live replica still presents. The
// latter differ after the Secret was lost.
func (s State) wantedBundle(expired func(Replica) bool) []*x509.Certificate {
	out := s.CAs.certificates()
	for _, r := range s.Replicas {
		if r.ServingCA != nil && !expired(r) {
			out = union(out, []*x509.Certificate{r.ServingCA})
		}
	}
	return out
}

// replicaServing returns the name of a live replica that presents c, "" if there is none.
func (s State) replicaServing(c *x509.Certificate, expired func(Replica) bool) string {
	for _, r := range s.Replicas {
		if r.ServingCA != nil && r.ServingCA.Equal(c) && !expired(r) {
			return r.Name
		}
	}
	return ""
}

// trustedEverywhere reports whether every webhook configuration trusts c.
func (s State) trustedEverywhere(c *x509.Certificate) bool {
	for _, w := range s.Webhooks {
		if !w.trusts(c) {
			return false
		}
	}
	return true
}

// chooseSigner returns the CA that a replica signs with from now on: the active one, but not before all API servers trust
// it, unless they do not trust what it presents now either.
func chooseSigner(s State, current *Authority, v replicaView) *Authority {
	if s.CAs == nil {
		return current
	}
	active := s.CAs.Active
	switch {
	case current == nil, !s.trustedEverywhere(current.Certificate), !validAt(current.Certificate, v.now):
		return active
	case v.propagated(active.Certificate):
		return active
	}
	return current
}

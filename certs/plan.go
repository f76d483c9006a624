package certs

import (
	"crypto/x509"
	"fmt"
	"time"
)

// step is one move of the shared CA. Each is safe on its own: a replica may die after any of them.
type step string

const (
	stepRest    step = "rest"    // nothing to do
	stepCreate  step = "create"  // make the first CA
	stepRestore step = "restore" // write the remembered CA back
	stepExtend  step = "extend"  // add to a bundle what it lacks
	stepBegin   step = "begin"   // make the next CA
	stepPromote step = "promote" // sign with the next CA from now on
	stepDrop    step = "drop"    // stop trusting the previous CA
	stepTrim    step = "trim"    // take out of a bundle what nobody needs
)

// decision is what to do next, and why.
type decision struct {
	step step
	why  string
	// hook and bundle are what extend and trim publish.
	hook   Hook
	bundle []*x509.Certificate
}

// view is what one replica knows beside the state of the cluster.
type view struct {
	// leader may do everything; others only add to bundles, which is always safe.
	leader bool
	// memory is the last vault seen, nil before the first.
	memory *Vault
	// gone says whether a replica has been quiet for so long that it no longer counts.
	gone func(Replica) bool
	// settled says whether all bundles have held a CA for long enough that every API server knows.
	settled func(*x509.Certificate) bool
	now     time.Time
}

// plan decides the next step. It is pure.
//
// A rotation is begin, extend, promote, drop, trim, in this order, and each waits for what the one before it needs:
// a CA signs only after every bundle has held it for a while, and leaves the bundles only after no replica presents a
// certificate of it.
func plan(s State, v view) decision {
	if s.Vault == nil {
		return planVault(s, v)
	}
	wanted := s.wanted(v.gone)
	for _, h := range s.Hooks {
		for _, c := range wanted {
			if !h.trusts(c) {
				return decision{step: stepExtend, hook: h, bundle: union(wanted, h.known()),
					why: fmt.Sprintf("%s %s does not trust CA %s", h.Kind, h.Name, fingerprint(c))}
			}
		}
	}
	if !v.leader {
		return decision{step: stepRest, why: "another replica leads"}
	}
	rotation := planRotation(s, v)
	if rotation.step != stepRest {
		return rotation
	}
	for _, h := range s.Hooks {
		if h.holdsMoreThan(wanted) {
			return decision{step: stepTrim, hook: h, bundle: wanted,
				why: fmt.Sprintf("%s %s trusts a CA that signs nothing", h.Kind, h.Name)}
		}
	}
	return rotation
}

// planVault decides where there is no CA to read.
func planVault(s State, v view) decision {
	why := "there is no CA yet"
	if s.Broken != nil {
		why = s.Broken.Error()
	}
	switch {
	case !v.leader:
		return decision{step: stepRest, why: why + "; another replica leads"}
	case v.memory != nil && valid(v.memory.Active.Certificate, v.now):
		// The same CA again: no replica and no bundle has to change.
		return decision{step: stepRestore, why: why}
	default:
		return decision{step: stepCreate, why: why}
	}
}

// planRotation decides on the vault; the bundles hold all that they should.
func planRotation(s State, v view) decision {
	active, next, previous := s.Vault.Active.Certificate, s.Vault.Next, s.Vault.Previous
	switch {
	case previous != nil:
		if waiting := s.presenting(previous, v.gone); waiting != "" && valid(previous, v.now) {
			return decision{step: stepRest, why: waiting + " still presents the previous CA"}
		}
		return decision{step: stepDrop, why: "no replica presents the previous CA " + fingerprint(previous)}
	case next != nil:
		if !v.settled(next.Certificate) && valid(active, v.now) {
			return decision{step: stepRest, why: "the bundles with the next CA are on their way to every API server"}
		}
		return decision{step: stepPromote, why: "every bundle holds the next CA " + fingerprint(next.Certificate)}
	case s.Demanded:
		return decision{step: stepBegin, why: "a rotation is asked for"}
	case due(active, v.now):
		return decision{step: stepBegin, why: fmt.Sprintf("CA %s was to be renewed at %s", fingerprint(active),
			renewAt(active).UTC().Format(time.RFC3339))}
	}
	return decision{step: stepRest, why: "all is in order"}
}

// wanted gives what every bundle should hold: the vault's CAs, and those that a living replica still presents. The
// latter matters after the vault was lost.
func (s State) wanted(gone func(Replica) bool) []*x509.Certificate {
	out := s.Vault.trusted()
	for _, r := range s.Replicas {
		if r.Serving != nil && !gone(r) {
			out = union(out, []*x509.Certificate{r.Serving})
		}
	}
	return out
}

// presenting names a living replica that presents c, "" where none does.
func (s State) presenting(c *x509.Certificate, gone func(Replica) bool) string {
	for _, r := range s.Replicas {
		if r.Serving != nil && r.Serving.Equal(c) && !gone(r) {
			return r.Name
		}
	}
	return ""
}

// trusted says whether every webhook configuration trusts c.
func (s State) trusted(c *x509.Certificate) bool {
	for _, h := range s.Hooks {
		if !h.trusts(c) {
			return false
		}
	}
	return true
}

// known gives all CAs that any webhook of h trusts.
func (h Hook) known() []*x509.Certificate {
	var out []*x509.Certificate
	for _, bundle := range h.Bundles {
		out = union(out, bundle)
	}
	return out
}

// choose gives the CA that a replica signs with from now on: the active one, but not before all API servers trust it,
// unless what it presents now is worth nothing either.
func choose(s State, current *Authority, v view) *Authority {
	if s.Vault == nil {
		return current
	}
	active := s.Vault.Active
	switch {
	case current == nil, !s.trusted(current.Certificate), !valid(current.Certificate, v.now):
		return active
	case v.settled(active.Certificate):
		return active
	}
	return current
}

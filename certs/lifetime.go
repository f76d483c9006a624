package certs

import (
	"crypto/x509"
	"fmt"
	"time"
)

// backdate is how far before it is issued a certificate is already valid. It forgives API servers whose clock is behind
// ours, and our own clock when it is set back.
const backdate = time.Hour

// Lifetimes are how long certificates are valid, counted from when they are issued.
type Lifetimes struct {
	CA   time.Duration
	Leaf time.Duration
}

// DefaultLifetimes returns what suits production. Renewal is at two thirds of each, so the CA outlives by far every leaf
// that it signed.
func DefaultLifetimes() Lifetimes {
	return Lifetimes{CA: 365 * 24 * time.Hour, Leaf: 30 * 24 * time.Hour}
}

// validate returns an error for lifetimes with which a certificate in use could expire although nothing fails that may
// not.
//
// A CA is due at two thirds of its lifetime, and its successor has to sign everywhere before its end. If the leader dies
// just then, that takes: the takeover by another leader, the propagation of the bundles, one more interval each for the
// leader and for the others, and two retries.
func (l Lifetimes) validate(takeover, propagation time.Duration) error {
	last := takeover + propagation + 2*rotationInterval(propagation) + 2*retryInterval
	switch {
	case l.Leaf <= 0:
		return fmt.Errorf("its certificates' life (%s) must be longer", l.Leaf)
	case l.Leaf*2 > l.CA:
		return fmt.Errorf("its life (%s) must be at least twice its certificates' (%s)", l.CA, l.Leaf)
	case l.CA/3 < last:
		return fmt.Errorf("its life (%s) must be at least %s: it is renewed in the last third, which takes up to %s where the leader dies "+
			"(%s until another leads, %s for its bundle to settle)", l.CA, 3*last, last, takeover, propagation)
	}
	return nil
}

// issuedAt returns when c was issued: its NotBefore without the backdating.
func issuedAt(c *x509.Certificate) time.Time { return c.NotBefore.Add(backdate) }

// renewalTime returns when c is to be replaced: at two thirds of its lifetime.
func renewalTime(c *x509.Certificate) time.Time {
	return issuedAt(c).Add(c.NotAfter.Sub(issuedAt(c)) / 3 * 2)
}

// needsRenewal reports whether c is to be replaced at now. So is a certificate of the future: the clock was set back by
// more than the backdating forgives, and API servers may not accept it yet.
func needsRenewal(c *x509.Certificate, now time.Time) bool {
	return !now.Before(renewalTime(c)) || now.Before(c.NotBefore)
}

// validAt reports whether c is valid at now.
func validAt(c *x509.Certificate, now time.Time) bool {
	return !now.Before(c.NotBefore) && now.Before(c.NotAfter)
}

// wallClock returns the time without Go's monotonic reading, so that it shows when the machine slept or its clock was set.
func wallClock() time.Time { return time.Now().Round(0) }

package certs

import (
	"crypto/x509"
	"fmt"
	"time"
)

// backdate is how far before its making a certificate is already valid. It forgives API servers whose clock is behind
// ours, and our own clock when it is set back.
const backdate = time.Hour

// Lives says how long what is issued lasts, counted from its making.
type Lives struct {
	CA   time.Duration
	Leaf time.Duration
}

// DefaultLives suits production. Renewal is at two thirds of each, so the CA outlives by far every leaf it signed.
func DefaultLives() Lives {
	return Lives{CA: 365 * 24 * time.Hour, Leaf: 30 * 24 * time.Hour}
}

// check refuses lives in which what is presented could expire although all goes as it may.
//
// A CA is due at two thirds of its life, and its successor signs everywhere before its end: where the leader dies just
// then, after another one has taken over, the bundles have settled, the leader and then the others have looked again,
// and after two looks that failed.
func (l Lives) check(takeover, settle time.Duration) error {
	last := takeover + settle + 2*movingPause(settle) + 2*failedPause
	switch {
	case l.Leaf <= 0:
		return fmt.Errorf("its certificates' life (%s) must be longer", l.Leaf)
	case l.Leaf*2 > l.CA:
		return fmt.Errorf("its life (%s) must be at least twice its certificates' (%s)", l.CA, l.Leaf)
	case l.CA/3 < last:
		return fmt.Errorf("its life (%s) must be at least %s: it is renewed in the last third, which takes up to %s where the leader dies "+
			"(%s until another leads, %s for its bundle to settle)", l.CA, 3*last, last, takeover, settle)
	}
	return nil
}

// made is when c was made: its NotBefore without the backdating.
func made(c *x509.Certificate) time.Time { return c.NotBefore.Add(backdate) }

// renewAt is when c is to be replaced: at two thirds of its life.
func renewAt(c *x509.Certificate) time.Time {
	return made(c).Add(c.NotAfter.Sub(made(c)) / 3 * 2)
}

// due says whether c is to be replaced at now. A certificate of the future is due too: the clock was set back by more
// than the backdating forgives, and API servers may not accept it yet.
func due(c *x509.Certificate, now time.Time) bool {
	return !now.Before(renewAt(c)) || now.Before(c.NotBefore)
}

// valid says whether now is within c's life.
func valid(c *x509.Certificate, now time.Time) bool {
	return !now.Before(c.NotBefore) && now.Before(c.NotAfter)
}

// wall is the time of day without Go's monotonic reading, so that a sleeping machine or a clock that was set is seen.
func wall() time.Time { return time.Now().Round(0) }

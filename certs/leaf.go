package certs

import (
	"crypto/tls"
	"errors"
	"sync"
	"time"
)

// errNoCertificate is what a handshake gets before there is anything to present.
var errNoCertificate = errors.New("no serving certificate yet")

// leaf holds the serving certificate that one replica signed for itself. It is signed again when it is asked for and
// due, by the wall clock, so that no timer has to fire in time for a handshake to succeed.
type leaf struct {
	names []string
	life  time.Duration
	now   func() time.Time

	mu        sync.Mutex
	authority *Authority
	current   *tls.Certificate
}

// use signs with a from now on. The last certificate stays where signing fails.
func (l *leaf) use(a *Authority) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, err := a.Sign(l.names, l.now(), l.life)
	if err != nil {
		return err
	}
	l.authority, l.current = a, c
	return nil
}

// get gives the certificate to present now.
func (l *leaf) get() (*tls.Certificate, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current == nil {
		return nil, errNoCertificate
	}
	if now := l.now(); due(l.current.Leaf, now) {
		c, err := l.authority.Sign(l.names, now, l.life)
		if err == nil {
			l.current = c
		} else if !valid(l.current.Leaf, now) {
			return nil, err
		}
	}
	return l.current, nil
}

// signer is the authority that signed the certificate presented now, nil before the first.
func (l *leaf) signer() *Authority {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.authority
}

func (l *leaf) notAfter() time.Time {
	c, err := l.get()
	if err != nil {
		return time.Time{}
	}
	return c.Leaf.NotAfter
}

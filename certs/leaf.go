package certs

import (
	"crypto/tls"
	"errors"
	"sync"
	"time"
)

// errNoCertificate fails a handshake before there is a certificate to present.
var errNoCertificate = errors.New("no serving certificate yet")

// leaf holds the serving certificate that one replica signed for itself. It is renewed when it is asked for and due, by
// the wall clock, so that no timer has to fire in time for a handshake to succeed.
type leaf struct {
	names    []string
	lifetime time.Duration
	now      func() time.Time

	mu        sync.Mutex
	authority *Authority
	current   *tls.Certificate
}

// signWith signs with a from now on. If that fails, the last certificate stays.
func (l *leaf) signWith(a *Authority) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, err := a.Sign(l.names, l.now(), l.lifetime)
	if err != nil {
		return err
	}
	l.authority, l.current = a, c
	return nil
}

// certificate returns the certificate to present now.
func (l *leaf) certificate() (*tls.Certificate, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current == nil {
		return nil, errNoCertificate
	}
	if now := l.now(); needsRenewal(l.current.Leaf, now) {
		c, err := l.authority.Sign(l.names, now, l.lifetime)
		if err == nil {
			l.current = c
		} else if !validAt(l.current.Leaf, now) {
			return nil, err
		}
	}
	return l.current, nil
}

// currentAuthority returns the CA that signed the certificate presented now, nil before the first.
func (l *leaf) currentAuthority() *Authority {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.authority
}

// notAfter returns when the certificate presented now expires, the zero time before the first.
func (l *leaf) notAfter() time.Time {
	c, err := l.certificate()
	if err != nil {
		return time.Time{}
	}
	return c.Leaf.NotAfter
}

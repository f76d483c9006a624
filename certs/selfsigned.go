package certs

import (
	"context"
	"crypto/tls"
	"time"
)

// selfSignedLifetime is the CA's lifetime in a process that issues its own: longer than any process runs.
const selfSignedLifetime = 10 * 365 * 24 * time.Hour

// SelfSigned is a source with a CA of its own, issued at start and kept in memory: for a single process, such as the
// demonstration, a test, or a server outside a cluster.
type SelfSigned struct {
	authority *Authority
	leaf      leaf
}

// NewSelfSigned returns a source for names: DNS names or IP addresses, at least one.
func NewSelfSigned(names ...string) (*SelfSigned, error) {
	a, err := NewAuthority(wallClock(), selfSignedLifetime)
	if err != nil {
		return nil, err
	}
	s := &SelfSigned{authority: a, leaf: leaf{names: names, lifetime: DefaultLifetimes().Leaf, now: wallClock}}
	if err := s.leaf.signWith(a); err != nil {
		return nil, err
	}
	return s, nil
}

// Bundle returns the CA bundle, in PEM, that trusts this source.
func (s *SelfSigned) Bundle() []byte { return EncodeBundle(s.authority.Certificate) }

// GetCertificate returns the serving certificate, renewed if it is due.
func (s *SelfSigned) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return s.leaf.certificate()
}

// Start waits for ctx: the certificate is renewed when it is asked for.
func (s *SelfSigned) Start(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Healthy returns an error only if a certificate cannot be signed any more.
func (s *SelfSigned) Healthy() error {
	_, err := s.leaf.certificate()
	return err
}

// NotAfter returns when the serving certificate expires.
func (s *SelfSigned) NotAfter() time.Time { return s.leaf.notAfter() }

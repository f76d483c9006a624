package certs

import (
	"context"
	"crypto/tls"
	"time"
)

// selfSignedLife is the CA's life in a process that makes its own: longer than any process lives.
const selfSignedLife = 10 * 365 * 24 * time.Hour

// SelfSigned is a source with a CA of its own, made at start and kept in memory: for a single process, such as the
// demonstration, a test, or a server outside a cluster.
type SelfSigned struct {
	authority *Authority
	leaf      leaf
}

// NewSelfSigned makes the CA and a serving certificate for names: DNS names or IP addresses, at least one.
func NewSelfSigned(names ...string) (*SelfSigned, error) {
	a, err := NewAuthority(wall(), selfSignedLife)
	if err != nil {
		return nil, err
	}
	s := &SelfSigned{authority: a, leaf: leaf{names: names, life: DefaultLives().Leaf, now: wall}}
	if err := s.leaf.use(a); err != nil {
		return nil, err
	}
	return s, nil
}

// Bundle is the CA bundle in PEM that trusts this source.
func (s *SelfSigned) Bundle() []byte { return s.authority.Bundle() }

// GetCertificate gives the serving certificate, signed again where it is due.
func (s *SelfSigned) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return s.leaf.get()
}

// Start waits for ctx: the certificate is renewed when it is asked for.
func (s *SelfSigned) Start(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Healthy fails only where a certificate cannot be signed any more.
func (s *SelfSigned) Healthy() error {
	_, err := s.leaf.get()
	return err
}

// NotAfter is the serving certificate's end.
func (s *SelfSigned) NotAfter() time.Time { return s.leaf.notAfter() }

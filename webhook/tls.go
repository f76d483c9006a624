package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
)

// Certificates returns the pair to serve with.
type Certificates interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
}

// TLSConfig returns the server's TLS: 1.2 at least (the oldest that a supported API server speaks), 1.3 preferred, Go's
// own choice of suites and curves. A clientCA file makes every client show a certificate that it signed; "" asks for
// none.
func TLSConfig(source Certificates, clientCA string) (*tls.Config, error) {
	base := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: source.GetCertificate,
	}
	if clientCA == "" {
		return base, nil
	}
	pool, err := readPool(clientCA)
	if err != nil {
		return nil, err
	}
	var last atomic.Pointer[x509.CertPool]
	last.Store(pool)
	demanding := base.Clone()
	demanding.ClientAuth = tls.RequireAndVerifyClientCert
	demanding.ClientCAs = pool
	// The file is read again for every handshake: those are rare, and dearer than a small file. A file that is broken
	// for a moment, as in a swap, leaves the last good one in force.
	demanding.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		if pool, err := readPool(clientCA); err == nil {
			last.Store(pool)
		}
		c := demanding.Clone()
		c.GetConfigForClient = nil
		c.ClientCAs = last.Load()
		return c, nil
	}
	return demanding, nil
}

func readPool(path string) (*x509.CertPool, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read client CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("read client CA: %s: %w", path, errors.New("no certificate in it"))
	}
	return pool, nil
}

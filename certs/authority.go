package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Authority is a CA that can sign. Its key is ECDSA P-256: small, and accepted by every API server.
type Authority struct {
	Certificate *x509.Certificate
	key         crypto.Signer
}

// NewAuthority issues a CA that is valid for a lifetime from now.
func NewAuthority(now time.Time, lifetime time.Duration) (*Authority, error) {
	template, err := newTemplate(now, lifetime)
	if err != nil {
		return nil, err
	}
	// The serial is part of the name so that the CAs of one bundle differ in their names too.
	template.Subject = pkix.Name{CommonName: "tlsward CA " + template.SerialNumber.Text(16)[:8]}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	c, key, err := issue(template, nil)
	if err != nil {
		return nil, fmt.Errorf("issue the CA: %w", err)
	}
	return &Authority{Certificate: c, key: key}, nil
}

// Sign issues a serving certificate for names, DNS names or IP addresses, that is valid for a lifetime from now, and
// never longer than the CA itself.
func (a *Authority) Sign(names []string, now time.Time, lifetime time.Duration) (*tls.Certificate, error) {
	if len(names) == 0 {
		return nil, errors.New("sign a serving certificate: no name to put into it")
	}
	template, err := newTemplate(now, lifetime)
	if err != nil {
		return nil, err
	}
	template.Subject = pkix.Name{CommonName: "tlsward"}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if template.NotAfter.After(a.Certificate.NotAfter) {
		template.NotAfter = a.Certificate.NotAfter
	}
	setNames(template, names)
	leaf, key, err := issue(template, a)
	if err != nil {
		return nil, fmt.Errorf("issue the serving certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// newTemplate returns what all certificates have in common. The serial number has 127 random bits, the top one set so
// that its text has always the same length.
func newTemplate(now time.Time, lifetime time.Duration) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("make a serial number: %w", err)
	}
	return &x509.Certificate{
		SerialNumber: serial.SetBit(serial, 126, 1),
		NotBefore:    now.Add(-backdate),
		NotAfter:     now.Add(lifetime),
	}, nil
}

// setNames sets the subject alternative names.
func setNames(template *x509.Certificate, names []string) {
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
			continue
		}
		template.DNSNames = append(template.DNSNames, name)
	}
}

// issue makes a key and the certificate for it, signed by a CA, or by itself if by is nil.
func issue(template *x509.Certificate, by *Authority) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make the key: %w", err)
	}
	if by == nil {
		by = &Authority{Certificate: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.Certificate, key.Public(), by.key)
	if err != nil {
		return nil, nil, fmt.Errorf("sign: %w", err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, fmt.Errorf("read back: %w", err)
	}
	return c, key, nil
}

// fingerprint returns a short name of a certificate, for people and for comparison: the first 8 bytes of its SHA-256.
func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:8])
}

package certs

import (
	"crypto/x509"
	"encoding/pem"
	"slices"
)

// EncodeBundle returns certificates in PEM, as the caBundle of a webhook configuration takes them.
func EncodeBundle(list ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range list {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// DecodeBundle returns the certificates in raw, a caBundle. What is no certificate is passed over, as
// x509.CertPool.AppendCertsFromPEM does, by which API servers read it.
func DecodeBundle(raw []byte) []*x509.Certificate {
	var out []*x509.Certificate
	for len(raw) > 0 {
		var block *pem.Block
		if block, raw = pem.Decode(raw); block == nil {
			break
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			out = append(out, c)
		}
	}
	return out
}

func contains(bundle []*x509.Certificate, c *x509.Certificate) bool {
	return slices.ContainsFunc(bundle, c.Equal)
}

// union returns a and what b has beside it, in order.
func union(a, b []*x509.Certificate) []*x509.Certificate {
	out := slices.Clone(a)
	for _, c := range b {
		if !contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

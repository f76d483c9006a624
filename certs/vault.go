package certs

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// The names of a Secret's entries.
const (
	activeCertificate   = "active.crt"
	activeKey           = "active.key"
	nextCertificate     = "next.crt"
	nextKey             = "next.key"
	previousCertificate = "previous.crt"
)

// Vault is what the replicas share: the CA that signs, the one that will, and the one that did. It is immutable.
type Vault struct {
	// Active signs.
	Active *Authority
	// Next is trusted and does not sign yet; nil unless a rotation began.
	Next *Authority
	// Previous is still trusted, and its key is gone; nil unless a rotation is about to end.
	Previous *x509.Certificate
}

// trusted gives the certificates that belong into every bundle.
func (v *Vault) trusted() []*x509.Certificate {
	out := []*x509.Certificate{v.Active.Certificate}
	if v.Next != nil {
		out = append(out, v.Next.Certificate)
	}
	if v.Previous != nil {
		out = append(out, v.Previous)
	}
	return out
}

// Encode gives the entries of the Secret.
func (v *Vault) Encode() (map[string][]byte, error) {
	out := map[string][]byte{}
	if err := encodeAuthority(out, activeCertificate, activeKey, v.Active); err != nil {
		return nil, err
	}
	if v.Next != nil {
		if err := encodeAuthority(out, nextCertificate, nextKey, v.Next); err != nil {
			return nil, err
		}
	}
	if v.Previous != nil {
		out[previousCertificate] = EncodeBundle(v.Previous)
	}
	return out, nil
}

func encodeAuthority(out map[string][]byte, crt, key string, a *Authority) error {
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	out[crt] = a.Bundle()
	out[key] = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return nil
}

// DecodeVault reads the entries of the Secret. None at all give nil: there is no CA yet. An error names the entry.
func DecodeVault(entries map[string][]byte) (*Vault, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	v := &Vault{}
	var err error
	if v.Active, err = decodeAuthority(entries, activeCertificate, activeKey); err != nil {
		return nil, err
	}
	if _, ok := entries[nextCertificate]; ok {
		if v.Next, err = decodeAuthority(entries, nextCertificate, nextKey); err != nil {
			return nil, err
		}
	}
	if raw, ok := entries[previousCertificate]; ok {
		if v.Previous, err = decodeOne(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", previousCertificate, err)
		}
	}
	return v, nil
}

func decodeAuthority(entries map[string][]byte, crt, key string) (*Authority, error) {
	c, err := decodeOne(entries[crt])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", crt, err)
	}
	block, _ := pem.Decode(entries[key])
	if block == nil {
		return nil, fmt.Errorf("%s: no PEM block", key)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	signer, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: want an ECDSA key, got %T", key, parsed)
	}
	if !signer.PublicKey.Equal(c.PublicKey) {
		return nil, fmt.Errorf("%s does not belong to %s", key, crt)
	}
	if !c.IsCA {
		return nil, fmt.Errorf("%s: not a CA", crt)
	}
	return &Authority{Certificate: c, key: signer}, nil
}

func decodeOne(raw []byte) (*x509.Certificate, error) {
	list := DecodeBundle(raw)
	if len(list) != 1 {
		return nil, fmt.Errorf("want one certificate in PEM, got %d", len(list))
	}
	return list[0], nil
}

// DecodeBundle gives the certificates in raw, a caBundle. What is no certificate trusts nobody, so it is passed over.
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

package certs

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// The keys of the Secret's data.
const (
	activeCertificate   = "active.crt"
	activeKey           = "active.key"
	nextCertificate     = "next.crt"
	nextKey             = "next.key"
	previousCertificate = "previous.crt"
)

// CASet is the CAs that the replicas share, as a Secret stores them: the one that signs, the one that is to follow, and
// the one before. It is immutable.
type CASet struct {
	// Active signs.
	Active *Authority
	// Next is trusted and does not sign yet; nil unless a rotation began.
	Next *Authority
	// Previous is still trusted, and its key is deleted; nil unless a rotation is about to end.
	Previous *x509.Certificate
}

// certificates returns those that belong into every bundle.
func (s *CASet) certificates() []*x509.Certificate {
	out := []*x509.Certificate{s.Active.Certificate}
	if s.Next != nil {
		out = append(out, s.Next.Certificate)
	}
	if s.Previous != nil {
		out = append(out, s.Previous)
	}
	return out
}

// Encode returns the data of the Secret.
func (s *CASet) Encode() (map[string][]byte, error) {
	out := map[string][]byte{}
	if err := encodeAuthority(out, activeCertificate, activeKey, s.Active); err != nil {
		return nil, err
	}
	if s.Next != nil {
		if err := encodeAuthority(out, nextCertificate, nextKey, s.Next); err != nil {
			return nil, err
		}
	}
	if s.Previous != nil {
		out[previousCertificate] = EncodeBundle(s.Previous)
	}
	return out, nil
}

func encodeAuthority(out map[string][]byte, crt, key string, a *Authority) error {
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	out[crt] = EncodeBundle(a.Certificate)
	out[key] = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return nil
}

// DecodeCASet reads the data of the Secret. It returns nil if there is none: there is no CA yet. An error names the key.
func DecodeCASet(data map[string][]byte) (*CASet, error) {
	if len(data) == 0 {
		return nil, nil
	}
	s := &CASet{}
	var err error
	if s.Active, err = decodeAuthority(data, activeCertificate, activeKey); err != nil {
		return nil, err
	}
	if _, ok := data[nextCertificate]; ok {
		if s.Next, err = decodeAuthority(data, nextCertificate, nextKey); err != nil {
			return nil, err
		}
	}
	if raw, ok := data[previousCertificate]; ok {
		if s.Previous, err = decodeCertificate(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", previousCertificate, err)
		}
	}
	return s, nil
}

func decodeAuthority(data map[string][]byte, crt, key string) (*Authority, error) {
	c, err := decodeCertificate(data[crt])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", crt, err)
	}
	block, _ := pem.Decode(data[key])
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

func decodeCertificate(raw []byte) (*x509.Certificate, error) {
	list := DecodeBundle(raw)
	if len(list) != 1 {
		return nil, fmt.Errorf("want one certificate in PEM, got %d", len(list))
	}
	return list[0], nil
}

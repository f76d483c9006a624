package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
)

// signer signs as cosign does: ECDSA over the SHA-256 of the bytes. The nonce comes from the key and the bytes
// (RFC 6979), so that signatures, too, are the same in two runs.
type signer struct{ key *ecdsa.PrivateKey }

// readSigner reads a key from a file, or, as cosign does for env://NAME, from the environment.
func readSigner(path string) (*signer, error) {
	var raw []byte
	if name, ok := strings.CutPrefix(path, "env://"); ok {
		raw = []byte(os.Getenv(name))
	} else {
		var err error
		if raw, err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("%s: no PEM", path)
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return &signer{key}, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: neither SEC 1 nor PKCS #8: %w", path, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: a %T, not an ECDSA key", path, parsed)
	}
	return &signer{key}, nil
}

// signBase64 returns the signature of data.
func (s *signer) signBase64(data []byte) (string, error) {
	if s == nil {
		return "", errors.New("no key to sign with")
	}
	sum := sha256.Sum256(data)
	signature, err := s.key.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return base64.StdEncoding.EncodeToString(signature), nil
}

// simpleSigning returns what is signed of an image: the payload of a cosign signature. reference is what the signer
// calls it; in which registry it will be is not known yet, and cosign does not compare it.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
func simpleSigning(reference, digest string) ([]byte, error) {
	type object map[string]any
	return json.Marshal(object{
		"critical": object{
			"identity": object{"docker-reference": reference},
			"image":    object{"docker-manifest-digest": digest},
			"type":     "cosign container image signature",
		},
		"optional": nil,
	})
}

// envelope is DSSE's: https://github.com/secure-systems-lab/dsse/blob/master/envelope.md
type envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     string      `json:"payload"`
	Signatures  []signature `json:"signatures"`
}

type signature struct {
	Sig string `json:"sig"`
}

// intotoType is the payloadType of statements.
const intotoType = "application/vnd.in-toto+json"

// seal returns a statement in a signed envelope.
func (s *signer) seal(statement []byte) ([]byte, error) {
	sig, err := s.signBase64(authenticated(intotoType, statement))
	if err != nil {
		return nil, err
	}
	return json.Marshal(envelope{intotoType, base64.StdEncoding.EncodeToString(statement), []signature{{sig}}})
}

// authenticated returns DSSE's pre-authentication encoding, which is what is signed.
func authenticated(payloadType string, payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

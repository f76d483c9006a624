package main

import (
	"crypto/x509"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// TestRootsWhereTheMachineHasNone runs itself as in an empty image: the roots of a process are read once.
func TestRootsWhereTheMachineHasNone(t *testing.T) {
	if os.Getenv("TLSWARD_TEST_NO_ROOTS") == "" {
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		again.Env = append(os.Environ(), "TLSWARD_TEST_NO_ROOTS=1", "SSL_CERT_FILE=/nowhere", "SSL_CERT_DIR=/nowhere")
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	for root := range bundle.Roots() {
		cert, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		if root.Constraint != nil || time.Now().After(cert.NotAfter) {
			continue
		}
		if _, err := cert.Verify(x509.VerifyOptions{}); err != nil {
			t.Fatalf("%s is not trusted: %v", cert.Subject, err)
		}
		return
	}
	t.Fatal("no root to try")
}

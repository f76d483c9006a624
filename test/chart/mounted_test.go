//go:build chart

package chart

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// project puts files into dir as the kubelet does for a mounted Secret: names are links through ..data, which is
// swapped, so that all change at once.
func project(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(dir, 0o700))
	next, err := os.MkdirTemp(dir, "..version-")
	must(err)
	data, fresh := filepath.Join(dir, "..data"), filepath.Join(dir, "..data_tmp")
	last, _ := os.Readlink(data)
	must(os.Symlink(filepath.Base(next), fresh))
	for name, raw := range files {
		must(os.WriteFile(filepath.Join(next, name), raw, 0o600))
		if _, err := os.Lstat(filepath.Join(dir, name)); os.IsNotExist(err) {
			must(os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
		}
	}
	must(os.Rename(fresh, data))
	if last != "" {
		must(os.RemoveAll(filepath.Join(dir, last)))
	}
}

// TestMountedPair runs the servers with a pair that its owner keeps, and replaces pair and CA under them.
func TestMountedPair(t *testing.T) {
	p := startPlane(t)
	p.installCRDs(t)
	r := newRelease(t, p)
	r.pair = filepath.Join(p.dir, "pair")
	first, second := newPair(t), newPair(t)
	r.trust(first.CA)
	r.install()
	project(t, r.pair, files(first))
	r.serve()
	r.closed()
	asked(t, r)
	r.untouched(first.CA)

	// A new CA is trusted first, then serves, then the old one goes.
	r.trust(append(bytes.Clone(first.CA), second.CA...))
	r.upgrade()
	asked(t, r)
	project(t, r.pair, files(second))
	r.serves(second.Cert)
	asked(t, r)
	r.trust(second.CA)
	r.upgrade()
	asked(t, r) // by a handshake of its own: what the API server trusts is another thing now
	r.untouched(second.CA)
}

func newPair(t *testing.T) cluster.Pair {
	t.Helper()
	pair, err := cluster.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// files returns a pair as a Secret of type kubernetes.io/tls holds it.
func files(p cluster.Pair) map[string][]byte {
	return map[string][]byte{"tls.crt": p.Cert, "tls.key": p.Key}
}

// trust sets the chart's values for a mounted pair, with this CA bundle.
func (r *release) trust(bundle []byte) {
	r.t.Helper()
	file := r.plane.write(r.t, "bundle.pem", string(bundle))
	r.fixed = []string{"--set", "certificates.source=mounted,certificates.mounted.secretName=pair",
		"--set-file", "certificates.mounted.caBundle=" + file}
}

// serves waits until the first server presents this certificate, PEM.
func (r *release) serves(certificate []byte) {
	r.t.Helper()
	block, _ := pem.Decode(certificate)
	r.await("serving the new pair", func() string {
		if !bytes.Equal(r.presented(&tls.Config{InsecureSkipVerify: true}).Raw, block.Bytes) { //nolint:gosec // the certificate itself is compared
			return "the old one is served"
		}
		return ""
	})
}

// presented returns the certificate that the first server presents.
func (r *release) presented(config *tls.Config) *x509.Certificate {
	r.t.Helper()
	conn, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", r.port), config)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0]
}

// untouched fails where the webhook configurations trust anything but bundle: the program must keep its hands off.
func (r *release) untouched(bundle []byte) {
	r.t.Helper()
	m, v := r.bundles()
	if m != string(bundle) || v != string(bundle) {
		r.t.Errorf("the CA bundles are not those of the values:\n%s\n%s", m, v)
	}
}

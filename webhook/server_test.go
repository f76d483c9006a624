package webhook

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"
	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url) //nolint:noctx // loopback
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestProbes(t *testing.T) {
	var health Health
	server := httptest.NewServer(health.Routes())
	t.Cleanup(server.Close)
	var synced error = errors.New("waiting for Gateway")
	health.Check("mesh", func() error { return synced })
	note := ""
	health.Note("configuration", func() string { return note })

	if code, _ := get(t, server.URL+"/healthz"); code != 200 {
		t.Errorf("healthz: %d", code)
	}
	if code, text := get(t, server.URL+"/readyz"); code != 503 || !strings.Contains(text, "[-] mesh: waiting for Gateway") {
		t.Errorf("readyz: %d %s", code, text)
	}
	synced = nil
	if code, text := get(t, server.URL+"/readyz"); code != 200 || text != "ok\n" {
		t.Errorf("readyz: %d %q", code, text)
	}
	note = "refused: x"
	if code, text := get(t, server.URL+"/readyz?verbose"); code != 200 || text != "[+] mesh ok\n[!] configuration: refused: x\nok\n" {
		t.Errorf("readyz?verbose: %d %q", code, text)
	}
	health.Drain()
	if code, text := get(t, server.URL+"/readyz"); code != 503 || !strings.Contains(text, "shutting down") {
		t.Errorf("readyz while draining: %d %s", code, text)
	}
}

// While the server drains it is unready and still answers; a review in flight gets its answer.
func TestDrain(t *testing.T) {
	f := newFixture(t, Options{Cache: newCache(t, fixture.Entry)})
	f.Use(testEvaluator(t))
	entered := make(chan struct{})
	slow := func(context.Context, *admission.Evaluator, *ctrladmission.Request) (outcome, error) {
		close(entered)
		time.Sleep(600 * time.Millisecond)
		return allowed(), nil
	}
	server := startDraining(t, func(s ctrlwebhook.Server) {
		f.register(s, endpoint{name: "slow", decide: slow, undecided: refused})
		f.Register(s)
	}, 300*time.Millisecond, nil)
	answered := make(chan bool, 1)
	stopped := make(chan error, 1)
	go func() { answered <- server.review(t, "/slow", create(t, fixture.GoodRule)).Allowed }()
	<-entered
	go func() { stopped <- server.stop() }()
	eventually(t, "unready", func() bool { return server.health.Ready() != nil })
	if got := server.review(t, "/validate", create(t, fixture.GoodRule)); !got.Allowed {
		t.Errorf("a review while draining: %+v", got)
	}
	if !<-answered {
		t.Error("the review in flight was lost")
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	if _, err := server.client.Get(server.url + "/validate"); err == nil {
		t.Error("the server still answers")
	}
}

func TestTransport(t *testing.T) {
	server := start(t, nothing)
	response, err := server.client.Get(server.url)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.Proto != "HTTP/2.0" || response.TLS.Version != tls.VersionTLS13 {
		t.Errorf("%s over TLS %x", response.Proto, response.TLS.Version)
	}
	address := strings.TrimPrefix(server.url, "https://")
	config := server.client.Transport.(*http.Transport).TLSClientConfig.Clone()
	config.MaxVersion = tls.VersionTLS11
	config.MinVersion = tls.VersionTLS10
	if c, err := tls.Dial("tcp", address, config); err == nil {
		_ = c.Close()
		t.Error("TLS 1.1 was accepted")
	}
	config.MaxVersion, config.MinVersion = tls.VersionTLS12, tls.VersionTLS12
	c, err := tls.Dial("tcp", address, config)
	if err != nil {
		t.Fatalf("TLS 1.2: %v", err)
	}
	_ = c.Close()
}

// ca is a client CA for tests.
type ca struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newCA(t *testing.T, parent *ca) *ca {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: t.Name()},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
		IsCA: parent == nil, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	signer, signedBy := key, template
	if parent != nil {
		signer, signedBy = parent.key, parent.certificate
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signedBy, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &ca{certificate, key}
}

func (c *ca) write(t *testing.T, path string) {
	t.Helper()
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.certificate.Raw})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestClientCA(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ca.crt")
	old, next := newCA(t, nil), newCA(t, nil)
	old.write(t, path)
	server := startDraining(t, nothing, 0, func(c *tls.Config) *tls.Config {
		config, err := TLSConfig(certificatesOf(c), path)
		if err != nil {
			t.Fatal(err)
		}
		return config
	})
	roots := server.client.Transport.(*http.Transport).TLSClientConfig.RootCAs
	ask := func(authority *ca) error {
		config := &tls.Config{RootCAs: roots}
		if authority != nil {
			leaf := newCA(t, authority)
			config.Certificates = []tls.Certificate{{Certificate: [][]byte{leaf.certificate.Raw}, PrivateKey: leaf.key}}
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		response, err := client.Get(server.url)
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	}
	if ask(nil) == nil {
		t.Error("a client without a certificate was let in")
	}
	if ask(next) == nil {
		t.Error("a client of another CA was let in")
	}
	if err := ask(old); err != nil {
		t.Errorf("a client of the CA: %v", err)
	}
	next.write(t, path)
	if err := ask(next); err != nil {
		t.Errorf("a client of the new CA: %v", err)
	}
	if err := os.WriteFile(path, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ask(next); err != nil {
		t.Errorf("a broken file lost the last good CA: %v", err)
	}
	if _, err := TLSConfig(certificatesOf(&tls.Config{}), path); err == nil {
		t.Error("a broken file was taken at start")
	}
}

type certificatesFunc func(*tls.ClientHelloInfo) (*tls.Certificate, error)

func (f certificatesFunc) GetCertificate(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return f(h)
}

func certificatesOf(c *tls.Config) Certificates { return certificatesFunc(c.GetCertificate) }

func TestExpiry(t *testing.T) {
	if got := expiry(certificatesFunc(func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("none") })); got.Unix() != 0 {
		t.Errorf("no certificate expires at %s", got)
	}
	c := newCA(t, nil).certificate
	pair := &tls.Certificate{Certificate: [][]byte{c.Raw}}
	if got := expiry(certificatesFunc(func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair, nil })); !got.Equal(c.NotAfter) {
		t.Errorf("expires %s, want %s", got, c.NotAfter)
	}
}

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
)

// bundleOf returns a bundle as `opa build` writes it.
func bundleOf(t *testing.T, policy string) []byte {
	t.Helper()
	b := bundle.Bundle{Data: map[string]any{}, Manifest: bundle.Manifest{Roots: &[]string{"tlsward/no_rules"}}}
	b.Manifest.Init()
	b.Modules = []bundle.ModuleFile{{URL: "/policy.rego", Path: "/policy.rego", Raw: []byte(policy), Parsed: ast.MustParseModule(policy)}}
	var out bytes.Buffer
	if err := bundle.NewWriter(&out).Write(b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestServeFollowsBundlesAndLogsDecisions(t *testing.T) {
	var current atomic.Pointer[[]byte]
	var version atomic.Int64
	put := func(b []byte) { current.Store(&b); version.Add(1) }
	put(bundleOf(t, ownPolicy))
	decisions := make(chan string, 100)
	remote := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/logs" {
			if zipped, err := gzip.NewReader(r.Body); err == nil {
				text, _ := io.ReadAll(zipped)
				decisions <- string(text)
			}
			return
		}
		w.Header().Set("ETag", fmt.Sprint(version.Load()))
		_, _ = w.Write(*current.Load())
	}))
	t.Cleanup(remote.Close)
	config := filepath.Join(t.TempDir(), "opa.yaml")
	writeFile(t, config, fmt.Sprintf(`
services: {remote: {url: %s}}
bundles: {mine: {service: remote, resource: bundle.tar.gz, polling: {min_delay_seconds: 1, max_delay_seconds: 1}}}
decision_logs: {service: remote, reporting: {min_delay_seconds: 1, max_delay_seconds: 1}}
`, remote.URL))

	s := startServe(t, "--manifests", t.TempDir(), "--opa-config", config)
	if !s.denies() {
		t.Fatal("the bundle's policy is not in force")
	}
	select {
	case text := <-decisions:
		for _, want := range []string{`"decision_id":"u"`, `"policy":"no-rules"`, `"kind":"DestinationRule"`, `"path":"tlsward/decision"`} {
			if !strings.Contains(text, want) {
				t.Errorf("the decision log lacks %s: %s", want, text)
			}
		}
	case <-time.After(20 * time.Second):
		t.Error("no decision was logged")
	}
	put([]byte("no bundle"))
	s.until("the refusal", func() bool { return strings.Contains(s.get("probes", "/readyz?verbose"), "bundle mine") })
	if !s.denies() {
		t.Error("the last good policies were lost")
	}
	put(bundleOf(t, strings.Replace(ownPolicy, `== "CREATE"`, `== "DELETE"`, 1)))
	s.until("the new bundle", func() bool { return !s.denies() })
}

func TestServeNeedsItsBundles(t *testing.T) {
	config := filepath.Join(t.TempDir(), "opa.yaml")
	writeFile(t, config, "bundles: {mine: {service: nobody}}\n")
	var stderr strings.Builder
	code := run(t.Context(), []string{"serve", "--manifests", t.TempDir(), "--opa-config", config}, strings.NewReader(""), io.Discard, &stderr)
	if code != exitFailed || !strings.Contains(stderr.String(), "opa.yaml") {
		t.Errorf("exit code %d, %q; want 2 and the file's name", code, stderr.String())
	}
}

// TestServeTakesBundlesOverHTTPS: the server's certificate is from a CA that only the configuration names.
func TestServeTakesBundlesOverHTTPS(t *testing.T) {
	policies := bundleOf(t, ownPolicy)
	remote := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(policies) }))
	t.Cleanup(remote.Close)
	ca, config := filepath.Join(t.TempDir(), "ca.crt"), filepath.Join(t.TempDir(), "opa.yaml")
	writeFile(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: remote.Certificate().Raw})))
	writeFile(t, config, fmt.Sprintf("services: {remote: {url: %s, tls: {ca_cert: %s}}}\nbundles: {mine: {service: remote, resource: bundle.tar.gz}}\n", remote.URL, ca))
	if s := startServe(t, "--manifests", t.TempDir(), "--opa-config", config); !s.denies() {
		t.Error("the bundle's policy is not in force")
	}
}

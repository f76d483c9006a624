package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	configHead = "apiVersion: tlsward.io/v1alpha1\nkind: Config\n"
	shopEntry  = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: shop, namespace: default}
spec:
  hosts: [shop.example.com]
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
  resolution: DNS
`
	disabledReview = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE",
"kind":{"group":"networking.istio.io","version":"v1","kind":"DestinationRule"},"name":"shop","namespace":"default",
"object":{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"shop","namespace":"default"},
"spec":{"host":"shop.example.com","trafficPolicy":{"tls":{"mode":"DISABLE"}}}}}}`
)

// served is `tlsward serve` in this process.
type served struct {
	t         *testing.T
	addresses map[string]string
	stop      context.CancelFunc
	code      chan int
}

// startServe runs the command until it listens; args follow those that make it self-contained.
func startServe(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	log, stderr := io.Pipe()
	s := &served{t: t, addresses: map[string]string{}, stop: cancel, code: make(chan int, 1)}
	args = append([]string{"serve", "--bind", "127.0.0.1", "--port", "0", "--metrics-port", "0", "--health-port", "0",
		"--drain", "0s"}, args...)
	go func() {
		s.code <- run(ctx, args, strings.NewReader(""), io.Discard, stderr)
		_ = stderr.Close()
	}()
	t.Cleanup(func() { cancel(); _, _ = io.Copy(io.Discard, log) })
	lines := bufio.NewScanner(log)
	for len(s.addresses) < 3 && lines.Scan() {
		var line struct{ Msg, For, Address string }
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			t.Fatalf("it ended: %s", lines.Text())
		}
		if line.Msg == "listening" {
			s.addresses[line.For] = line.Address
		}
	}
	go func() { _, _ = io.Copy(io.Discard, log) }()
	return s
}

// denies asks about a rule that disables TLS.
func (s *served) denies() bool {
	s.t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // loopback
	response, err := client.Post("https://"+s.addresses["reviews"]+"/validate", "application/json", strings.NewReader(disabledReview))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var review struct{ Response *struct{ Allowed bool } }
	if err := json.NewDecoder(response.Body).Decode(&review); err != nil || review.Response == nil {
		s.t.Fatalf("status %s: %v", response.Status, err)
	}
	return !review.Response.Allowed
}

func (s *served) get(listener, path string) string {
	s.t.Helper()
	response, err := http.Get("http://" + s.addresses[listener] + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// until waits for a condition; the configuration is looked at every other second.
func (s *served) until(what string, condition func() bool) {
	s.t.Helper()
	for range 100 {
		if condition() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Fatalf("%s: not within ten seconds", what)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestServeReloadsItsConfiguration(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "tlsward.yaml")
	writeFile(t, filepath.Join(dir, "shop.yaml"), shopEntry)
	writeFile(t, file, configHead)
	s := startServe(t, "--manifests", dir, "--config", file)
	if !s.denies() {
		t.Fatal("a rule that disables TLS is admitted")
	}
	if got := s.get("probes", "/readyz"); got != "ok\n" {
		t.Errorf("readyz: %s", got)
	}

	writeFile(t, file, configHead+"policies: {plaintext-egress: {action: warn}}\n")
	s.until("the new configuration", func() bool { return !s.denies() })

	writeFile(t, file, configHead+"policies: {plaintext-egres: {action: deny}}\n")
	s.until("the refusal", func() bool {
		return strings.Contains(s.get("probes", "/readyz?verbose"), "the last good one is in force; refused: ")
	})
	if s.denies() {
		t.Error("the last good configuration was lost")
	}
	if got := s.get("metrics", "/metrics"); !strings.Contains(got, `tlsward_config_reloads_total{result="refused"} 1`) {
		t.Error("the refusal is not counted")
	}

	writeFile(t, file, configHead)
	s.until("the mended configuration", s.denies)
	if got := s.get("probes", "/readyz?verbose"); strings.Contains(got, "refused") {
		t.Errorf("still told as refused: %s", got)
	}
	s.stop()
	if code := <-s.code; code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

const ownPolicy = `# METADATA
# title: No rule at all
# description: A policy for a test.
# custom:
#   id: no-rules
#   action: deny
#   kinds: [DestinationRule]
package tlsward.no_rules

violation contains {"message": "%s"} if input.request.operation == "CREATE"
`

func TestServeFollowsPolicies(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "names.rego"), "package tlsward.names\n")
	s := startServe(t, "--manifests", t.TempDir(), "--policies", dir)
	if s.denies() {
		t.Fatal("a rule for a host that is in no mesh is refused")
	}
	writeFile(t, filepath.Join(dir, "mine.rego"), ownPolicy)
	s.until("the policy", s.denies)
	writeFile(t, filepath.Join(dir, "mine.rego"), ownPolicy+"violation contains")
	s.until("the refusal", func() bool { return strings.Contains(s.get("probes", "/readyz?verbose"), "mine.rego:") })
	if !s.denies() {
		t.Error("the last good policies were lost")
	}
	if got := s.get("metrics", "/metrics"); !strings.Contains(got, `tlsward_policy_reloads_total{result="refused"} 1`) {
		t.Error("the refusal is not counted")
	}
	if err := os.Remove(filepath.Join(dir, "mine.rego")); err != nil {
		t.Fatal(err)
	}
	s.until("the policy's end", func() bool { return !s.denies() })
}

func TestServeRefusesToStart(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.yaml")
	writeFile(t, broken, configHead+"strct: true\n")
	manifests := filepath.Join(dir, "manifests")
	if err := os.Mkdir(manifests, 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(manifests, "odd.yaml"), strings.Replace(shopEntry, "hosts: [shop.example.com]", "hosts: 7", 1))
	for want, args := range map[string][]string{
		"broken.yaml:3: strct: unknown field": {"--config", broken, "--manifests", dir},
		"no such file":                        {"--config", filepath.Join(dir, "none"), "--manifests", dir},
		"odd.yaml:5: ServiceEntry default/shop: spec.hosts: want a list": {"--manifests", manifests},
		"unknown flag: --nothing":           {"--nothing"},
		"load the serving certificate":      {"--manifests", t.TempDir(), "--cert-dir", dir},
		"read client CA":                    {"--manifests", t.TempDir(), "--client-ca", filepath.Join(dir, "none")},
		"find the API server (--kubeconfig": {"--kubeconfig", filepath.Join(dir, "none")},
		`unknown command "x"`:               {"x"},
	} {
		var stderr strings.Builder
		code := run(t.Context(), append([]string{"serve"}, args...), strings.NewReader(""), io.Discard, &stderr)
		if code != exitFailed || !strings.Contains(stderr.String(), want) {
			t.Errorf("serve %v: exit code %d, %q; want 2 and %q", args, code, stderr.String(), want)
		}
	}
}

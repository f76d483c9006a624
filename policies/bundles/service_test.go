package bundles

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"

	"github.com/tlsward/tlsward/policies"
)

const policy = `# METADATA
# title: A policy
# description: From a bundle.
# custom:
#   id: mine
#   action: deny
#   kinds: [ServiceEntry]
package tlsward.mine

violation contains {"message": data.words.no}
`

// What a bundle brings is tested with the data that it brings.
const policyTest = `package tlsward.mine_test

test_the_words_are_here if data.words.no == "never"
`

const mask = `package system.log

mask contains "/input/request/userInfo"
`

// build returns a bundle as `opa build` writes it, signed where there is a key.
func build(t *testing.T, text, key string) []byte {
	t.Helper()
	b := bundle.Bundle{
		Manifest: bundle.Manifest{Revision: "r1", Roots: &[]string{"tlsward/mine", "tlsward/mine_test", "words", "system/log"}},
		Data:     map[string]any{"words": map[string]any{"no": "never"}},
	}
	b.Manifest.Init()
	for name, text := range map[string]string{"/mine/policy.rego": text, "/mine/policy_test.rego": policyTest, "/log/mask.rego": mask} {
		b.Modules = append(b.Modules, bundle.ModuleFile{
			URL: name, Path: name, Raw: []byte(text), Parsed: ast.MustParseModule(text),
		})
	}
	if key != "" {
		if err := b.GenerateSignature(bundle.NewSigningConfig(key, "HS256", ""), "", false); err != nil {
			t.Fatal(err)
		}
	}
	var buffer bytes.Buffer
	if err := bundle.NewWriter(&buffer).Write(b); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// remote is a bundle server and a decision log service.
type remote struct {
	*httptest.Server
	mu     sync.Mutex
	bundle []byte
	etag   int
	events chan map[string]any
}

func serve(t *testing.T, first []byte) *remote {
	t.Helper()
	r := &remote{bundle: first, events: make(chan map[string]any, 10)}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *remote) set(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bundle, r.etag = b, r.etag+1
}

func (r *remote) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch req.URL.Path {
	case "/bundles/mine.tar.gz":
		r.mu.Lock()
		defer r.mu.Unlock()
		w.Header().Set("ETag", fmt.Sprint(r.etag))
		_, _ = w.Write(r.bundle)
	case "/logs":
		zipped, err := gzip.NewReader(req.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		text, _ := io.ReadAll(zipped)
		var events []map[string]any
		_ = json.Unmarshal(text, &events)
		for _, e := range events {
			r.events <- e
		}
	}
}

func (r *remote) config(more string) []byte {
	return []byte(fmt.Sprintf(`
services: {remote: {url: %s}}
bundles:
  mine: {service: remote, resource: bundles/mine.tar.gz, polling: {min_delay_seconds: 1, max_delay_seconds: 1}%s}
decision_logs: {service: remote, reporting: {min_delay_seconds: 1, max_delay_seconds: 1}}
`, r.URL, more))
}

func start(t *testing.T, config []byte) *Service {
	t.Helper()
	s, err := New(t.Context(), config, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop(context.Background()) })
	return s
}

func wait(t *testing.T, s *Service, patience time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return s.Wait(ctx)
}

func firstMessage(t *testing.T, e *policies.Engine) string {
	t.Helper()
	found, err := e.Evaluate(t.Context(), input)
	if err != nil {
		return err.Error()
	}
	for _, v := range found {
		if v.Policy == "mine" {
			return v.Message
		}
	}
	return "nothing"
}

var input = policies.Input{Request: policies.Request{
	Operation: policies.Create, Kind: "ServiceEntry", Name: "x", UserInfo: policies.UserInfo{Username: "alice"},
}}

func TestABundleFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.tar.gz")
	if err := os.WriteFile(path, build(t, policy, ""), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, []byte(fmt.Sprintf(`bundles: {mine: {resource: "file://%s"}}`, path)))
	if err := wait(t, s, 2*time.Minute); err != nil {
		t.Fatal(err)
	}
	e, err := policies.New(t.Context(), nil, s)
	if err != nil {
		t.Fatal(err)
	}
	if got := firstMessage(t, e); got != "never" {
		t.Errorf("got %q, want the bundle's policy with the bundle's data", got)
	}
}

func TestASignedBundleIsFollowed(t *testing.T) {
	r := serve(t, build(t, policy, "secret"))
	signed := r.config(", signing: {keyid: k}")
	signed = append(signed, "keys: {k: {algorithm: HS256, key: secret}}\n"...)
	s := start(t, signed)
	if err := wait(t, s, 2*time.Minute); err != nil {
		t.Fatal(err)
	}
	reloader, err := policies.NewReloader(t.Context(), nil, s)
	if err != nil {
		t.Fatal(err)
	}
	refresh := func(want string) {
		t.Helper()
		var err error
		for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
			<-s.Changed()
			if _, err = reloader.Refresh(t.Context()); err != nil && want != "" && strings.Contains(err.Error(), want) {
				return
			}
			if err == nil && want == "" {
				return
			}
		}
		t.Fatalf("got %v, want %q", err, want)
	}
	for name, tc := range map[string]struct {
		bundle []byte
		want   string
	}{
		"signed with another key":   {build(t, policy, "other"), "bundle mine: "},
		"not signed":                {build(t, policy, ""), "bundle mine: "},
		"a field is misspelt":       {build(t, strings.Replace(policy, "data.words.no", "input.request.nmae", 1), "secret"), "mine/policy.rego:10: undefined ref: input.request.nmae"},
		"a function is not defined": {build(t, strings.Replace(policy, "data.words.no", "data.tlsward.lib.no(1)", 1), "secret"), "undefined function data.tlsward.lib.no"},
	} {
		r.set(tc.bundle)
		refresh(tc.want)
		if got := firstMessage(t, reloader.Engine()); got != "never" {
			t.Errorf("%s: %q is in force, want the last good one", name, got)
		}
	}
	r.set(build(t, strings.Replace(policy, "data.words.no", `"not today"`, 1), "secret"))
	refresh("")
	if got := firstMessage(t, reloader.Engine()); got != "not today" {
		t.Errorf("%q is in force, want the newest", got)
	}
}

func TestADecisionIsLoggedAndMasked(t *testing.T) {
	r := serve(t, build(t, policy, ""))
	s := start(t, r.config(""))
	if err := wait(t, s, 2*time.Minute); err != nil {
		t.Fatal(err)
	}
	err := s.Log(t.Context(), Decision{
		ID: "uid", Time: time.Now(), Input: input, Violations: []policies.Violation{{Policy: "mine", Action: "deny", Message: "never"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case event := <-r.events:
		text, _ := json.Marshal(event)
		for _, want := range []string{`"decision_id":"uid"`, `"path":"tlsward/decision"`, `"policy":"mine"`, `"revision":"r1"`, `"erased":["/input/request/userInfo"]`} {
			if !strings.Contains(string(text), want) {
				t.Errorf("got %s, want %s in it", text, want)
			}
		}
		if strings.Contains(string(text), "alice") {
			t.Errorf("what is masked is logged: %s", text)
		}
	case <-time.After(2 * time.Minute):
		t.Error("no decision was sent")
	}
}

func TestWithoutBundlesOrLogsNothingIsDone(t *testing.T) {
	s := start(t, nil)
	if err := wait(t, s, time.Minute); err != nil {
		t.Error(err)
	}
	files, err := s.Load(t.Context())
	data, err2 := s.Data(t.Context())
	if len(files)+len(data) != 0 || err != nil || err2 != nil {
		t.Errorf("got %v, %v, %v, %v", files, data, err, err2)
	}
	if err := s.Log(t.Context(), Decision{}); err != nil {
		t.Error(err)
	}
}

func TestABadConfigurationIsRefused(t *testing.T) {
	for _, text := range []string{"bundles: [", "services: 5", "bundles: {mine: {service: nobody}}", "decision_logs: {service: nobody}"} {
		s, err := New(t.Context(), []byte(text), quiet())
		if err == nil {
			err = s.Start(t.Context())
			s.Stop(t.Context())
		}
		if err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func TestABundleThatDoesNotComeIsSaid(t *testing.T) {
	r := serve(t, []byte("no bundle"))
	s := start(t, r.config(""))
	if err := wait(t, s, 3*time.Second); err == nil || !strings.Contains(err.Error(), "bundle mine") {
		t.Errorf("got %v", err)
	}
	if _, err := s.Load(t.Context()); err == nil {
		t.Error("policies are loaded without the bundle")
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

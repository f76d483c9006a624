package verify

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/cli/proxies/proxiestest"
)

// admin serves a file as Envoy's admin port does, and returns its address.
func admin(t *testing.T, dump string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, dump) }))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// ask runs the command on the proxies of a server's pods.
func ask(t *testing.T, server *proxiestest.Server, output string, pods ...string) (string, error) {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: a, clusters: [{name: c, cluster: {server: %q}}],
  contexts: [{name: a, context: {cluster: c, namespace: default}}]}`, server.Start(t))
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{
		Source: offline.Source{Paths: []string{"testdata/mesh.yaml"}, Kubeconfig: kubeconfig}, Pods: pods, AdminPort: 15000, Output: output,
	}
	var out, errs strings.Builder
	err := Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, Out: &out, Err: &errs})
	return out.String(), err
}

func TestRunAsksTheProxiesOfACluster(t *testing.T) {
	sidecar := corev1.Container{Name: "istio-proxy"}
	server := &proxiestest.Server{
		Pods:   []corev1.Pod{proxiestest.Pod("default", "other", sidecar), proxiestest.Pod("default", "silent", sidecar)},
		Envoys: map[string]string{"default/other": admin(t, "testdata/other.json")},
	}
	text, err := ask(t, server, "text", "other")
	if err != nil || !strings.HasSuffix(text, "2 connections of 1 proxy compared: 2 agree, 0 differ\n") {
		t.Errorf("one that is named: got %v and\n%s", err, text)
	}
	text, err = ask(t, server, "text")
	if !errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(text, "pod default/silent: not asked: ask Envoy at its admin port 15000: ") ||
		!strings.HasSuffix(text, "2 connections of 1 proxy compared: 2 agree, 0 differ; 1 proxy could not be asked\n") {
		t.Errorf("all, of which one is silent: got %v and\n%s", err, text)
	}
	text, err = ask(t, server, "json", "silent")
	if err == nil || err.Error() != "nothing was compared: no proxy could be asked" || !strings.Contains(text, `"unreached": "ask Envoy`) {
		t.Errorf("one that is silent: got %v and\n%s", err, text)
	}
}

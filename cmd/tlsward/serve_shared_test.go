package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// unreachable is a kubeconfig of an API server that does not exist.
const unreachable = `{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c}}],
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]}`

func TestServeRefusesALifeThatIsTooShort(t *testing.T) {
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	writeFile(t, kubeconfig, unreachable)
	var stderr strings.Builder
	code := run(t.Context(), []string{"serve", "--kubeconfig", kubeconfig, "--namespace", "n", "--webhook-configurations", "w",
		"--ca-secret", "s", "--cert-name", "localhost", "--ca-life", "60s", "--cert-life", "10s", "--ca-settle", "2s"},
		strings.NewReader(""), io.Discard, &stderr)
	if code != exitFailed || !strings.Contains(stderr.String(), "--ca-life") || !strings.Contains(stderr.String(), "its life (1m0s) must be at least 1m2") {
		t.Errorf("exit code %d, %q; want 2, the flag and the bound", code, stderr.String())
	}
}

package kubeconfig

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func write(t *testing.T, server string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c}}], clusters: [{name: c, cluster: {server: %q}}]}", server)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	t.Setenv("KUBECONFIG", write(t, "https://env.example"))
	tests := []struct{ name, path, want string }{
		{"the file that is named", write(t, "https://named.example"), "https://named.example"},
		{"$KUBECONFIG", "", "https://env.example"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config, err := Load(test.path)
			if err != nil {
				t.Fatal(err)
			}
			if config.Host != test.want || config.UserAgent != "tlsward" {
				t.Errorf("host %q, user agent %q", config.Host, config.UserAgent)
			}
		})
	}
	if config, err := Load("none"); err == nil {
		t.Errorf("no such file: got %v", config)
	}
}

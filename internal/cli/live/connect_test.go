package live

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericclioptions"
)

func TestConnect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{apiVersion: v1, kind: Config, current-context: a, clusters: [{name: c, cluster: {server: "https://c.example"}}],
  contexts: [{name: a, context: {cluster: c, namespace: shop}}, {name: b, context: {cluster: c}}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("KUBECONFIG", none)
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	tests := []struct {
		name, kubeconfig, context, namespace string
		want, err                            string
	}{
		{"the current context", path, "", "", "shop", ""},
		{"another context", path, "b", "", "default", ""},
		{"a namespace", path, "", "bank", "bank", ""},
		{"an unknown context", path, "x", "", "", `context was not found for specified context: x`},
		{"nothing is configured", "", "", "", "", "no kubeconfig file names one"},
		{"no such file", none, "", "", "", none},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			flags := &genericclioptions.ConfigFlags{KubeConfig: &test.kubeconfig, Context: &test.context, Namespace: &test.namespace}
			client, namespace, err := Connect(flags)
			if test.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), "find the cluster (--kubeconfig, --context") || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || client == nil || namespace != test.want {
				t.Errorf("got %s, %v; want %s", namespace, err, test.want)
			}
		})
	}
}

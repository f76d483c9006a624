//go:build chart

package chart

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// helmModule is the helm that the tests build where bin/ holds none: minutes on a cold cache.
const helmModule = "helm.sh/helm/v4/cmd/helm@v4.3.1"

// helm runs one helm.
type helm struct{ binary, chart, kubeconfig string }

func newHelm(ctx context.Context) (helm, error) {
	root, err := cluster.Root()
	if err != nil {
		return helm{}, err
	}
	h := helm{binary: filepath.Join(root, "bin", "helm"), chart: filepath.Join(root, "charts", "tlsward")}
	if _, err := os.Stat(h.binary); err == nil {
		return h, nil
	}
	build := exec.CommandContext(ctx, "go", "install", helmModule)
	build.Env = append(os.Environ(), "GOBIN="+filepath.Dir(h.binary), "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return helm{}, fmt.Errorf("build helm: %w\n%s", err, out)
	}
	return h, nil
}

// try runs helm and gives what it printed.
func (h helm) try(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), h.binary, args...)
	home := filepath.Join(os.TempDir(), "tlsward-helm")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+h.kubeconfig, "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("helm %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}

// run is try that must succeed.
func (h helm) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := h.try(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// template renders the chart with the values in yaml.
func (h helm) template(t *testing.T, yaml string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return h.try(t, "template", "tlsward", h.chart, "-n", "tlsward-system", "-f", file)
}

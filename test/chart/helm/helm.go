// Package helm runs the real helm on the chart of this tree.
package helm

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// module is the helm that is built where bin/ holds none: minutes on a cold cache.
const module = "helm.sh/helm/v4/cmd/helm@v4.3.1"

// Helm is one helm, with the chart and a cluster to talk to.
type Helm struct {
	// Chart is the chart's directory.
	Chart string
	// Kubeconfig names the cluster; "" where none is needed.
	Kubeconfig string

	binary string
}

// New finds helm in bin/, or builds it.
func New(ctx context.Context) (Helm, error) {
	root, err := cluster.Root()
	if err != nil {
		return Helm{}, err
	}
	h := Helm{binary: filepath.Join(root, "bin", "helm"), Chart: filepath.Join(root, "charts", "tlsward")}
	if _, err := os.Stat(h.binary); err == nil {
		return h, nil
	}
	build := exec.CommandContext(ctx, "go", "install", module)
	build.Env = append(os.Environ(), "GOBIN="+filepath.Dir(h.binary), "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return Helm{}, fmt.Errorf("build helm: %w\n%s", err, out)
	}
	return h, nil
}

// Run runs helm and returns what it printed. An error holds what it complained of.
func (h Helm) Run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, h.binary, args...)
	home := filepath.Join(os.TempDir(), "tlsward-helm")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+h.Kubeconfig, "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("helm %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}

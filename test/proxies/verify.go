//go:build proxies

package proxies

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Verify has `tlsward verify` hold the cluster's mesh against the proxies of pods, and returns what it prints and its exit code.
func (w *World) Verify(ctx context.Context, pods ...*Pod) (report string, code int, err error) {
	kubeconfig := filepath.Join(home, "verify.kubeconfig")
	if _, err := os.Stat(kubeconfig); err != nil {
		made, err := w.plane.Kubeconfig("verify", "system:masters")
		if err != nil {
			return "", 0, err
		}
		if err := os.Rename(made, kubeconfig); err != nil {
			return "", 0, fmt.Errorf("keep the kubeconfig: %w", err)
		}
	}
	args := []string{"verify", "--kubeconfig", kubeconfig}
	for _, p := range pods {
		dump, err := p.Dump()
		if err != nil {
			return "", 0, err
		}
		path := filepath.Join(p.dir(), "dump.json")
		if err := os.WriteFile(path, dump, 0o644); err != nil {
			return "", 0, fmt.Errorf("keep the dump: %w", err)
		}
		if keep := os.Getenv("TLSWARD_KEEP_DUMPS"); keep != "" {
			_ = os.WriteFile(filepath.Join(keep, p.Name+".json"), dump, 0o644)
		}
		args = append(args, "--dump", path)
	}
	out, err := exec.CommandContext(ctx, w.parts.Tlsward, args...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(out), exit.ExitCode(), nil
	}
	return string(out), 0, err
}

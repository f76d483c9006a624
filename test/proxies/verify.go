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
	kubeconfig, err := w.kubeconfig()
	if err != nil {
		return "", 0, err
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

// kubeconfig returns the path of a kubeconfig file for those who look at the cluster.
func (w *World) kubeconfig() (string, error) {
	path := filepath.Join(home, "looks.kubeconfig")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	made, err := w.plane.Kubeconfig("looks", "system:masters")
	if err != nil {
		return "", err
	}
	if err := os.Rename(made, path); err != nil {
		return "", fmt.Errorf("keep the kubeconfig: %w", err)
	}
	return path, nil
}

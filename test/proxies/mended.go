//go:build proxies

package proxies

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	policyfixes "github.com/tlsward/tlsward/policies/fixes"
)

// Fix returns the fix of the first denial that `tlsward check` prints of manifests over the cluster, as YAML.
func (w *World) Fix(ctx context.Context, text string) (string, error) {
	path := filepath.Join(home, "refused.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return "", fmt.Errorf("keep what was refused: %w", err)
	}
	kubeconfig, err := w.kubeconfig()
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, w.parts.Tlsward, "check", "--kubeconfig", kubeconfig, "-f", path, "-o", "json").Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return "", fmt.Errorf("tlsward check: %w", err)
	}
	var findings []struct{ Policy, Action, Fix string }
	if err := json.Unmarshal(out, &findings); err != nil {
		return "", fmt.Errorf("read what tlsward check says: %w", err)
	}
	for _, f := range findings {
		if f.Action == "deny" && f.Fix != "" {
			return f.Fix, nil
		}
	}
	return "", errors.New("tlsward check prints no fix")
}

// maxFixes is how many fixes one write may need.
const maxFixes = 5

// Mended applies manifests, and where they are refused the fix of the denial: in their place where it is of the same object, before
// them where it is of another.
func (w *World) Mended(ctx context.Context, text string) error {
	for range maxFixes {
		err := w.Apply(ctx, text)
		if !denied(err, "") {
			return err
		}
		fix, err := w.Fix(ctx, text)
		if err != nil {
			return err
		}
		for _, document := range policyfixes.Split(fix) {
			if sameObject(document, text) {
				text = document
			} else if err := w.Apply(ctx, document); err != nil {
				return fmt.Errorf("apply a fix: %w", err)
			}
		}
	}
	return fmt.Errorf("still refused after %d fixes", maxFixes)
}

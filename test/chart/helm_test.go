//go:build chart

package chart

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tlsward/tlsward/test/chart/helm"
)

func newHelm(t *testing.T) helm.Helm {
	t.Helper()
	h, err := helm.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// run runs helm, which must succeed.
func run(t *testing.T, h helm.Helm, args ...string) string {
	t.Helper()
	out, err := h.Run(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// template renders the chart with the values in yaml.
func template(t *testing.T, h helm.Helm, yaml string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return h.Run(t.Context(), "template", "tlsward", h.Chart, "-n", "tlsward-system", "-f", file)
}

package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tlsward.yaml")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte("kind: 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path+": kind: want a string") {
		t.Errorf("bad file: %v", err)
	}
}

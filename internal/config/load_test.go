package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tlsward.yaml")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte("kind: 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path+":1: kind: want a string") {
		t.Errorf("bad file: %v", err)
	}
}

// Everything that is wrong is told at once, each at its line.
func TestLoadNamesLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tlsward.yaml")
	if err := os.WriteFile(path, []byte(head+"strikt: true\nmesh:\n  revison: a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	line := strings.Count(head, "\n") + 1
	want := fmt.Sprintf("%s:%d: strikt: unknown field", path, line)
	more := fmt.Sprintf("%s:%d: mesh.revison: unknown field", path, line+2)
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), more) {
		t.Errorf("got %v, want %s and %s", err, want, more)
	}
}

func TestLoadOrDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tlsward.yaml")
	if err := os.WriteFile(path, []byte(head+"strict: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := LoadOrDefault(path); err != nil || !c.Strict {
		t.Errorf("a file: %+v, %v", c, err)
	}
	if c, err := LoadOrDefault(""); err != nil || !reflect.DeepEqual(c, v1alpha1.DefaultConfig()) {
		t.Errorf("no file: %+v, %v", c, err)
	}
}

// The defaults stand in two packages that cannot import each other.
func TestTheMeshHasTheDefaultsOfTheConfig(t *testing.T) {
	have, err := admission.MeshSettings(v1alpha1.DefaultConfig().Mesh, mesh.DefaultSettings())
	if want := mesh.DefaultSettings(); err != nil || !reflect.DeepEqual(have, want) {
		t.Errorf("Config has %+v, the mesh %+v", have, want)
	}
}

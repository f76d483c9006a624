package oracle

import (
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"istio.io/istio/pkg/env"

	"github.com/tlsward/tlsward/mesh"
)

// TestFlags sees that every variable of the environment that this version of Istio registers is classed, and none that it does
// not have. The packages of its features are among those that the oracle is built with.
func TestFlags(t *testing.T) {
	registered := map[string]bool{}
	for _, v := range env.VarDescriptions() {
		registered[v.Name] = true
	}
	if len(registered) < 150 {
		t.Fatalf("Istio registers only %d variables", len(registered))
	}
	for name, version := range classedFlags(t) {
		switch {
		case version != "" && version != istioVersion:
		case !registered[name]:
			t.Errorf("Istio %s has no variable %s", istioVersion, name)
		}
		delete(registered, name)
	}
	for name := range registered {
		t.Errorf("%s is not in testdata/flags.yaml: what does another value than its default do to the model's answers?", name)
	}
}

// classedFlags returns the variables of testdata/flags.yaml, with the version that alone has them where one does.
func classedFlags(t *testing.T) map[string]mesh.Version {
	t.Helper()
	raw, err := os.ReadFile("testdata/flags.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var groups []struct {
		Class     string   `json:"class"`
		Why       string   `json:"why"`
		Variables []string `json:"variables"`
	}
	if err := yaml.UnmarshalStrict(raw, &groups); err != nil {
		t.Fatal(err)
	}
	classed := map[string]mesh.Version{}
	for _, g := range groups {
		if !slices.Contains([]string{"followed", "irrelevant", "outside-model"}, g.Class) || g.Why == "" {
			t.Errorf("class %q, why %q", g.Class, g.Why)
		}
		for _, entry := range g.Variables {
			name, version, _ := strings.Cut(entry, " in ")
			if _, twice := classed[name]; twice {
				t.Errorf("%s is classed twice", name)
			}
			classed[name] = mesh.Version(version)
		}
	}
	return classed
}

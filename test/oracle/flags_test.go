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

// flagsFile has the variables of istiod, as the program reads them.
const flagsFile = "../../internal/istiod/flags.yaml"

// TestFlags sees that every variable of the environment that this version of Istio registers is classed, and none that it does
// not have, and that the model takes those that move something to have Istio's default. The packages of Istio's features are
// among those that the oracle is built with.
func TestFlags(t *testing.T) {
	registered := map[string]string{} // their defaults
	for _, v := range env.VarDescriptions() {
		registered[v.Name] = v.DefaultValue
	}
	if len(registered) < 150 {
		t.Fatalf("Istio registers only %d variables", len(registered))
	}
	for name, f := range classedFlags(t) {
		byDefault, ok := registered[name]
		delete(registered, name)
		switch {
		case f.version != "" && f.version != istioVersion:
		case !ok:
			t.Errorf("Istio %s has no variable %s", istioVersion, name)
		case f.taken != nil && !slices.Contains(f.taken, byDefault) && !slices.Contains(ambientFlags, name):
			t.Errorf("the model takes %s to be %q, and Istio's default is %q", name, f.taken, byDefault)
		}
	}
	for name := range registered {
		t.Errorf("%s is not in %s: what does another value than its default do to the model's answers?", name, flagsFile)
	}
}

// ambientFlags are on by default in ambient mode alone. The model has waypoints where objects ask for them.
var ambientFlags = []string{"PILOT_ENABLE_AMBIENT_WAYPOINTS", "PILOT_ENABLE_SENDING_HBONE", "PILOT_ENABLE_SIDECAR_LISTENING_HBONE"}

// classedFlag is a variable of flags.yaml.
type classedFlag struct {
	version mesh.Version // that alone has it; "" for all
	taken   []string     // the values that the model takes it to have; nil where none moves anything
	// followed reports whether the model follows other values.
	followed bool
}

// classedFlags returns the variables of flags.yaml by their names.
func classedFlags(t *testing.T) map[string]classedFlag {
	t.Helper()
	raw, err := os.ReadFile(flagsFile)
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
	classed := map[string]classedFlag{}
	for _, g := range groups {
		if !slices.Contains([]string{"followed", "irrelevant", "outside-model"}, g.Class) || g.Why == "" {
			t.Errorf("class %q, why %q", g.Class, g.Why)
		}
		for _, entry := range g.Variables {
			variable, version, _ := strings.Cut(entry, " in ")
			name, values, moves := strings.Cut(variable, "=")
			if _, twice := classed[name]; twice || moves == (g.Class == "irrelevant") {
				t.Errorf("%s is classed twice, or has a value and is irrelevant, or has none", name)
			}
			f := classedFlag{version: mesh.Version(version), followed: g.Class == "followed"}
			if moves {
				f.taken = strings.Split(values, "|")
			}
			classed[name] = f
		}
	}
	return classed
}

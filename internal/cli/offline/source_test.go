package offline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/policies"
)

// write writes a file into a directory of its own and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const configText = `apiVersion: tlsward.io/v1alpha1
kind: Config
mesh: {clusterDomain: corp.internal}
strict: true
`

const policyText = `# METADATA
# title: Nothing is admitted
# description: No Service is admitted.
# custom:
#   id: nothing
#   action: deny
#   kinds: [Service]
package tlsward.nothing

violation contains {"message": "nothing is admitted"}
`

func TestSourceEvaluator(t *testing.T) {
	own := write(t, "nothing.rego", policyText)
	tests := []struct {
		name   string
		source Source
		strict bool
		own    bool
	}{
		{"by default", Source{}, false, false},
		{"a configuration", Source{Config: write(t, "tlsward.yaml", configText)}, true, false},
		{"policies", Source{Policies: []string{filepath.Dir(own)}}, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			evaluator, err := test.source.Evaluator(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if evaluator.Config.Strict != test.strict {
				t.Errorf("strict: %v", evaluator.Config.Strict)
			}
			if got := has(evaluator.Engine, "nothing"); got != test.own {
				t.Errorf("has the policy of the directory: %v", got)
			}
			if !has(evaluator.Engine, "plaintext-egress") {
				t.Error("the built-in policies are gone")
			}
		})
	}
	for _, broken := range []Source{{Config: own}, {Policies: []string{"none"}}} {
		if evaluator, err := broken.Evaluator(t.Context()); err == nil {
			t.Errorf("%+v: got %v", broken, evaluator)
		}
	}
}

func has(engine *policies.Engine, id string) bool {
	for _, p := range engine.Policies() {
		if p.ID == id {
			return true
		}
	}
	return false
}

func TestSourceRead(t *testing.T) {
	const service = "{apiVersion: v1, kind: Service, metadata: {name: a}}\n"
	s := Source{Paths: []string{write(t, "a.yaml", service), "-"}, Namespace: "shop", Config: write(t, "tlsward.yaml", configText)}
	evaluator, err := s.Mutator()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	m, err := s.Read(t.Context(), evaluator, cli.Streams{ProgressAfter: time.Hour, In: strings.NewReader("\n" + service), Err: &stderr})
	if err != nil {
		t.Fatal(err)
	}
	want := "tlsward: standard input:2: Service shop/a is at " + s.Paths[0] + ":1 too: the later one stands\n"
	if stderr.String() != want {
		t.Errorf("stderr %q, want %q", stderr.String(), want)
	}
	if len(m.Objects) != 1 || m.Objects[0].Ref.String() != "Service shop/a" {
		t.Errorf("objects %v", m.Objects)
	}
	if domain := m.Snapshot.Settings().ClusterDomain; domain != "corp.internal" {
		t.Errorf("cluster domain %s", domain)
	}
}

func TestSourceReadNamesTheFile(t *testing.T) {
	tests := []struct{ name, stdin, path, want string }{
		{"not there", "", "none.yaml", "none.yaml"},
		{"no YAML", "a: b\n\tc", "-", "standard input:2: "},
		{"an object that cannot be read", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: 3}", "-", "standard input:1: read Service default/a: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := Source{Paths: []string{test.path}, Namespace: "default"}
			evaluator, err := s.Mutator()
			if err != nil {
				t.Fatal(err)
			}
			m, err := s.Read(t.Context(), evaluator, cli.Streams{ProgressAfter: time.Hour, In: strings.NewReader(test.stdin), Err: &strings.Builder{}})
			if err == nil {
				err = m.Whole()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestMutatorNamesTheConfiguration(t *testing.T) {
	path := write(t, "tlsward.yaml", "kind: 1")
	if _, err := (Source{Config: path}).Mutator(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

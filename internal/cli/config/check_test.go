package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
)

const head = "apiVersion: tlsward.io/v1alpha1\nkind: Config\n"

// checked runs the command on standard input.
func checked(t *testing.T, o CheckOptions, stdin string) (string, error) {
	t.Helper()
	var out strings.Builder
	err := Check(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, In: strings.NewReader(stdin), Out: &out, Err: &out})
	return out.String(), err
}

// file writes a file into a directory of the test's own, and returns its path.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckFinds(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"a configuration that is right", head + "strict: true\n", ": ok\n"},
		{"no YAML", "kind: A\n\tb: c\n", ":2: found a tab character that violates indentation\n"},
		{"a field twice", head + "strict: true\nstrict: false\n", ":4: key \"strict\" already set in map\n"},
		{"nothing at all", "", ":1: apiVersion: want \"tlsward.io/v1alpha1\", got \"\"\n"},
		{"a list", "# none\n- strict\n", ":2: want a mapping of fields\n"},
		{"another kind", "apiVersion: tlsward.io/v1alpha1\nkind: Suite\n", ":2: kind: want \"Config\", got \"Suite\"\n"},
		{"types, in the order of the file", head + "strict: maybe\nmesh:\n  trustDomain: 3\n",
			":3: strict: want true or false, got \"maybe\"\n:5: mesh.trustDomain: want a string, got 3\n"},
		{"a value within a list", head + "mutation:\n  upgrades:\n  - {port: 80, targetPort: 443}\n  - port: 81\n    targetPort: 0\n",
			":7: mutation.upgrades[1].targetPort: want a port from 1 to 65535, got 0\n"},
		{"what is missing, at what is around it", head + "exemptions:\n- policy: double-tls\n  expires: 2099-01-31\n",
			":4: exemptions[0].reason: "},
		{"an unknown field of MeshConfig", head + "mesh:\n  meshConfig:\n    trustDoman: a\n",
			":5: mesh.meshConfig.trustDoman: unknown field\n"},
		{"a version of Istio that is not known", head + "mesh:\n  istioVersion: \"1.2\"\n",
			":4: mesh.istioVersion: tlsward does not know what Istio \"1.2\" does"},
		{"policies that are none", head + "policies:\n  double-tl: {action: warn}\nexemptions:\n- policy: duble-tls\n  reason: a\n  expires: 2099-01-31\n",
			":4: policies.double-tl: there is no policy \"double-tl\"\n:6: exemptions[0].policy: there is no policy \"duble-tls\"\n"},
		{"a parameter of the wrong type", head + "params:\n  missing-principals:\n    acceptNamespaces: 1\n",
			":5: params.missing-principals.acceptNamespaces: "},
		{"a function that Rego does not have", head + "evaluation:\n  allow: [no.such]\n", ":4: evaluation.allow: Rego has no function no.such\n"},
		{"the mesh and the policies", head + "mesh: {meshConfig: {a: 1}}\npolicies:\n  none: {action: warn}\n",
			":3: mesh.meshConfig.a: unknown field\n:5: policies.none: there is no policy \"none\"\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := file(t, "tlsward.yaml", test.config)
			out, err := checked(t, CheckOptions{Files: []string{path}, Output: "text"}, "")
			if wrong := test.want != ": ok\n"; wrong != errors.Is(err, cli.ErrIssuesFound) || !wrong && err != nil {
				t.Errorf("error %v", err)
			}
			if got := strings.ReplaceAll(out, path, ""); !strings.Contains(got, test.want) {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

// Policies of one's own are known where their directory is named, and nowhere else.
func TestCheckKnowsPoliciesOfDirectories(t *testing.T) {
	const config = head + "policies:\n  owned: {action: warn}\n"
	if out, err := checked(t, CheckOptions{Files: []string{"-"}, Output: "text"}, config); !errors.Is(err, cli.ErrIssuesFound) ||
		out != "standard input:4: policies.owned: there is no policy \"owned\"\n" {
		t.Errorf("without: %v, %s", err, out)
	}
	o := CheckOptions{Files: []string{"-"}, Policies: []string{"../replay/testdata/policy"}, Output: "text"}
	if out, err := checked(t, o, config); err != nil || out != "standard input: ok\n" {
		t.Errorf("with: %v, %s", err, out)
	}
}

func TestCheckWritesJSON(t *testing.T) {
	good, bad := file(t, "a.yaml", head), head+"strict: maybe\n"
	out, err := checked(t, CheckOptions{Files: []string{good, "-"}, Output: "json"}, bad)
	want := `[
  {
    "file": "` + good + `",
    "problems": []
  },
  {
    "file": "standard input",
    "problems": [
      {
        "line": 3,
        "field": "strict",
        "message": "want true or false, got \"maybe\""
      }
    ]
  }
]
`
	if !errors.Is(err, cli.ErrIssuesFound) || out != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, out, want)
	}
}

// What cannot be read goes before what is wrong in the exit code, and does not keep the other files from being checked.
func TestCheckCannotRead(t *testing.T) {
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "policy.rego"), []byte("package"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		CheckOptions
		out, want string
	}{
		{"an unknown output", CheckOptions{Files: []string{"-"}, Output: "xml"}, "", `--output: want text, json, have "xml"`},
		{"a file that is not there", CheckOptions{Files: []string{"none", "-"}, Output: "text"}, "standard input:3: strict: ", "read configuration: open none: "},
		{"a directory", CheckOptions{Files: []string{broken}, Output: "json"}, "[]\n", "read configuration: read " + broken},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, err := checked(t, test.CheckOptions, head+"strict: maybe\n")
			if err == nil || errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(out, test.out) {
				t.Errorf("got %v and %q, want %q and %q", err, out, test.want, test.out)
			}
		})
	}
	for _, dir := range []string{"none", broken} {
		out, err := checked(t, CheckOptions{Files: []string{"-"}, Policies: []string{dir}, Output: "text"}, head)
		if err == nil || errors.Is(err, cli.ErrIssuesFound) || !strings.HasPrefix(err.Error(), "check standard input: load policies: ") || out != "" {
			t.Errorf("policies at %s: %v, %q", dir, err, out)
		}
	}
}

// An exemption that has ended is no fault, and nobody may take it for one that counts.
func TestCheckNotesWhatHasEnded(t *testing.T) {
	out, err := checked(t, CheckOptions{Files: []string{"-"}, Output: "text"}, head+`exemptions:
- {policy: double-tls, reason: OPS-1, expires: "2099-12-31"}
- {policy: plaintext-egress, reason: OPS-2, expires: "2020-01-01"}
`)
	want := "standard input: ok\nstandard input:5: note: exemptions[1].expires: ended on 2020-01-01: it lets nothing pass; take it out, or give it another day\n"
	if err != nil || out != want {
		t.Errorf("%v\n%s", err, out)
	}
}

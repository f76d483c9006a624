package main

import (
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// progressLine is what a command says on stderr on a machine that is slow enough.
var progressLine = regexp.MustCompile(`(?m)^tlsward: [a-z ]+ \([0-9ms]+\)\n`)

// result is what a run of the program left.
type result struct {
	code           int
	stdout, stderr string
}

func tlsward(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout strings.Builder
	var stderr sharedBuilder
	code := run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), progressLine.ReplaceAllString(stderr.String(), "")}
}

// sharedBuilder is a strings.Builder that several goroutines write, as a command and what tells of its progress do.
type sharedBuilder struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *sharedBuilder) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *sharedBuilder) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestExitCodes(t *testing.T) {
	t.Setenv("KUBECONFIG", "testdata/none.kubeconfig") // no cluster of whoever runs the tests
	warns := `{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"name":"a"},
		"spec":{"hosts":["a.example"],"ports":[{"number":80,"name":"http","protocol":"HTTP"}],"resolution":"DNS"}}`
	denied := `{"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicy","metadata":{"name":"a"},"spec":{"rules":[{"from":[{"source":{"namespaces":["b"]}}]}]}}`
	tests := []struct {
		name, stdin string
		args        []string
		code        int
		stdout      string
		stderr      string
	}{
		{"version", "", []string{"version"}, 0, "tlsward ", ""},
		{"no command", "", nil, 0, "check", ""},
		{"unknown command", "", []string{"chekc"}, 2, "", "unknown command"},
		{"check: clean", "", []string{"check", "-f", "testdata/mesh", "-o", "json"}, 0, "[]\n", ""},
		{"check: clean, in words", "", []string{"check", "-f", "testdata/mesh"}, 0, "2 objects checked: 0 denials, 0 warnings\n", ""},
		{"check: warnings only", warns, []string{"check", "-f", "-"}, 0, "1 object checked: 0 denials, 1 warning\n", ""},
		{"check: denied", "", []string{"check", "-f", "testdata/denied.yaml"}, 1, "the same: testdata/denied.yaml:17 DestinationRule team-a/edition-cnn-com\n", ""},
		{"check: as a shell expands it", "", []string{"check", "-f", "testdata/mesh/entry.yaml", "testdata/mesh/rule.json"}, 0, "2 objects checked", ""},
		{"check: nothing named", "", []string{"check"}, 2, "", "-f PATH"},
		{"check: no such kubeconfig file", "", []string{"check", "--kubeconfig", "testdata/none"}, 2, "", "find the cluster (--kubeconfig, --context; or -f PATH for manifests alone): stat testdata/none"},
		{"check: no such context", "", []string{"check", "-f", "testdata/mesh", "--context", "none"}, 2, "", "find the cluster (--kubeconfig, --context; or -f PATH for manifests alone): "},
		{"fix: nothing named", "", []string{"fix"}, 2, "", "name the manifests: -f PATH"},
		{"check: no such file", "", []string{"check", "-f", "testdata/none.yaml"}, 2, "", "testdata/none.yaml"},
		{"check: broken YAML", "kind: A\n\tb: c\n", []string{"check", "-f", "-"}, 2, "", "standard input:2: "},
		{"check: a field of the wrong type", "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a}\nspec: {hosts: 3}\n",
			[]string{"check", "-f", "-"}, 2, "", "standard input:4: ServiceEntry default/a: spec.hosts"},
		{"check: unknown output", "", []string{"check", "-f", "testdata/mesh", "-o", "xml"}, 2, "", `--output: want text, json, json-report, sarif, junit, github, have "xml"`},
		{"check: broken configuration", "", []string{"check", "-f", "testdata/mesh", "--config", "testdata/denied.yaml"}, 2, "", "testdata/denied.yaml:3: items: unknown field"},
		{"config check: right", "apiVersion: tlsward.io/v1alpha1\nkind: Config\n", []string{"config", "check", "-"}, 0, "standard input: ok\n", ""},
		{"config check: wrong", "", []string{"config", "check", "testdata/denied.yaml"}, 1, "testdata/denied.yaml:", ""},
		{"config check: no such file", "", []string{"config", "check", "testdata/none"}, 2, "", "read configuration: open testdata/none"},
		{"config check: nothing named", "", []string{"config", "check"}, 2, "", "requires at least 1 arg"},
		{"test: one fails", "", []string{"test", "../../internal/cli/test/testdata/suites/fails.yaml"}, 1, "1 passed, 3 failed\n", ""},
		{"test: all pass", "", []string{"test", "../../internal/cli/test/testdata/suites/passes.yaml"}, 0, "2 passed, 0 failed\n", ""},
		{"test: nothing there", "", []string{"test", "testdata/mesh"}, 2, "", "no Suite and no Rego test found at testdata/mesh"},
		{"test: a broken Suite", "", []string{"test", "../../internal/cli/test/testdata/suites/broken.yaml"}, 2, "", "../../internal/cli/test/testdata/suites/broken.yaml:6: "},
		{"fix: in place of standard input", "", []string{"fix", "-f", "-", "--in-place"}, 2, "", "standard input is no file"},
		{"fix --denials: all is mended", "", []string{"fix", "-f", "testdata/denied.yaml", "--denials"}, 0, "mode: SIMPLE\n", "1 fix made, 0 denials left to you\n"},
		{"fix --denials: something is left", denied, []string{"fix", "-f", "-", "--denials"}, 1, "", "Left to you: its fix has <service-account> for you to fill in\n"},
		{"fix --denials: nothing is denied", "", []string{"fix", "-f", "testdata/mesh", "--denials"}, 0, "", "0 fixes made, 0 denials left to you\n"},
		{"fix --denials: broken YAML", "kind: A\n\tb: c\n", []string{"fix", "-f", "-", "--denials"}, 2, "", "standard input:2: "},
		{"explain: no host", "", []string{"explain", "-f", "testdata/mesh"}, 2, "", "HOST"},
		{"explain: a bad port", "", []string{"explain", "-f", "testdata/mesh", "a:b"}, 2, "", "65535"},
		{"explain: an unknown host", "", []string{"explain", "-f", "testdata/mesh", "x.example:443"}, 0, "unknown", "2 objects are taken as written"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := tlsward(t, test.stdin, test.args...)
			if got.code != test.code {
				t.Errorf("exit code %d, want %d", got.code, test.code)
			}
			if !strings.Contains(got.stdout, test.stdout) || strings.Contains(got.stdout, "\x1b") {
				t.Errorf("stdout:\n%s\nwant:\n%s", got.stdout, test.stdout)
			}
			if !strings.Contains(got.stderr, test.stderr) || test.stderr == "" && got.stderr != "" {
				t.Errorf("stderr:\n%s\nwant:\n%s", got.stderr, test.stderr)
			}
		})
	}
}

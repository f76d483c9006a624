package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// progressLine is what a command says on stderr on a machine that is slow enough.
var progressLine = regexp.MustCompile(`(?m)^tlsward: [a-z ]+ \([0-9ms]+\)\n`)

// result is what a run of the program gave.
type result struct {
	code           int
	stdout, stderr string
}

func tlsward(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr strings.Builder
	code := run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), progressLine.ReplaceAllString(stderr.String(), "")}
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// copied returns the path of a copy of a directory under testdata.
func copied(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestExitCodes(t *testing.T) {
	warns := `{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"name":"a"},
		"spec":{"hosts":["a.example"],"ports":[{"number":80,"name":"http","protocol":"HTTP"}],"resolution":"DNS"}}`
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
		{"check: denied", "", []string{"check", "-f", "testdata/denied.yaml"}, 1, "testdata/denied.yaml:17: deny plaintext-egress DestinationRule team-a/edition-cnn-com: ", ""},
		{"check: as a shell expands it", "", []string{"check", "-f", "testdata/mesh/entry.yaml", "testdata/mesh/rule.json"}, 0, "2 objects checked", ""},
		{"check: nothing named", "", []string{"check"}, 2, "", "-f PATH"},
		{"check: no such file", "", []string{"check", "-f", "testdata/none.yaml"}, 2, "", "testdata/none.yaml"},
		{"check: broken YAML", "kind: A\n\tb: c\n", []string{"check", "-f", "-"}, 2, "", "standard input:2: "},
		{"check: a field of the wrong type", "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a}\nspec: {hosts: 3}\n",
			[]string{"check", "-f", "-"}, 2, "", "standard input:1: read ServiceEntry default/a: spec"},
		{"check: unknown output", "", []string{"check", "-f", "testdata/mesh", "-o", "xml"}, 2, "", `--output: want text, json, sarif, have "xml"`},
		{"check: broken configuration", "", []string{"check", "-f", "testdata/mesh", "--config", "testdata/denied.yaml"}, 2, "", "testdata/denied.yaml: "},
		{"test: one fails", "", []string{"test", "testdata/suites/fails.yaml"}, 1, "1 passed, 3 failed\n", ""},
		{"test: all pass", "", []string{"test", "testdata/suites/passes.yaml"}, 0, "2 passed, 0 failed\n", ""},
		{"test: nothing there", "", []string{"test", "testdata/mesh"}, 2, "", "no Suite and no Rego test found at testdata/mesh"},
		{"test: a broken Suite", "", []string{"test", "testdata/suites/broken.yaml"}, 2, "", "testdata/suites/broken.yaml:6: "},
		{"fix: in place of standard input", "", []string{"fix", "-f", "-", "--in-place"}, 2, "", "standard input is no file"},
		{"explain: no host", "", []string{"explain", "-f", "testdata/mesh"}, 2, "", "HOST"},
		{"explain: a bad port", "", []string{"explain", "-f", "testdata/mesh", "a:b"}, 2, "", "65535"},
		{"explain: an unknown host", "", []string{"explain", "-f", "testdata/mesh", "x.example:443"}, 0, "unknown", ""},
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

func TestCheckJSON(t *testing.T) {
	got := tlsward(t, "", "check", "-f", "testdata/denied.yaml", "-o", "json")
	var findings []map[string]any
	if err := json.Unmarshal([]byte(got.stdout), &findings); err != nil || len(findings) == 0 {
		t.Fatalf("%v\n%s", err, got.stdout)
	}
	for _, f := range findings {
		for _, key := range []string{"policy", "action", "object", "client", "host", "port", "message", "decidedBy", "fix"} {
			if _, ok := f[key]; !ok {
				t.Errorf("no %s in %v", key, f)
			}
		}
		object, _ := f["object"].(map[string]any)
		if f["policy"] != "plaintext-egress" || f["action"] != "deny" || f["host"] != "edition.cnn.com" || f["port"] != 80.0 ||
			object["apiVersion"] != "networking.istio.io/v1" || object["namespace"] != "team-a" || object["name"] != "edition-cnn-com" {
			t.Errorf("got %v", f)
		}
	}
}

func TestCheckSARIF(t *testing.T) {
	got := tlsward(t, "", "check", "-f", "testdata/denied.yaml", "-o", "sarif")
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(got.stdout), &log); err != nil || log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("%v\n%s", err, got.stdout)
	}
	run := log.Runs[0]
	var lines []int
	for _, r := range run.Results {
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.Level != "error" {
			t.Errorf("got %+v", r)
		}
		at := r.Locations[0].PhysicalLocation
		if at.ArtifactLocation.URI != "testdata/denied.yaml" {
			t.Errorf("at %+v", at)
		}
		lines = append(lines, at.Region.StartLine)
	}
	// The entry is named by its own line, the rule by that of the mode that decided.
	if lines = slices.Compact(lines); !slices.Equal(lines, []int{4, 18}) && !slices.Equal(lines, []int{4, 17}) {
		t.Errorf("lines %v", lines)
	}
}

func TestFixKeepsWhatAPersonWrote(t *testing.T) {
	got := tlsward(t, "", "fix", "-f", "testdata/mesh")
	if want := read(t, "testdata/fixed.golden"); got.code != 0 || got.stdout != want {
		t.Errorf("exit code %d, got\n%s\nwant\n%s", got.code, got.stdout, want)
	}
}

func TestFixInPlaceIsIdempotent(t *testing.T) {
	dir := copied(t, "mesh")
	if err := os.Chmod(filepath.Join(dir, "entry.yaml"), 0o640); err != nil {
		t.Fatal(err)
	}
	first := tlsward(t, "", "fix", "-f", dir, "--in-place", "--diff")
	if first.code != 0 || first.stderr != "tlsward: changed 2 of 2 files\n" || !strings.Contains(first.stdout, "+    targetPort: 443\n") {
		t.Fatalf("got %+v", first)
	}
	entry := read(t, filepath.Join(dir, "entry.yaml"))
	second := tlsward(t, "", "fix", "-f", dir, "--in-place", "--diff")
	if second.code != 0 || second.stderr != "tlsward: changed 0 of 2 files\n" || second.stdout != "" {
		t.Errorf("the second time: %+v", second)
	}
	if entry != read(t, filepath.Join(dir, "entry.yaml")) {
		t.Error("the second time changes the file")
	}
	info, err := os.Stat(filepath.Join(dir, "entry.yaml"))
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if check := tlsward(t, "", "check", "-f", dir, "-o", "json"); check.stdout != "[]\n" {
		t.Errorf("check finds %s", check.stdout)
	}
}

func TestFixChangesNothingWhereOneFileCannotBeEdited(t *testing.T) {
	dir := copied(t, "mesh")
	alias := "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: b, annotations: {x: &p a}}\n" +
		"x: &ports [{number: 80, name: http, protocol: HTTP}]\nspec: {hosts: [b.example], ports: *ports, resolution: DNS}\n"
	if err := os.WriteFile(filepath.Join(dir, "z.yaml"), []byte(alias), 0o600); err != nil {
		t.Fatal(err)
	}
	before := read(t, filepath.Join(dir, "entry.yaml"))
	got := tlsward(t, "", "fix", "-f", dir, "--in-place")
	if got.code != 2 || !strings.Contains(got.stderr, "z.yaml:1: ") || !strings.Contains(got.stderr, "ports is an alias") {
		t.Errorf("got %+v", got)
	}
	if before != read(t, filepath.Join(dir, "entry.yaml")) {
		t.Error("another file was written")
	}
}

func TestExplainJSON(t *testing.T) {
	got := tlsward(t, "", "explain", "-f", "testdata/mesh", "--mutated", "edition.cnn.com:80", "--from", "team-b", "--labels", "app=curl", "-o", "json")
	var answer struct {
		Client, Host, Verdict string
		Port                  int
		Hops                  []map[string]any
	}
	if err := json.Unmarshal([]byte(got.stdout), &answer); err != nil {
		t.Fatalf("%v\n%s", err, got.stdout)
	}
	if answer.Client != "sidecar team-b app=curl" || answer.Host != "edition.cnn.com" || answer.Port != 80 ||
		answer.Verdict != "originated" || len(answer.Hops) != 1 {
		t.Fatalf("got %+v", answer)
	}
	hop := answer.Hops[0]
	for key, want := range map[string]any{"from": "sidecar team-b app=curl", "to": "edition.cnn.com", "port": 443.0,
		"protocol": "HTTP", "tls": "SIMPLE", "sni": "", "verified": true} {
		if hop[key] != want {
			t.Errorf("%s is %v, want %v", key, hop[key], want)
		}
	}
	if by, _ := hop["decidedBy"].(string); !strings.HasPrefix(by, "DestinationRule default/edition-cnn-com spec.trafficPolicy.portLevelSettings[0].tls") {
		t.Errorf("decided by %q", by)
	}
}

func TestExplainAll(t *testing.T) {
	got := tlsward(t, "", "explain", "-f", "testdata/denied.yaml", "edition.cnn.com", "--all")
	for _, want := range []string{"sidecar team-a -> edition.cnn.com:80: plaintext", "(testdata/denied.yaml:1", "DISABLE"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in\n%s", want, got.stdout)
		}
	}
}

func TestTestTakesABundlesData(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, ".manifest"), `{"roots": ["tlsward/no_rules", "tlsward/no_rules_test", "words"]}`)
	writeFile(t, filepath.Join(dir, "data.json"), `{"words": {"kind": "CREATE"}}`)
	writeFile(t, filepath.Join(dir, "policy.rego"), strings.Replace(ownPolicy, `== "CREATE"`, `== data.words.kind`, 1))
	writeFile(t, filepath.Join(dir, "policy_test.rego"), `package tlsward.no_rules_test

test_refuses_a_new_one if {
	count(data.tlsward.no_rules.violation) == 1 with input as data.tlsward.given.review("DestinationRule", [])
}
`)
	writeFile(t, filepath.Join(dir, "suite.yaml"), `apiVersion: tlsward.io/v1alpha1
kind: Suite
metadata: {name: bundle}
cases:
- name: refused
  review:
    operation: CREATE
    object:
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata: {name: r, namespace: shop}
      spec: {host: a.shop.svc.cluster.local}
  expect: {decision: deny, deny: [no-rules]}
`)
	if got := tlsward(t, "", "test", dir); got.code != 0 || got.stdout != "2 passed, 0 failed\n" {
		t.Errorf("got %+v", got)
	}
}

func TestTestOutputs(t *testing.T) {
	got := tlsward(t, "", "test", "testdata/suites/fails.yaml")
	want := read(t, "testdata/suites/fails.golden")
	if got.stdout != want {
		t.Errorf("got\n%s\nwant\n%s", got.stdout, want)
	}
	got = tlsward(t, "", "test", "-o", "json", "testdata/suites/fails.yaml")
	var report struct {
		Passed, Failed int
		Cases          []struct{ Name, Result string }
	}
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil || report.Passed != 1 || report.Failed != 3 || len(report.Cases) != 4 {
		t.Errorf("%v\n%s", err, got.stdout)
	}
	got = tlsward(t, "", "test", "-o", "junit", "testdata/suites/fails.yaml")
	for _, part := range []string{`<testsuite name="fails"`, `tests="4" failures="3" skipped="0"`, `<failure message="decision: want deny, got allow`} {
		if !strings.Contains(got.stdout, part) {
			t.Errorf("no %q in\n%s", part, got.stdout)
		}
	}
	if got = tlsward(t, "", "test", "--run", "fails/right$", "testdata/suites"); got.code != 2 {
		t.Errorf("a broken Suite beside: exit code %d", got.code)
	}
	if got = tlsward(t, "", "test", "--run", "fails/right$", "testdata/suites/fails.yaml"); got.stdout != "1 passed, 0 failed\n" {
		t.Errorf("got %s", got.stdout)
	}
}

func TestPolicyAndReplay(t *testing.T) {
	dir := t.TempDir()
	if got := tlsward(t, "", "policy", "new", "my-policy", "--dir", dir); got.code != 0 {
		t.Fatalf("got %+v", got)
	}
	mine := filepath.Join(dir, "my-policy")
	if got := tlsward(t, "", "test", mine); got.code != 0 || !strings.HasSuffix(got.stdout, " passed, 0 failed\n") {
		t.Errorf("a new policy does not pass: %+v", got)
	}
	if got := tlsward(t, "", "replay", "-f", "testdata/mesh", "--policies", mine); got.code != 1 ||
		!strings.Contains(got.stdout, "newly denied: ServiceEntry default/edition-cnn-com (testdata/mesh/entry.yaml:2): my-policy\n") {
		t.Errorf("got %+v", got)
	}
	if got := tlsward(t, "", "replay", "-f", "testdata/mesh", "--policies", mine, "--baseline", mine); got.code != 0 ||
		!strings.Contains(got.stdout, "total      0             0                 2\n") {
		t.Errorf("got %+v", got)
	}
	if got := tlsward(t, "", "policy", "bench", "--each", "1ms", mine); got.code != 0 || !strings.Contains(got.stdout, "my-policy") || strings.Contains(got.stdout, "double-tls") {
		t.Errorf("got %+v", got)
	}
}

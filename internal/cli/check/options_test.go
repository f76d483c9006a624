package check

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
)

func source(paths ...string) offline.Source { return offline.Source{Paths: paths} }

func TestWhatFailsTheCommand(t *testing.T) {
	tests := []struct {
		name string
		Options
		err  error
		want string // of the summary
	}{
		{"a warning does not", Options{Source: source("testdata/warned.yaml")}, nil, "0 denials, 1 warning\n"},
		{"a warning with --fail-on warn", Options{Source: source("testdata/warned.yaml"), FailOn: "warn"}, cli.ErrIssuesFound, "0 denials, 1 warning\n"},
		{"a denial with --fail-on warn", Options{Source: source("testdata/denied.yaml"), FailOn: "warn"}, cli.ErrIssuesFound, "2 denials, "},
		{"nothing with --fail-on warn", Options{Source: source("testdata/clean.yaml"), FailOn: "warn"}, nil, "0 denials, 0 warnings\n"},
		{"the policy that is looked at", Options{Source: source("testdata/denied.yaml"), Only: []string{"plaintext-egress"}}, cli.ErrIssuesFound, "2 denials, 0 warnings\n"},
		{"not another policy", Options{Source: source("testdata/denied.yaml"), Only: []string{"double-tls", UnknownField}}, nil, "0 denials, 0 warnings\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.Output = "text"
			stdout, _, err := run(t, test.Options, "")
			if !errors.Is(err, test.err) || !strings.Contains(stdout, test.want) {
				t.Errorf("error %v, want %v; %q not in\n%s", err, test.err, test.want, stdout)
			}
		})
	}
}

func TestOptionsThatAreNone(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old.json")
	if err := os.WriteFile(old, []byte(`{"version": 99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Options{
		`--fail-on: want warn or deny, have "audit"`:       {FailOn: "audit"},
		`--policy: "plaintext" is none of any-principal, `: {Only: []string{"plaintext"}},
		"--baseline: open none":                            {Baseline: "none"},
		"--baseline: testdata/clean.yaml is not what ":     {Baseline: "testdata/clean.yaml"},
		"old.json: version 99, want 1":                     {Baseline: old},
	} {
		o.Source, o.Output = source("testdata/clean.yaml"), "text"
		if stdout, _, err := run(t, o, ""); err == nil || !strings.Contains(err.Error(), want) || stdout != "" {
			t.Errorf("got %v and %q, want %q", err, stdout, want)
		}
	}
}

// What a report has is known to the next run, wherever it has moved in its file; what is new fails it.
func TestBaseline(t *testing.T) {
	for _, output := range []string{"json", "json-report"} {
		before, _, err := run(t, Options{Source: source("testdata/denied.yaml"), Output: output}, "")
		if !errors.Is(err, cli.ErrIssuesFound) {
			t.Fatal(err)
		}
		known := filepath.Join(t.TempDir(), "known.json")
		if err := os.WriteFile(known, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		moved := "# moved\n" + read(t, "testdata/denied.yaml")
		stdout, _, err := run(t, Options{Source: source("-"), Output: "text", Baseline: known}, moved)
		if err != nil || !strings.Contains(stdout, "0 denials, 0 warnings (2 known by the baseline)\n") {
			t.Errorf("%s: %v\n%s", output, err, stdout)
		}
		stdout, _, err = run(t, Options{Source: source("-"), Output: "text", Baseline: known}, moved+"---\n"+misspelt)
		if !errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(stdout, "1 denial, 0 warnings (2 known by the baseline)\n") {
			t.Errorf("%s: %v\n%s", output, err, stdout)
		}
	}
}

func TestAWarningThatBecameADenialIsNew(t *testing.T) {
	warned, _, err := run(t, Options{Source: offline.Source{Paths: []string{"testdata/warned.yaml"}}, Output: "json"}, "")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	known, strict := filepath.Join(dir, "known.json"), filepath.Join(dir, "strict.yaml")
	for name, text := range map[string]string{known: warned, strict: "apiVersion: tlsward.io/v1alpha1\nkind: Config\nstrict: true\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Source: offline.Source{Paths: []string{"testdata/warned.yaml"}, Config: strict}, Output: "text", Baseline: known}
	if stdout, _, err := run(t, o, ""); !errors.Is(err, cli.ErrIssuesFound) {
		t.Errorf("%v\n%s", err, stdout)
	}
}

func TestJSONReport(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"denied.yaml": read(t, "testdata/denied.yaml"), "values.yaml": "a: b\n",
		"broken.yaml": "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a}\nspec: 3\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stdout, _, err := run(t, Options{Source: source(dir), Output: "json-report", Version: "v1"}, "")
	if err == nil || errors.Is(err, cli.ErrIssuesFound) {
		t.Errorf("error %v", err)
	}
	var got jsonReport
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if want := (jsonSummary{Objects: 2, Unread: 1, Denials: 2, PassedBy: 1}); got.Summary != want || got.Version != 1 || got.Program != "v1" {
		t.Errorf("got %+v", got)
	}
	if len(got.Findings) != 4 || got.Findings[0].Policy != "plaintext-egress" || len(got.Errors) != 1 || !strings.Contains(got.Errors[0], "broken.yaml:4: Sidecar default/a: spec: want fields") {
		t.Errorf("got %+v", got)
	}
}

func TestJUnit(t *testing.T) {
	stdout, _, err := run(t, Options{Source: source("testdata/several.yaml"), Output: "junit"}, "")
	if !errors.Is(err, cli.ErrIssuesFound) {
		t.Errorf("error %v", err)
	}
	var got struct {
		Suites []junitSuite `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	suite := got.Suites[0]
	failed := 0
	for _, c := range suite.Cases {
		if c.Failure != nil {
			failed++
			if !strings.Contains(c.Failure.Text, "testdata/several.yaml:") || !strings.Contains(c.Failure.Message, "sni-mismatch") {
				t.Errorf("got %+v", c.Failure)
			}
		}
	}
	if suite.Tests != len(suite.Cases) || suite.Tests == 0 || failed == 0 || failed != suite.Failures {
		t.Errorf("got %+v", suite)
	}
}

func TestGitHubAnnotations(t *testing.T) {
	for _, o := range []Options{{Output: "github"}, {Output: "text", Annotate: true}} {
		o.Source = source("testdata/denied.yaml")
		stdout, _, err := run(t, o, "")
		if !errors.Is(err, cli.ErrIssuesFound) {
			t.Errorf("error %v", err)
		}
		begin := "::error file=testdata/denied.yaml,line=18,title=tlsward plaintext-egress DestinationRule "
		_, line, found := strings.Cut(stdout, begin)
		if !found || strings.Count(line, "\n") != 1 || !strings.Contains(line, "%0Afix:%0A") {
			t.Errorf("no %q in one line of\n%s", begin, stdout)
		}
	}
	stdout, _, _ := run(t, Options{Source: source("-"), Output: "github"}, misspelt)
	if !strings.HasPrefix(stdout, "::error title=tlsward unknown-field ServiceEntry shop/a::") {
		t.Errorf("what has no file has no line: %s", stdout)
	}
}

func TestGitHubEscapes(t *testing.T) {
	if got, want := escapeProperty("a,b:c%\n")+escapeData("a,b:c%\r\n"), "a%2Cb%3Ac%25%0Aa,b:c%25%0D%0A"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestTheReferenceHasWhatIsSaidWithoutAPolicy: ids in the output must be found in docs/policies.md.
func TestTheReferenceHasWhatIsSaidWithoutAPolicy(t *testing.T) {
	for _, p := range ownPolicies() {
		if !strings.Contains(read(t, "../../../docs/policies.md"), "- `"+p.ID+"` (deny") {
			t.Errorf("docs/policies.md does not have %s", p.ID)
		}
	}
}

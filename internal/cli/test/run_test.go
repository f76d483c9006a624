package test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/golden"
)

// run runs a command and returns what it writes to standard output.
func run(t *testing.T, o Options, stdin string) (string, error) {
	t.Helper()
	var out, errs strings.Builder
	err := Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, In: strings.NewReader(stdin), Out: &out, Err: &errs})
	return out.String(), err
}

func TestRun(t *testing.T) {
	const fails, passes = "testdata/suites/fails.yaml", "testdata/suites/passes.yaml"
	tests := []struct {
		name string
		Options
		err  error
		want string
	}{
		{"all pass", Options{Paths: []string{passes}}, nil, "2 passed, 0 failed\n"},
		{"several files", Options{Paths: []string{passes, fails}, Match: "strict|right"}, nil, "2 passed, 0 failed\n"},
		{"one case by suite and name", Options{Paths: []string{fails}, Match: "^fails/right$"}, nil, "1 passed, 0 failed\n"},
		{"verbose", Options{Paths: []string{fails}, Match: "right", Verbose: true}, nil, "ok   testdata/suites/fails.yaml:5 fails / right\n1 passed, 0 failed\n"},
		{"a bundle with data", Options{Paths: []string{"testdata/bundle"}}, nil, "2 passed, 0 failed\n"},
		{"no Rego test where a case is chosen", Options{Paths: []string{"testdata/bundle"}, Match: "refused"}, nil, "1 passed, 0 failed\n"},
		{"coverage", Options{Paths: []string{"testdata/bundle"}, Coverage: true}, nil, "coverage: 100.0%\n2 passed, 0 failed\n"},
		{"further policies", Options{Paths: []string{"testdata/owned.yaml"}, Policies: []string{"../replay/testdata/policy"}}, nil, "1 passed, 0 failed\n"},
		{"without them", Options{Paths: []string{"testdata/owned.yaml"}}, cli.ErrIssuesFound,
			"FAIL testdata/owned.yaml:6 owned / refused: decision: want deny, got allow; deny: want [owned], got []\n0 passed, 1 failed\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.Output = "text"
			got, err := run(t, test.Options, "")
			if !errors.Is(err, test.err) || got != test.want {
				t.Errorf("%v, want %v; got\n%s\nwant\n%s", err, test.err, got, test.want)
			}
		})
	}
}

func TestRunWritesEachFailure(t *testing.T) {
	got, err := run(t, Options{Paths: []string{"testdata/suites/fails.yaml"}, Output: "text"}, "")
	if !errors.Is(err, cli.ErrIssuesFound) {
		t.Error(err)
	}
	golden.Equal(t, "testdata/fails.golden", got)
}

func TestRunOutputs(t *testing.T) {
	text, err := os.ReadFile("testdata/suites/fails.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := run(t, Options{Paths: []string{"-"}, Output: "json"}, string(text))
	var report struct {
		Passed, Failed int
		Cases          []struct{ File, Name, Result string }
	}
	if parsed := json.Unmarshal([]byte(got), &report); parsed != nil || !errors.Is(err, cli.ErrIssuesFound) {
		t.Fatalf("%v, %v\n%s", err, parsed, got)
	}
	if report.Passed != 1 || report.Failed != 3 || len(report.Cases) != 4 || report.Cases[0].File != "standard input" {
		t.Errorf("got %+v", report)
	}
	got, err = run(t, Options{Paths: []string{"-"}, Output: "junit"}, string(text))
	if want := `<testsuite name="fails" file="standard input" tests="4" failures="3" skipped="0">`; !errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(got, want) {
		t.Errorf("%v, no %s in\n%s", err, want, got)
	}
}

func TestRunCannotTest(t *testing.T) {
	tests := []struct {
		name string
		Options
		want string
	}{
		{"an unknown output", Options{Output: "sarif"}, `--output: want text, json, junit, have "sarif"`},
		{"no regular expression", Options{Output: "text", Paths: []string{"testdata/suites/passes.yaml"}, Match: "("}, "--run: "},
		{"no such path", Options{Output: "text", Paths: []string{"none"}}, "none"},
		{"nothing to run", Options{Output: "text", Paths: []string{"../replay/testdata/mesh.yaml", "run.go"}}, "no Suite and no Rego test found at ../replay/testdata/mesh.yaml, run.go"},
		{"no case chosen", Options{Output: "text", Paths: []string{"testdata/suites/passes.yaml"}, Match: "no such case"}, "no Suite and no Rego test found at"},
		{"a broken Suite", Options{Output: "text", Paths: []string{"testdata/suites/broken.yaml"}}, "testdata/suites/broken.yaml:6: "},
		{"broken Rego", Options{Output: "text", Paths: []string{tree(t, map[string]string{"a.rego": "package a\n\nallow := "})}}, "a.rego:"},
		{"policies that are not there", Options{Output: "text", Paths: []string{"testdata/suites/passes.yaml"}, Policies: []string{"none"}},
			"testdata/suites/passes.yaml: suite passes: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := run(t, test.Options, "")
			if err == nil || errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(err.Error(), test.want) || got != "" && got != "0 passed, 0 failed\n" {
				t.Errorf("got %v and %q, want %q", err, got, test.want)
			}
		})
	}
}

func TestRunRunsWhatIsBesideABrokenSuite(t *testing.T) {
	got, err := run(t, Options{Output: "text", Paths: []string{"testdata/suites"}}, "")
	if err == nil || errors.Is(err, cli.ErrIssuesFound) || !strings.HasSuffix(got, "3 passed, 3 failed\n") {
		t.Errorf("got %v and %q", err, got)
	}
}

func TestRunReturnsTheErrorOfTheOutput(t *testing.T) {
	for _, o := range []Options{{Output: "text"}, {Output: "text", Coverage: true}, {Output: "json"}, {Output: "junit"}} {
		o.Paths = []string{"testdata/suites/passes.yaml"}
		if err := Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, Out: failing{}, Err: failing{}}); err == nil || err.Error() != "disk full" {
			t.Errorf("%+v: got %v", o, err)
		}
	}
}

func TestRunWatches(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out strings.Builder
	err := Run(ctx, Options{Paths: []string{"none"}, Output: "text", Watch: true}, cli.Streams{ProgressAfter: time.Hour, Out: &out, Err: &out})
	if err != nil || !strings.HasPrefix(out.String(), "tlsward: ") {
		t.Errorf("--watch ends with an error of a run: %v, %q", err, out.String())
	}
}

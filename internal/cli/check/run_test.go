package check

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/golden"
)

// run checks files of testdata and returns what is written.
func run(t *testing.T, o Options, stdin string) (stdout, stderr string, err error) {
	t.Helper()
	o.Namespace = "default"
	var out, errs strings.Builder
	err = Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, In: strings.NewReader(stdin), Out: &out, Err: &errs})
	return out.String(), errs.String(), err
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRunWritesText compares the text for testdata/FILE.yaml with testdata/NAME.golden.
func TestRunWritesText(t *testing.T) {
	tests := []struct {
		name   string
		file   string
		config string
		err    error
	}{
		{"clean", "clean.yaml", "", nil},
		{"warned", "warned.yaml", "", nil},
		{"denied", "denied.yaml", "", cli.ErrIssuesFound},
		{"exempt", "denied.yaml", "testdata/exempt.config.yaml", nil},
		{"several", "several.yaml", "", cli.ErrIssuesFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join("testdata", test.file)
			source := offline.Source{Paths: []string{path}, Config: test.config}
			stdout, stderr, err := run(t, Options{Source: source, Output: "text"}, "")
			if !errors.Is(err, test.err) || stderr != "" {
				t.Errorf("error %v, want %v; stderr %q", err, test.err, stderr)
			}
			golden.Equal(t, filepath.Join("testdata", test.name+".golden"), stdout)

			source.Paths = []string{"-"}
			fromStdin, _, err := run(t, Options{Source: source, Output: "text"}, read(t, path))
			if want := strings.ReplaceAll(stdout, path+":", "standard input:"); !errors.Is(err, test.err) || fromStdin != want {
				t.Errorf("from standard input: %v\n%s\nwant\n%s", err, fromStdin, want)
			}
		})
	}
}

func TestRunWritesJSON(t *testing.T) {
	stdout, _, err := run(t, Options{Source: offline.Source{Paths: []string{"testdata/denied.yaml"}}, Output: "json"}, "")
	if !errors.Is(err, cli.ErrIssuesFound) {
		t.Errorf("error %v", err)
	}
	golden.Equal(t, "testdata/denied.json.golden", stdout)

	stdout, _, err = run(t, Options{Source: offline.Source{Paths: []string{"testdata/clean.yaml"}}, Output: "json"}, "")
	if err != nil || stdout != "[]\n" {
		t.Errorf("nothing is wrong: %v, got %s", err, stdout)
	}
}

// TestRunWritesSARIF looks at what Run adds to WriteSARIF: the version and the rules.
func TestRunWritesSARIF(t *testing.T) {
	stdout, _, err := run(t, Options{Source: offline.Source{Paths: []string{"testdata/several.yaml"}}, Output: "sarif", Version: "v1.2.3"}, "")
	if !errors.Is(err, cli.ErrIssuesFound) {
		t.Errorf("error %v", err)
	}
	var log sarifLog
	if err := json.Unmarshal([]byte(stdout), &log); err != nil {
		t.Fatal(err)
	}
	driver := log.Runs[0].Tool.Driver
	if driver.Version != "v1.2.3" {
		t.Errorf("version %q", driver.Version)
	}
	var got []string
	for _, r := range log.Runs[0].Results {
		if driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s has the index of %s", r.RuleID, driver.Rules[r.RuleIndex].ID)
		}
		got = append(got, r.Level+" "+r.RuleID)
	}
	slices.Sort(got)
	want := []string{"error sni-mismatch", "warning tls-pending", "warning unverified-server"}
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRunCannotCheck(t *testing.T) {
	tests := []struct {
		name   string
		source offline.Source
		output string
		want   string
	}{
		{"an unknown output", offline.Source{Paths: []string{"testdata/clean.yaml"}}, "xml", `--output: want text, json, json-report, sarif, junit, github, have "xml"`},
		{"no such file", offline.Source{Paths: []string{"testdata/none.yaml"}}, "text", "testdata/none.yaml"},
		{"a configuration that is none", offline.Source{Paths: []string{"testdata/clean.yaml"}, Config: "testdata/clean.yaml"}, "text", "testdata/clean.yaml: "},
		{"policies that are not there", offline.Source{Paths: []string{"testdata/clean.yaml"}, Policies: []string{"testdata/none"}}, "text", "testdata/none"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			stdout, _, err := run(t, Options{Source: test.source, Output: test.output}, "")
			if err == nil || errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if stdout != "" {
				t.Errorf("wrote %q", stdout)
			}
		})
	}
}

func TestRunNotesAnObjectThatIsThereTwice(t *testing.T) {
	twice := read(t, "testdata/warned.yaml") + "---\n" + read(t, "testdata/clean.yaml")
	stdout, stderr, err := run(t, Options{Source: offline.Source{Paths: []string{"-"}}, Output: "text"}, twice)
	if err != nil || stdout != "2 objects checked: 0 denials, 0 warnings\n" {
		t.Errorf("got %v\n%s", err, stdout)
	}
	if want := "tlsward: standard input:10: ServiceEntry shop/pay is at standard input:2 too: the later one stands\n"; stderr != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
}

// failing is an output that cannot be written.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestRunReturnsTheErrorOfTheOutput(t *testing.T) {
	for _, output := range []string{"text", "json", "sarif"} {
		o := Options{Source: offline.Source{Paths: []string{"testdata/denied.yaml"}}, Output: output}
		err := Run(context.Background(), o, cli.Streams{ProgressAfter: time.Hour, Out: failing{}, Err: &strings.Builder{}})
		if err == nil || err.Error() != "disk full" {
			t.Errorf("%s: got %v", output, err)
		}
	}
}

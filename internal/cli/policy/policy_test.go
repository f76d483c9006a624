package policy

import (
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
	"github.com/tlsward/tlsward/internal/cli/test"
	"github.com/tlsward/tlsward/policies"
)

// TestNewWritesAPolicyThatPasses its own tests.
func TestNewWritesAPolicyThatPasses(t *testing.T) {
	dir := t.TempDir()
	var out strings.Builder
	if err := New(dir, "my-policy", &out); err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, name := range []string{"policy.rego", "policy_test.rego", "suite.yaml"} {
		want.WriteString(filepath.Join(dir, "my-policy", name) + "\n")
	}
	if out.String() != want.String() {
		t.Errorf("wrote\n%s\nwant\n%s", out.String(), want.String())
	}
	var report strings.Builder
	err := test.Run(t.Context(), test.Options{Paths: []string{dir}, Output: "text"}, cli.Streams{ProgressAfter: time.Hour, Out: &report, Err: &report})
	if err != nil || !strings.HasSuffix(report.String(), " passed, 0 failed\n") {
		t.Errorf("%v, %s", err, report.String())
	}
}

func TestNewWritesOverNothing(t *testing.T) {
	dir := t.TempDir()
	var out strings.Builder
	if err := New(dir, "My Policy", &out); err == nil || !strings.Contains(err.Error(), "no policy id") {
		t.Errorf("an id that is none: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "mine"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mine", "suite.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := New(dir, "mine", &out); err == nil || !strings.Contains(err.Error(), "is there already") || out.Len() > 0 {
		t.Errorf("a file that is there: %v, %q", err, out.String())
	}
}

// own is a directory with a policy of its own.
func own(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := New(dir, "my-policy", &strings.Builder{}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDocs(t *testing.T) {
	var out strings.Builder
	if err := Docs(t.Context(), offline.Source{Policies: []string{own(t)}}, &out); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"my-policy", "plaintext-egress"} {
		if !strings.Contains(out.String(), id) {
			t.Errorf("nothing of %s in\n%s", id, out.String())
		}
	}
	if err := Docs(t.Context(), offline.Source{Policies: []string{"none"}}, &out); err == nil {
		t.Error("policies that are not there are described")
	}
}

func TestBench(t *testing.T) {
	dir := own(t)
	tests := []struct {
		name    string
		paths   []string
		has     string
		hasNone string
	}{
		{"those at the paths", []string{dir}, "my-policy", "plaintext-egress"},
		{"the built-in ones", nil, "plaintext-egress", "my-policy"},
		{"the built-in ones, where there are none", []string{t.TempDir()}, "plaintext-egress", "my-policy"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			o := BenchOptions{Paths: test.paths, Each: time.Nanosecond, Output: "json"}
			if err := Bench(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, Out: &out, Err: &out}); err != nil {
				t.Fatal(err)
			}
			var costs []policies.Cost
			if err := json.Unmarshal([]byte(out.String()), &costs); err != nil {
				t.Fatal(err)
			}
			measured := func(id string) bool {
				return slices.ContainsFunc(costs, func(c policies.Cost) bool { return c.Policy == id && c.Runs > 0 && c.Median > 0 })
			}
			if !measured(test.has) || measured(test.hasNone) {
				t.Errorf("got %+v", costs)
			}
		})
	}
}

func TestBenchWritesATable(t *testing.T) {
	var out strings.Builder
	costs := []policies.Cost{
		{Policy: "short", Median: 1500 * time.Nanosecond, P99: 2 * time.Millisecond, Allocations: 7, Bytes: 4096, Runs: 100},
		{Policy: "a-longer-name", Median: time.Second, P99: time.Second, Allocations: 12345, Bytes: 1, Runs: 1},
	}
	if err := writeCosts(&out, costs); err != nil {
		t.Fatal(err)
	}
	want := "         policy  median  p99  allocations  bytes  runs\n" +
		"          short   1.5µs  2ms            7   4096   100\n" +
		"  a-longer-name      1s   1s        12345      1     1\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestBenchCannotMeasure(t *testing.T) {
	tests := []struct {
		name string
		BenchOptions
		want string
	}{
		{"an unknown output", BenchOptions{Output: "junit"}, `--output: want text, json, have "junit"`},
		{"no such directory", BenchOptions{Output: "text", Paths: []string{"none"}}, "none"},
		{"a broken configuration", BenchOptions{Output: "text", Config: "policy_test.go"}, "policy_test.go: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			err := Bench(t.Context(), test.BenchOptions, cli.Streams{ProgressAfter: time.Hour, Out: &out, Err: &out})
			if err == nil || errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(err.Error(), test.want) || out.Len() > 0 {
				t.Errorf("got %v and %q, want %q", err, out.String(), test.want)
			}
		})
	}
}

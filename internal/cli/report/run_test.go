package report

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/golden"
)

// made is when the tests' reports are.
var made = time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)

func run(t *testing.T, o Options) string {
	t.Helper()
	o.Now = made
	var out, errs strings.Builder
	if err := Run(t.Context(), o, cli.Streams{ProgressAfter: time.Hour, In: strings.NewReader(""), Out: &out, Err: &errs}); err != nil || errs.Len() > 0 {
		t.Fatal(err, errs.String())
	}
	return out.String()
}

func TestRun(t *testing.T) {
	source := offline.Source{Namespace: "default", Paths: []string{"testdata/mesh.yaml"}, Config: "testdata/exempt.config.yaml"}
	t.Setenv("COLUMNS", "140")
	for _, output := range []string{"text", "json", "csv"} {
		t.Run(output, func(t *testing.T) {
			golden.Equal(t, "testdata/mesh."+output+".golden", run(t, Options{Source: source, Output: output}))
		})
	}
	t.Run("all of it", func(t *testing.T) {
		golden.Equal(t, "testdata/mesh.all.golden", run(t, Options{Source: source, Output: "text", All: true}))
	})
	t.Run("what the webhook would complete", func(t *testing.T) {
		golden.Equal(t, "testdata/mutated.golden", run(t, Options{Source: source, Output: "text", Mutated: true}))
	})
}

func TestTextFitsTheTerminal(t *testing.T) {
	source := offline.Source{Namespace: "default", Paths: []string{"testdata/mesh.yaml"}}
	for _, columns := range []string{"80", "100", "160"} {
		t.Setenv("COLUMNS", columns)
		text := run(t, Options{Source: source, Output: "text"})
		tables, _, _ := strings.Cut(text, "external ports")
		for line := range strings.Lines(tables[:strings.LastIndex(tables, "\n")]) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > atoi(columns) {
				t.Errorf("%s columns: %d characters in %q", columns, n, line)
			}
		}
	}
}

func atoi(s string) int {
	n := 0
	for _, r := range s {
		n = n*10 + int(r-'0')
	}
	return n
}

func TestRunRefusesOtherOutputs(t *testing.T) {
	err := Run(t.Context(), Options{Output: "pdf"}, cli.Streams{})
	if want := `--output: want text, json, csv, html, have "pdf"`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestCSVHoldsNoFormulas(t *testing.T) {
	for in, want := range map[string]string{"": "", "a=b": "a=b", "=1+1": "'=1+1", "@x": "'@x", "-1": "'-1", "*.example.com": "*.example.com"} {
		if got := asText(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

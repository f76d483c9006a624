package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func manual(t *testing.T) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "man1")
	if got := tlsward(t, "", "man", dir, "--date", "2027-01-31"); got.code != exitOK || got.stderr != "" {
		t.Fatalf("got %+v", got)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		pages[e.Name()] = string(raw)
	}
	return pages
}

func TestEveryCommandHasAPage(t *testing.T) {
	pages := manual(t)
	if _, ok := pages["tlsward-completion-bash.1"]; !ok {
		t.Errorf("no page of cobra's own commands among %d", len(pages))
	}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		page := pages[name]
		for _, want := range []string{".SH NAME", ".SH SYNOPSIS", ".SH EXAMPLE", `"Jan 2027"`} {
			if !strings.Contains(page, want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
		for _, c := range cmd.Commands() {
			walk(c)
		}
	}
	walk(newRootCommand())
}

// Whoever writes the pages, wherever and under which name, writes the same.
func TestPagesAreTheSameElsewhere(t *testing.T) {
	before := manual(t)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBECONFIG", "/nowhere")
	t.Setenv("TZ", "Asia/Tokyo")
	program := os.Args[0]
	t.Cleanup(func() { os.Args[0] = program })
	os.Args[0] = "/usr/local/bin/kubectl-tlsward"
	after := manual(t)
	if len(before) != len(after) || len(before) == 0 {
		t.Errorf("%d pages, then %d", len(before), len(after))
	}
	for name, page := range before {
		if after[name] != page {
			t.Errorf("%s differs", name)
		}
	}
}

func TestPagesAreWellFormed(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff")
	}
	for name, page := range manual(t) {
		cmd := exec.CommandContext(t.Context(), groff, "-man", "-K", "utf-8", "-T", "utf8", "-ww", "-z")
		cmd.Stdin = strings.NewReader(page)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestManRefusesADateThatIsNone(t *testing.T) {
	if got := tlsward(t, "", "man", t.TempDir(), "--date", "tomorrow"); got.code != exitFailed || !strings.Contains(got.stderr, "--date") {
		t.Errorf("got %+v", got)
	}
}

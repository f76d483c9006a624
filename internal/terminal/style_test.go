package terminal

import (
	"os"
	"strings"
	"testing"
)

func TestColourIsForTerminalsOnly(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, style := range map[string]Style{"a file": For(file), "no file": For(&strings.Builder{}), "the zero style": {}} {
		if got := style.Red("x"); got != "x" {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if got := Colored().Red("x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("got %q", got)
	}
	if got := Colored().Red(""); got != "" {
		t.Errorf("got %q for nothing", got)
	}
}

// A pseudo terminal is a terminal, unless the environment has it otherwise.
func TestForATerminal(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo terminal here: %v", err)
	}
	defer terminal.Close()
	for _, c := range []struct {
		noColor, term string
		want          Style
	}{
		{"", "xterm", Colored()},
		{"1", "xterm", Style{}},
		{"", "dumb", Style{}},
	} {
		t.Setenv("NO_COLOR", c.noColor)
		t.Setenv("TERM", c.term)
		if got := For(terminal); got != c.want {
			t.Errorf("NO_COLOR=%q TERM=%q: got %v, want %v", c.noColor, c.term, got, c.want)
		}
	}
}

func TestStylesDiffer(t *testing.T) {
	s := Colored()
	seen := map[string]bool{}
	for _, style := range []func(string) string{s.Bold, s.Red, s.Green, s.Yellow, s.Cyan, s.Dim} {
		text := style("x")
		if seen[text] || !strings.HasPrefix(text, "\x1b[") || !strings.HasSuffix(text, "mx\x1b[0m") {
			t.Errorf("%q", text)
		}
		seen[text] = true
	}
}

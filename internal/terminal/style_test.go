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

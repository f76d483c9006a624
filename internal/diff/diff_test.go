package diff

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/internal/terminal"
)

func TestUnified(t *testing.T) {
	before := "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n"
	after := "a\nb\nc\nd\nE\nf\ng\nh\ni\nj\nk\nl\n"
	want := "--- f\n+++ f\n@@ -2,10 +2,11 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n i\n j\n k\n+l\n"
	if got := Unified("f", before, after, terminal.Style{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Unified("f", before, before, terminal.Style{}); got != "" {
		t.Errorf("alike texts differ: %q", got)
	}
	if got := Unified("", "a\n", "a\nb", terminal.Colored()); !strings.Contains(got, "\x1b[32m+b\n\\ No newline at end of file\x1b[0m") {
		t.Errorf("got %q", got)
	}
}

// TestPatchApplies holds the diff against the patch program, where there is one.
func TestPatchApplies(t *testing.T) {
	patch, err := exec.LookPath("patch")
	if err != nil {
		patch = ""
	}
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var b strings.Builder
		for range random.IntN(30) {
			fmt.Fprintf(&b, "line %d\n", random.IntN(6))
		}
		return b.String()
	}
	for range 300 {
		before, after := text(), text()
		edits := compare(lines(before), lines(after))
		if got := side(edits, add); got != before {
			t.Fatalf("before: got\n%s\nwant\n%s", got, before)
		}
		if got := side(edits, remove); got != after {
			t.Fatalf("after: got\n%s\nwant\n%s", got, after)
		}
		if patch == "" || before == after || random.IntN(10) > 0 {
			continue
		}
		file := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(patch, "-s", "-F0", file)
		cmd.Stdin = strings.NewReader(Unified("f", before, after, terminal.Style{}))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if got, _ := os.ReadFile(file); string(got) != after {
			t.Fatalf("patch gives\n%s\nwant\n%s", got, after)
		}
	}
}

// side returns the text without the edits of one kind.
func side(edits []edit, without op) string {
	var b strings.Builder
	for _, e := range edits {
		if e.op != without {
			b.WriteString(e.line + "\n")
		}
	}
	return b.String()
}

func TestTextsWithoutAnythingInCommon(t *testing.T) {
	before, after := strings.Repeat("a\n", maxDistance), strings.Repeat("b\n", maxDistance)
	edits := compare(lines(before), lines(after))
	if side(edits, add) != before || side(edits, remove) != after {
		t.Error("the edits do not lead from one to the other")
	}
}

func TestWhole(t *testing.T) {
	if got, want := Whole("a\nb\nc\n", "a\nx\nc\n", terminal.Style{}), " a\n-b\n+x\n c\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Whole("a\n", "b\n", terminal.Colored()); got != "\x1b[31m-a\x1b[0m\n\x1b[32m+b\x1b[0m\n" {
		t.Errorf("got %q", got)
	}
}

// The header of a hunk counts lines as the patch program does.
func TestHunks(t *testing.T) {
	long := "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n"
	for name, c := range map[string]struct{ before, after, want string }{
		"a text from nothing":         {"", "a\n", "@@ -0,0 +1 @@\n+a\n"},
		"nothing from a text":         {"a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n"},
		"one line":                    {"a\n", "b\n", "@@ -1 +1 @@\n-a\n+b\n"},
		"changes far from each other": {long, "x\n" + long + "y\n", "@@ -1,3 +1,4 @@\n+x\n 1\n 2\n 3\n@@ -10,3 +11,4 @@\n 10\n 11\n 12\n+y\n"},
		"a line break at the end":     {"a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
	} {
		if got := Unified("", c.before, c.after, terminal.Style{}); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// Package authoring_test does what docs/writing-policies.md says, step by step, with the real program.
package authoring_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const page = "../../docs/writing-policies.md"

// block is one fenced block of the page.
type block struct {
	line           int
	language, info string
	text           string
}

var fence = regexp.MustCompile("(?ms)^```(\\w+)([^\n]*)\n(.*?)^```$")

func blocks(t *testing.T) []block {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var out []block
	for _, m := range fence.FindAllSubmatchIndex(text, -1) {
		group := func(i int) string { return string(text[m[2*i]:m[2*i+1]]) }
		out = append(out, block{
			line: 1 + strings.Count(string(text[:m[0]]), "\n"), language: group(1), info: strings.TrimSpace(group(2)), text: group(3),
		})
	}
	return out
}

func TestThePageDoesWhatItSays(t *testing.T) {
	program := filepath.Join(t.TempDir(), "tlsward")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/tlsward").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	dir := t.TempDir()
	commands := 0
	for _, b := range blocks(t) {
		name, isFile := strings.CutPrefix(b.info, "file=")
		switch {
		case isFile:
			write(t, filepath.Join(dir, name), b.text)
		case b.language == "console":
			commands += play(t, program, dir, b)
		}
	}
	if commands < 6 {
		t.Errorf("only %d commands were run", commands)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// play runs the commands of a block. What stands below a command must be in what it prints, line by line.
func play(t *testing.T, program, dir string, b block) (commands int) {
	t.Helper()
	exit := 0
	if b.info != "" {
		if _, err := fmt.Sscanf(b.info, "exit=%d", &exit); err != nil {
			t.Fatalf("line %d: %q is not exit=N", b.line, b.info)
		}
	}
	for _, part := range strings.Split("\n"+b.text, "\n$ ")[1:] {
		line, want, _ := strings.Cut(part, "\n")
		args := strings.Fields(line)
		if args[0] != "tlsward" {
			t.Fatalf("line %d: %q is not a command of tlsward", b.line, line)
		}
		cmd := exec.Command(program, args[1:]...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		var failed *exec.ExitError
		if err != nil && !errors.As(err, &failed) {
			t.Fatal(err)
		}
		if got := cmd.ProcessState.ExitCode(); got != exit {
			t.Errorf("line %d: %s: exit code %d, want %d; it printed\n%s", b.line, line, got, exit, out)
		}
		for _, w := range strings.Split(strings.TrimSpace(want), "\n") {
			if !strings.Contains(string(out), w) {
				t.Errorf("line %d: %s: printed\n%s\nwithout %q", b.line, line, out, w)
			}
		}
		commands++
	}
	return commands
}

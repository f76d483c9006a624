package diff

import (
	"slices"
	"strings"
	"testing"
)

func TestReplacements(t *testing.T) {
	tests := []struct {
		name, before, after string
		want                []Replacement
	}{
		{"nothing", "a\n", "a\n", nil},
		{"a line", "a\nb\nc\n", "a\nx\nc\n", []Replacement{{Position{2, 1}, Position{3, 1}, "x\n"}}},
		{"the last line, without its end", "a\nbü\n", "a\nx\n", []Replacement{{Position{2, 1}, Position{2, 3}, "x"}}},
		{"lines come", "a\nb\n", "a\nx\ny\nb\n", []Replacement{{Position{2, 1}, Position{2, 1}, "x\ny\n"}}},
		{"lines come first", "a\n", "x\na\n", []Replacement{{Position{1, 1}, Position{1, 1}, "x\n"}}},
		{"lines come last", "a\n", "a\nx\n", []Replacement{{Position{1, 2}, Position{1, 2}, "\nx"}}},
		{"lines go", "a\nb\nc\n", "a\nc\n", []Replacement{{Position{2, 1}, Position{3, 1}, ""}}},
		{"the last lines go", "a\nb\nc\n", "a\n", []Replacement{{Position{1, 2}, Position{3, 2}, ""}}},
		{"two places", "a\nb\nc\nd\n", "x\nb\nc\nd\ny\n", []Replacement{{Position{1, 1}, Position{2, 1}, "x\n"}, {Position{4, 2}, Position{4, 2}, "\ny"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Replacements(test.before, test.after)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// Whatever two texts are, the replacements lead from one to the other.
func TestReplacementsLeadThere(t *testing.T) {
	texts := []string{"", "a", "a\n", "b\n", "a\nb", "a\nb\n", "b\na\n", "a\nb\nc", "a\nb\nc\n", "x\na\nb\ny\n", "a\r\nb\r\n", "a\r\nx\r\nb\r\n", "b\r\n", "ü\nä\n", "ü\n\nä\n", "\n", "\n\n", "a\n\n"}
	for _, before := range texts {
		for _, after := range texts {
			list := Replacements(before, after)
			if got := replaced(t, before, list); got != after {
				t.Errorf("from %q to %q: got %q by %v", before, after, got, list)
			}
		}
	}
}

// replaced makes replacements as SARIF 2.1.0 defines them (section 3.57): by the places in the text as it was.
func replaced(t *testing.T, text string, list []Replacement) string {
	t.Helper()
	for _, r := range slices.Backward(list) {
		from, to := offsetOf(t, text, r.From), offsetOf(t, text, r.To)
		if from > to {
			t.Fatalf("%v ends before it begins", r)
		}
		text = text[:from] + r.Text + text[to:]
	}
	return text
}

// offsetOf returns the offset of a position in bytes; its line and column must be there.
func offsetOf(t *testing.T, text string, p Position) int {
	t.Helper()
	lines := strings.SplitAfter(text, "\n")
	if p.Line < 1 || p.Line > len(lines) {
		t.Fatalf("%v: the text has %d lines", p, len(lines))
	}
	line := []rune(strings.TrimRight(lines[p.Line-1], "\r\n"))
	if p.Column < 1 || p.Column > len(line)+1 {
		t.Fatalf("%v: the line has %d characters", p, len(line))
	}
	return len(strings.Join(lines[:p.Line-1], "")) + len(string(line[:p.Column-1]))
}

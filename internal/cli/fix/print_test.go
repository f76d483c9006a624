package fix

import (
	"strings"
	"testing"
)

func TestPrintAllMakesOneStream(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		want  string
	}{
		{"one file stays as it is", []string{"a: 1"}, "a: 1"},
		{"a line between two", []string{"a: 1\n", "b: 1\n"}, "a: 1\n---\nb: 1\n"},
		{"none where there is one", []string{"a: 1\n", "---\nb: 1\n"}, "a: 1\n---\nb: 1\n"},
		{"never in the middle of a line", []string{"a: 1", "b: 1"}, "a: 1\n---\nb: 1"},
		{"an empty file", []string{"", "b: 1\n"}, "---\nb: 1\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var changes []change
			for _, text := range test.files {
				changes = append(changes, change{after: []byte(text)})
			}
			var out strings.Builder
			if err := printAll(&out, changes); err != nil || out.String() != test.want {
				t.Errorf("%v, got %q, want %q", err, out.String(), test.want)
			}
		})
	}
}

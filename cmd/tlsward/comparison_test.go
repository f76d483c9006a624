package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(apiVersion.*?)^```$")

// TestComparisonShowsWhatIsPrinted: the findings that the document shows are those of its own configurations.
func TestComparisonShowsWhatIsPrinted(t *testing.T) {
	text := read(t, "../../docs/comparison.md")
	var blocks []string
	for _, match := range yamlBlock.FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, match[1])
	}
	if len(blocks) != 3 {
		t.Fatalf("%d configurations, want the entry and two rules", len(blocks))
	}
	entry, disabled, hidden := blocks[0], blocks[1], blocks[2]
	dir := t.TempDir()
	for name, content := range map[string]string{"disable.yaml": entry + "---\n" + disabled, "exported.yaml": entry + "---\n" + hidden,
		"after/entry.yaml": entry, "before/entry.yaml": entry, "before/rule.yaml": strings.Replace(hidden, "  exportTo: [\".\"]\n", "", 1)} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	shown := regexp.MustCompile("(?m)^\\$ tlsward (.*)\n(.*)$").FindAllStringSubmatch(text, -1)
	if len(shown) != 3 {
		t.Fatalf("%d commands, want 3", len(shown))
	}
	for _, command := range shown {
		got := tlsward(t, "", strings.Fields(command[1])...)
		if !strings.Contains(got.stdout, ": "+command[2]+"\n") {
			t.Errorf("%s: no %q in\n%s", command[1], command[2], got.stdout)
		}
	}
}

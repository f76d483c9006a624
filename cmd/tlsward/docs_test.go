package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	inBackticks = regexp.MustCompile("`([^`\n]+)`")
	linkTarget  = regexp.MustCompile(`\]\(([^)#\s]+)`)
	fileName    = regexp.MustCompile(`\.(go|md|rego|yaml|json)$`)
)

// TestDocumentsNameWhatExists checks the paths in backticks in the documents that lead through the tree. They are relative
// to its root, with * for anything.
func TestDocumentsNameWhatExists(t *testing.T) {
	t.Chdir("../..")
	for _, document := range []string{"CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md"} {
		text := read(t, document)
		checked := 0
		for _, match := range inBackticks.FindAllStringSubmatch(text, -1) {
			if !isPath(match[1]) {
				continue
			}
			checked++
			if found, err := filepath.Glob(match[1]); err != nil || len(found) == 0 {
				t.Errorf("%s names `%s`, which does not exist", document, match[1])
			}
		}
		if checked == 0 {
			t.Errorf("%s names no path", document)
		}
	}
}

// TestLinksOfDocumentsLeadSomewhere checks the links of the documents to files, which are relative to the document.
func TestLinksOfDocumentsLeadSomewhere(t *testing.T) {
	t.Chdir("../..")
	documents := []string{"README.md", "CONTRIBUTING.md"}
	for _, pattern := range []string{"docs/*.md", "docs/adr/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		documents = append(documents, found...)
	}
	for _, document := range documents {
		for _, match := range linkTarget.FindAllStringSubmatch(read(t, document), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), match[1])); err != nil {
				t.Errorf("%s links to %s, which does not exist", document, match[1])
			}
		}
	}
}

// isPath reports whether text is a path in the tree: no command, no HTTP path, and a file's name or with a slash in it.
func isPath(text string) bool {
	if strings.ContainsAny(text, " ?") || strings.HasPrefix(text, "/") {
		return false
	}
	return strings.Contains(text, "/") || fileName.MatchString(text)
}

package demo

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/tlsward/tlsward/internal/manifests"
)

//go:embed scenarios/*.yaml
var files embed.FS

// scenario is a file of objects that are applied one after the other to an empty mesh.
type scenario struct {
	title string
	about []string // lines
	docs  []manifests.Document
}

// scenarios reads the embedded files, in the order of their names. A file begins with a comment: its title, an empty
// line, and what to watch for.
func scenarios() ([]scenario, error) {
	names, err := fs.Glob(files, "scenarios/*.yaml")
	if err != nil {
		return nil, err
	}
	var list []scenario
	for _, name := range names {
		raw, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		docs, err := manifests.Parse(path.Base(name), raw)
		if err != nil {
			return nil, fmt.Errorf("scenario: %w", err)
		}
		head, _ := comment(string(raw))
		list = append(list, scenario{title: head[0], about: head[2:], docs: docs})
	}
	return list, nil
}

// comment splits a text into the lines of its first comment, without their marks, and the rest.
func comment(text string) (lines []string, rest string) {
	for strings.HasPrefix(text, "#") {
		line, after, _ := strings.Cut(text, "\n")
		lines, text = append(lines, strings.TrimSpace(strings.TrimPrefix(line, "#"))), after
	}
	return lines, text
}

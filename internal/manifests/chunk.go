package manifests

import (
	"bytes"
	"errors"
	"sync"

	"go.yaml.in/yaml/v3"
)

// chunk is the text of one document of a file.
type chunk struct {
	text  []byte
	start int // offset of text in the file, in bytes
	line  int // line of text's first byte, from 1
	tree  *tree
}

// tree is a chunk's nodes. They are parsed at the first use: of most documents no field's line is ever asked for.
type tree struct {
	once sync.Once
	root *yaml.Node
	err  error
}

// split cuts a file at its document markers. A line that begins with `---` or `...` is one wherever it stands: YAML
// allows neither inside a document, and JSON has no such line.
func split(raw []byte) []chunk {
	var chunks []chunk
	current := chunk{line: 1, tree: &tree{}}
	offset, line := 0, 1
	cut := func(end, next int) {
		current.text = raw[current.start:end]
		if !current.isBlank() {
			chunks = append(chunks, current)
		}
		current = chunk{start: next, line: line, tree: &tree{}}
	}
	for text := range bytes.Lines(raw) {
		if isMarker(text) {
			cut(offset, offset+len("---"))
		}
		offset += len(text)
		line++
	}
	cut(len(raw), len(raw))
	return chunks
}

// isMarker reports whether a line ends a document.
func isMarker(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("---")) && !bytes.HasPrefix(line, []byte("...")) {
		return false
	}
	return len(line) == 3 || bytes.IndexByte([]byte(" \t\r\n"), line[3]) >= 0
}

// isBlank reports whether the chunk has nothing but comments and YAML directives.
func (c chunk) isBlank() bool { return c.firstLine() == 0 }

// firstLine returns the first line that is neither empty nor a comment nor a directive, 0 if there is none.
func (c chunk) firstLine() int {
	line := c.line
	for text := range bytes.Lines(c.text) {
		text = bytes.TrimSpace(text)
		if len(text) > 0 && text[0] != '#' && text[0] != '%' {
			return line
		}
		line++
	}
	return 0
}

// node returns the chunk's nodes. Their lines count from the chunk's first line; aliases are not expanded.
func (c chunk) node() (*yaml.Node, error) {
	c.tree.once.Do(func() { c.tree.root, c.tree.err = parseNode(c.text) })
	return c.tree.root, c.tree.err
}

func parseNode(text []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, errors.New("want one document")
	}
	return doc.Content[0], nil
}

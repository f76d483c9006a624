package manifests

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/tlsward/tlsward/internal/jsonpath"
)

// Document is one Kubernetes object in a file.
type Document struct {
	// File is the file as it was named, or Stdin; for an object of no file, where it is from.
	File string
	// Line is the line, from 1, on which the object begins; 0 for an object of no file.
	Line int
	// Raw is the object as JSON.
	Raw  []byte
	Head Head
	// RenderedBy is the tool that made the object of what stands in the file; "" where it stands there as it is.
	RenderedBy string
	// PatchedBy are the files with patches that changed what stands in File; none but of an object that was rendered.
	PatchedBy []string

	chunk chunk
	// item is the path from the chunk's root to the object, empty unless it is in a List.
	item jsonpath.Path
}

// Object returns the document of an object (JSON) of no file: it has no lines, and no text.
func Object(source string, raw []byte) (Document, error) {
	head, err := ReadHead(raw)
	if err != nil {
		return Document{}, fmt.Errorf("%s: %s: %w", source, head, err)
	}
	return Document{File: source, Raw: raw, Head: head}, nil
}

// Where returns the document's place as "file:line".
func (d Document) Where() string { return d.at(d.Line) }

// WhereIs returns the place of a field, as Where does that of the document; see LineOf.
func (d Document) WhereIs(field string) string { return d.at(d.LineOf(field)) }

func (d Document) at(line int) string {
	if line == 0 {
		return d.File
	}
	return fmt.Sprintf("%s:%d", d.File, line)
}

// LineOf returns the line of a field, as "spec.ports[0].tls", or of the nearest thing around it that is written down.
func (d Document) LineOf(field string) int {
	if d.chunk.tree == nil {
		return d.Line
	}
	root, err := d.chunk.node()
	if err != nil {
		return d.Line
	}
	path, _ := jsonpath.Parse(field) // the steps before a fault lead to the nearest thing
	node := d.object(root)
	line := d.Line
	for _, step := range path {
		key, value := child(node, step)
		if value == nil {
			break
		}
		line, node = d.chunk.line+key.Line-1, value
	}
	return line
}

// Text returns the text of the YAML or JSON document that the object is written in, and its offset in the file, in
// bytes. The items of a List share theirs.
func (d Document) Text() (text []byte, offset int) { return d.chunk.text, d.chunk.start }

// Pointer returns the JSON pointer (RFC 6901) from the root of Text to the object: "" unless it is in a List.
func (d Document) Pointer() string { return d.item.Pointer() }

// object returns the node of the document's object.
func (d Document) object(root *yaml.Node) *yaml.Node {
	node := root
	for _, step := range d.item {
		if _, node = child(node, step); node == nil {
			return root
		}
	}
	return node
}

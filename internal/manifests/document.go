package manifests

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Document is one Kubernetes object in a file.
type Document struct {
	// File is the file as it was named, or Stdin.
	File string
	// Line is the line, from 1, on which the object begins.
	Line int
	// Raw is the object as JSON.
	Raw []byte
	// Head is what the object says of itself.
	Head Head

	chunk chunk
	// item is the way from the chunk's root to the object: indexes of `items`, empty unless it is in a List.
	item []int
}

// Head is what every object says of itself.
type Head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
}

// String names the object as "Kind namespace/name", or "Kind name" for what has no namespace.
func (h Head) String() string {
	if h.Metadata.Namespace == "" {
		return h.Kind + " " + h.Metadata.Name
	}
	return h.Kind + " " + h.Metadata.Namespace + "/" + h.Metadata.Name
}

// Where gives the document's place as "file:line".
func (d Document) Where() string { return fmt.Sprintf("%s:%d", d.File, d.Line) }

// LineOf gives the line of a field, as "spec.ports[0].tls", or of the nearest thing around it that is written down.
func (d Document) LineOf(path string) int {
	root, err := d.chunk.node()
	if err != nil {
		return d.Line
	}
	node := d.within(root)
	line := d.Line
	for _, step := range steps(path) {
		key, value := step.in(node)
		if value == nil {
			break
		}
		line, node = d.chunk.line+key.Line-1, value
	}
	return line
}

// Text gives the text of the YAML or JSON document that the object is written in, and its offset in the file, in bytes.
// The items of a List share theirs.
func (d Document) Text() (text []byte, offset int) { return d.chunk.text, d.chunk.start }

// Pointer gives the JSON pointer from the root of Text to the object: "" unless it is in a List.
func (d Document) Pointer() string {
	var b strings.Builder
	for _, i := range d.item {
		fmt.Fprintf(&b, "/items/%d", i)
	}
	return b.String()
}

// within gives the node of the document's object.
func (d Document) within(root *yaml.Node) *yaml.Node {
	node := root
	for _, i := range d.item {
		for _, s := range []step{{key: "items"}, {index: i, list: true}} {
			if _, node = s.in(node); node == nil {
				return root
			}
		}
	}
	return node
}

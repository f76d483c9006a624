package manifests

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// maxExpanded bounds a document with its aliases written out, in bytes: a few lines of YAML can stand for terabytes.
// No API server takes an object of more than 3 MiB.
const maxExpanded = 16 << 20

// checkAliases returns an error for a document that is too large with its aliases written out.
func (c chunk) checkAliases() error {
	if bytes.IndexByte(c.text, '&') < 0 || bytes.IndexByte(c.text, '*') < 0 {
		return nil
	}
	root, err := c.node()
	if err != nil {
		return nil // whoever reads the values has the better error
	}
	sizes := map[*yaml.Node]int{}
	if expandedSize(root, sizes) > max(maxExpanded, len(c.text)) {
		return fmt.Errorf("aliases expand the document to more than %d MiB", maxExpanded>>20)
	}
	return nil
}

// expandedSize returns the size of node with its aliases written out, in bytes, at most the limit. sizes holds those that
// are known, and the limit for those that are being measured: an alias may be inside its own anchor.
func expandedSize(node *yaml.Node, sizes map[*yaml.Node]int) int {
	const limit = 1 << 40
	if size, known := sizes[node]; known {
		return size
	}
	sizes[node] = limit
	size := len(node.Value) + 1
	if node.Kind == yaml.AliasNode {
		size = expandedSize(node.Alias, sizes)
	}
	for _, child := range node.Content {
		size = min(size+expandedSize(child, sizes), limit)
	}
	sizes[node] = size
	return size
}

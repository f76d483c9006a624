package manifests

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// maxExpanded bounds what a document's aliases may grow it to, in bytes: a few lines of YAML can stand for terabytes.
// No API server takes an object of more than 3 MiB.
const maxExpanded = 16 << 20

// checkAliases refuses a document that its aliases blow up.
func (c chunk) checkAliases() error {
	if bytes.IndexByte(c.text, '&') < 0 || bytes.IndexByte(c.text, '*') < 0 {
		return nil
	}
	root, err := c.node()
	if err != nil {
		return nil // whoever reads the values has the better error
	}
	sizes := map[*yaml.Node]int{}
	if expanded(root, sizes) > max(maxExpanded, len(c.text)) {
		return fmt.Errorf("aliases expand the document to more than %d MiB", maxExpanded>>20)
	}
	return nil
}

// expanded gives the size of node with its aliases written out, no more than just over the limit. sizes remembers the
// nodes that are known, and holds the limit for those that are being measured: an alias inside its own anchor.
func expanded(node *yaml.Node, sizes map[*yaml.Node]int) int {
	const limit = 1 << 40
	if size, known := sizes[node]; known {
		return size
	}
	sizes[node] = limit
	size := len(node.Value) + 1
	if node.Kind == yaml.AliasNode {
		size = expanded(node.Alias, sizes)
	}
	for _, child := range node.Content {
		size = min(size+expanded(child, sizes), limit)
	}
	sizes[node] = size
	return size
}

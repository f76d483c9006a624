package manifests

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// step is one step into an object: a key of a mapping or an index of a list.
type step struct {
	key   string
	index int
	list  bool
}

// steps reads a path such as "spec.ports[0].tls". What it cannot read ends the path.
func steps(path string) []step {
	var out []step
	for part := range strings.SplitSeq(path, ".") {
		key, rest, _ := strings.Cut(part, "[")
		if key != "" {
			out = append(out, step{key: key})
		}
		for rest != "" {
			number, more, found := strings.Cut(rest, "]")
			index, err := strconv.Atoi(number)
			if !found || err != nil {
				return out
			}
			out = append(out, step{index: index, list: true})
			rest = strings.TrimPrefix(more, "[")
		}
	}
	return out
}

// in gives the node that a step leads to, and the one that a person would point at: a mapping's key, a list's item.
// Both are nil where there is none.
func (s step) in(node *yaml.Node) (at, value *yaml.Node) {
	node = resolved(node)
	switch {
	case node == nil:
	case s.list && node.Kind == yaml.SequenceNode && s.index >= 0 && s.index < len(node.Content):
		return node.Content[s.index], node.Content[s.index]
	case !s.list && node.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == s.key {
				return node.Content[i], node.Content[i+1]
			}
		}
	}
	return nil, nil
}

// resolved follows an alias to what it stands for.
func resolved(node *yaml.Node) *yaml.Node {
	for node != nil && node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

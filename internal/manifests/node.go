package manifests

import "go.yaml.in/yaml/v3"

// child returns the node that a step of a jsonpath.Path leads to, and the one that a person would point at: a mapping's
// key, a list's item. Both are nil where there is none.
func child(node *yaml.Node, step any) (at, value *yaml.Node) {
	node = resolve(node)
	if node == nil {
		return nil, nil
	}
	switch step := step.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && step >= 0 && step < len(node.Content) {
			return node.Content[step], node.Content[step]
		}
	case string:
		if node.Kind != yaml.MappingNode {
			break
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i], node.Content[i+1]
			}
		}
	}
	return nil, nil
}

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	for node != nil && node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

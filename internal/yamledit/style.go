package yamledit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// style is how a document is written, and what is added is to be.
type style struct {
	json     bool   // the whole document is JSON
	indented bool   // lists are indented below their key
	newline  string // "\n" or "\r\n"
}

// detect sets the style to that of a document.
func (s *style) detect(root *yaml.Node, text []byte) {
	s.newline = "\n"
	if bytes.Contains(text, []byte("\r\n")) {
		s.newline = "\r\n"
	}
	s.indented = false
	detectListIndent(root, s)
}

// detectListIndent sets indented by the first list in block style, and reports whether there is one.
func detectListIndent(node *yaml.Node, s *style) (found bool) {
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 1 && child.Kind == yaml.SequenceNode && child.Style&yaml.FlowStyle == 0 {
			s.indented = child.Column > node.Content[i-1].Column
			return true
		}
		if detectListIndent(child, s) {
			return true
		}
	}
	return false
}

// leadingKeys are those that people write before others.
var leadingKeys = []string{"name", "port", "number", "host", "mode"}

// toNode returns the nodes of a value, in the order in which a person would write them.
func toNode(value any) (*yaml.Node, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var v any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	return valueNode(v)
}

func valueNode(v any) (*yaml.Node, error) {
	switch v := v.(type) {
	case map[string]any:
		node := &yaml.Node{Kind: yaml.MappingNode}
		for _, k := range sortedKeys(v) {
			key := &yaml.Node{}
			key.SetString(k)
			value, err := valueNode(v[k])
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, key, value)
		}
		return node, nil
	case []any:
		node := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v {
			value, err := valueNode(item)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, value)
		}
		return node, nil
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: v.String()}, nil
	}
	node := &yaml.Node{}
	return node, node.Encode(v)
}

func sortedKeys(m map[string]any) []string {
	rank := func(key string) int {
		if i := slices.Index(leadingKeys, key); i >= 0 {
			return i
		}
		return len(leadingKeys)
	}
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		if c := rank(a) - rank(b); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
}

// block renders a value in block style, one line after the other. A mapping's or list's first line is its first item.
func (s style) block(value any) ([]string, error) {
	node, err := toNode(value)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if !s.indented {
		encoder.CompactSeqIndent()
	}
	if err := encoder.Encode(node); err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n"), nil
}

// entry renders "key: value" in block style.
func (s style) entry(key string, value any) ([]string, error) {
	return s.block(map[string]any{key: value})
}

// flow renders a value in one line. quoted writes JSON.
func (s style) flow(value any, quoted bool) (string, error) {
	node, err := toNode(value)
	if err != nil {
		return "", err
	}
	if quoted {
		return jsonText(node)
	}
	// A value alone would be written in block style: the list around it makes it flow.
	raw, err := yaml.Marshal(&yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: []*yaml.Node{node}})
	text := strings.TrimSpace(string(raw))
	return strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"), err
}

// jsonText writes nodes as JSON, with the spaces that people put there.
func jsonText(node *yaml.Node) (string, error) {
	var parts []string
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			value, err := jsonText(node.Content[i+1])
			if err != nil {
				return "", err
			}
			key, err := json.Marshal(node.Content[i].Value)
			if err != nil {
				return "", err
			}
			parts = append(parts, string(key)+": "+value)
		}
		return "{" + strings.Join(parts, ", ") + "}", nil
	case yaml.SequenceNode:
		for _, item := range node.Content {
			value, err := jsonText(item)
			if err != nil {
				return "", err
			}
			parts = append(parts, value)
		}
		return "[" + strings.Join(parts, ", ") + "]", nil
	}
	var v any
	if err := node.Decode(&v); err != nil {
		return "", fmt.Errorf("write %q: %w", node.Value, err)
	}
	raw, err := json.Marshal(v)
	return string(raw), err
}

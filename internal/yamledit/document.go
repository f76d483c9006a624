package yamledit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// document is a text with the places of its nodes.
type document struct {
	text  []byte
	lines []int // offset of each line
	root  *yaml.Node
	style style
}

// otherLineBreak matches what YAML takes for the end of a line beside a line feed: a carriage return of its own, and
// Unicode's next line, line separator and paragraph separator. Whoever counts lines by line feeds loses the place there.
//
//nolint:gochecknoglobals // a constant in all but name
var otherLineBreak = regexp.MustCompile("\r(?:[^\n]|$)|[\u0085\u2028\u2029]")

func newDocument(text []byte) (*document, error) {
	if at := otherLineBreak.FindIndex(text); at != nil {
		return nil, fmt.Errorf("line %d: a line ends in something other than a line feed", 1+bytes.Count(text[:at[0]], []byte("\n")))
	}
	d := &document{text: text, lines: []int{0}}
	for i, c := range text {
		if c == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	parsed := text
	d.style.json = json.Valid(text)
	if d.style.json {
		// YAML takes no tabs as indentation. In JSON a tab stands nowhere but between tokens.
		parsed = bytes.ReplaceAll(text, []byte("\t"), []byte(" "))
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(parsed, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) != 1 {
		return nil, errors.New("want one document")
	}
	d.root = doc.Content[0]
	d.style.detect(d.root, text)
	return d, nil
}

// edit returns the edits of an operation: add, replace or remove.
func (d *document) edit(operation string, path []string, value any) ([]edit, error) {
	node := d.root
	for _, step := range path[:len(path)-1] {
		_, next, err := child(node, step)
		if err != nil {
			return nil, err
		}
		if next == nil {
			return nil, fmt.Errorf("there is no %s", step)
		}
		if next.Kind == yaml.AliasNode {
			return nil, fmt.Errorf("line %d: %s is an alias; write it out first", next.Line, step)
		}
		node = next
	}
	last := path[len(path)-1]
	key, old, err := child(node, last)
	switch {
	case err != nil:
		return nil, err
	case operation == "remove" && old == nil:
		return nil, fmt.Errorf("there is no %s", last)
	case operation == "remove":
		return d.remove(node, key, old)
	case old != nil && node.Kind == yaml.MappingNode:
		return d.replace(node, key, old, value)
	case old != nil && operation == "replace":
		return d.replaceItem(node, old, value)
	case old != nil:
		return nil, errors.New("only the end of a list can be added to")
	}
	if node.Style&yaml.FlowStyle != 0 {
		return d.addToFlow(node, last, value)
	}
	return d.addToBlock(node, last, value)
}

// child returns the node that a token of a JSON pointer leads to, nil if there is none yet.
func child(node *yaml.Node, step string) (key, value *yaml.Node, err error) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i], node.Content[i+1], nil
			}
		}
		return nil, nil, nil
	case yaml.SequenceNode:
		if step == "-" {
			return nil, nil, nil
		}
		index, err := strconv.Atoi(step)
		if err != nil || index < 0 || index > len(node.Content) {
			return nil, nil, fmt.Errorf("there is no item %s", step)
		}
		if index == len(node.Content) {
			return nil, nil, nil
		}
		return nil, node.Content[index], nil
	}
	return nil, nil, fmt.Errorf("line %d: neither a mapping nor a list", node.Line)
}

// offset returns the place of a node in the text. YAML counts columns in characters.
func (d *document) offset(node *yaml.Node) int {
	at := d.lines[node.Line-1]
	for range node.Column - 1 {
		_, size := utf8.DecodeRune(d.text[at:])
		at += size
	}
	return at
}

// lineEnd returns the offset of the end of a line (from 1), before its line break.
func (d *document) lineEnd(line int) int {
	end := len(d.text)
	if line < len(d.lines) {
		end = d.lines[line]
	}
	return d.lines[line-1] + len(bytes.TrimRight(d.text[d.lines[line-1]:end], "\r\n"))
}

// line returns a line (from 1) without its break.
func (d *document) line(n int) string { return string(d.text[d.lines[n-1]:d.lineEnd(n)]) }

func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

package yamledit

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"
)

// addToBlock adds an entry to a mapping, or an item to a list, in block style.
func (d *document) addToBlock(node *yaml.Node, key string, value any) ([]edit, error) {
	var lines []string
	var err error
	if node.Kind == yaml.SequenceNode {
		lines, err = d.style.block([]any{value})
	} else {
		lines, err = d.style.entry(key, value)
	}
	if err != nil {
		return nil, err
	}
	indent := node.Column - 1
	at := d.lineEnd(d.lastLine(node, indent))
	return []edit{{at, at, d.style.newline + d.indented(lines, indent)}}, nil
}

// indented joins lines below each other.
func (d *document) indented(lines []string, indent int) string {
	margin := strings.Repeat(" ", indent)
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteString(d.style.newline)
		}
		if line != "" {
			b.WriteString(margin + line)
		}
	}
	return b.String()
}

// lastLine returns the last line of a mapping or list in block style that begins in this column (from 0): what is
// indented as far, or further. A comment after it that is indented as far belongs to a mapping still, since the entry
// that it stands for may be commented out; before the next item of a list it belongs to that.
func (d *document) lastLine(node *yaml.Node, column int) int {
	last := node.Line
	for n := node.Line + 1; n <= len(d.lines); n++ {
		text := d.line(n)
		words := strings.TrimSpace(text)
		if words == "" {
			continue
		}
		indent := indentation(text)
		comment := strings.HasPrefix(words, "#")
		switch {
		case indent > column:
		case indent == column && node.Kind == yaml.MappingNode:
		case indent == column && !comment && (words == "-" || strings.HasPrefix(words, "- ")):
		case comment:
			continue // it may be amid what is indented; if not, it is not taken
		default:
			return last
		}
		last = n
	}
	return last
}

// replace puts a value in the place of a mapping's value.
func (d *document) replace(parent, key, old *yaml.Node, value any) ([]edit, error) {
	if parent.Style&yaml.FlowStyle != 0 || old.Style&yaml.FlowStyle != 0 {
		return d.replaceInFlow(key, old, value)
	}
	lines, err := d.style.entry(key.Value, value)
	if err != nil {
		return nil, err
	}
	if old.Kind != yaml.ScalarNode {
		return d.replaceBlock(key, old, lines)
	}
	from, to, err := d.scalar(key, old)
	if err != nil {
		return nil, err
	}
	after, ok := strings.CutPrefix(lines[0], strings.TrimSuffix(keyText(lines[0]), " "))
	if !ok {
		return nil, errors.New("the key is written in a way that cannot be edited")
	}
	if len(lines) == 1 {
		return []edit{{from, to, after}}, nil
	}
	// The rest goes below, after a comment that may stand on the key's line.
	end := d.lineEnd(key.Line)
	return []edit{
		{from, to, strings.TrimRight(after, " ")},
		{end, end, d.style.newline + d.indented(lines[1:], key.Column-1)},
	}, nil
}

// keyText returns the "key:" that an entry's first line begins with.
func keyText(line string) string {
	if i := strings.Index(line, ":"); i >= 0 {
		return line[:i+1]
	}
	return line
}

// scalar returns the range from behind a key's colon to the end of its value. It is an error if they are not on one line.
func (d *document) scalar(key, old *yaml.Node) (from, to int, err error) {
	keyEnd, err := d.tokenEnd(d.offset(key))
	if err != nil {
		return 0, 0, err
	}
	colon := strings.IndexByte(string(d.text[keyEnd:d.lineEnd(key.Line)]), ':')
	if colon < 0 {
		return 0, 0, errors.New("the value does not stand on its key's line")
	}
	from = keyEnd + colon + 1
	if old.Value == "" && old.Style == 0 {
		return from, from, nil // nothing is written
	}
	if old.Line != key.Line || old.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || old.Anchor != "" {
		return 0, 0, errors.New("the value does not stand on its key's line")
	}
	to, err = d.tokenEnd(d.offset(old))
	return from, to, err
}

package yamledit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// remove takes an entry of a mapping (with its key), or an item of a list (key is nil), away.
func (d *document) remove(parent, key, old *yaml.Node) ([]edit, error) {
	if key == nil {
		key = old
	}
	at, step := slices.Index(parent.Content, key), 1
	if parent.Kind == yaml.MappingNode {
		step = 2
	}
	switch {
	case len(parent.Content) == step:
		return nil, errors.New("the last entry cannot be removed") // Difference writes an empty value in the place of all
	case parent.Style&yaml.FlowStyle != 0:
		return d.removeFromFlow(parent, at, step)
	}
	begin := d.offset(key)
	before := string(d.text[d.lines[key.Line-1]:begin])
	switch {
	case parent.Kind == yaml.SequenceNode:
		if strings.TrimSpace(before) != "-" {
			return nil, fmt.Errorf("line %d: the item is written in a way that cannot be removed", key.Line)
		}
		return d.removeLines(key.Line, d.lastLineOf(old, strings.Index(before, "-"), false)), nil
	case strings.TrimSpace(before) == "":
		return d.removeLines(key.Line, d.lastLineOf(old, key.Column-1, true)), nil
	case at == 0: // of an item of a list, behind its dash: the next entry takes its place
		return []edit{{begin, d.offset(parent.Content[step]), ""}}, nil
	}
	return nil, fmt.Errorf("line %d: the entry is written in a way that cannot be removed", key.Line)
}

// removeLines removes lines (from 1) whole. That they may be the last ones of the text leaves the text without a line's end.
func (d *document) removeLines(first, last int) []edit {
	from, to := d.lines[first-1], len(d.text)
	if last < len(d.lines) {
		to = d.lines[last]
	} else if first > 1 {
		from = d.lineEnd(first - 1)
	}
	return []edit{{from, to, ""}}
}

// lastLineOf returns the last line of a value in block style, that of a key or a dash in a column (from 0): what is indented
// further, and the items of a list that stands in its key's column. Comments in that column are not the value's.
func (d *document) lastLineOf(value *yaml.Node, column int, ofKey bool) int {
	last := value.Line
	if value.Style&yaml.FlowStyle != 0 {
		if end, err := d.tokenEnd(d.offset(value)); err == nil {
			last += strings.Count(string(d.text[d.offset(value):end]), "\n")
		}
	}
	level := ofKey && value.Kind == yaml.SequenceNode && value.Style&yaml.FlowStyle == 0 && value.Column-1 == column
	for n := last + 1; n <= len(d.lines); n++ {
		words := strings.TrimSpace(d.line(n))
		switch indent := indentation(d.line(n)); {
		case words == "":
			continue
		case indent > column, level && indent == column && (words == "-" || strings.HasPrefix(words, "- ")):
			last = n
		case level && strings.HasPrefix(words, "#"):
			continue // it may be amid the items; if not, it is not taken
		default:
			return last
		}
	}
	return last
}

// removeFromFlow removes an entry of a mapping, or an item of a list, in flow style: with the comma behind it, or the one before it
// where it is the last.
func (d *document) removeFromFlow(parent *yaml.Node, at, step int) ([]edit, error) {
	if next := at + step; next < len(parent.Content) {
		return []edit{{d.offset(parent.Content[at]), d.offset(parent.Content[next]), ""}}, nil
	}
	from, err := d.flowEnd(parent, at-step, step)
	if err != nil {
		return nil, err
	}
	to, err := d.flowEnd(parent, at, step)
	return []edit{{from, to, ""}}, err
}

// flowEnd returns the offset behind an entry or item in flow style.
func (d *document) flowEnd(parent *yaml.Node, at, step int) (int, error) {
	if step == 1 {
		return d.tokenEnd(d.offset(parent.Content[at]))
	}
	key, value := parent.Content[at], parent.Content[at+1]
	if value.Kind == yaml.ScalarNode {
		_, to, err := d.scalar(key, value)
		return to, err
	}
	return d.tokenEnd(d.offset(value))
}

// replaceBlock puts the lines of an entry in the place of one whose value is in block style.
func (d *document) replaceBlock(key, old *yaml.Node, lines []string) ([]edit, error) {
	if old.Anchor != "" {
		return nil, fmt.Errorf("line %d: the value has an anchor; write it out first", old.Line)
	}
	end := d.lineEnd(d.lastLineOf(old, key.Column-1, true))
	return []edit{{d.offset(key), end, lines[0] + d.below(lines[1:], key.Column-1)}}, nil
}

// replaceItem puts a value in the place of an item of a list.
func (d *document) replaceItem(list, old *yaml.Node, value any) ([]edit, error) {
	from := d.offset(old)
	switch {
	case old.Anchor != "":
		return nil, fmt.Errorf("line %d: the value has an anchor; write it out first", old.Line)
	case list.Style&yaml.FlowStyle != 0 || old.Style&yaml.FlowStyle != 0:
		text, err := d.style.flow(value, d.style.json || old.Style&yaml.DoubleQuotedStyle != 0)
		if err != nil {
			return nil, err
		}
		to, err := d.tokenEnd(from)
		return []edit{{from, to, text}}, err
	}
	lines, err := d.style.block(value)
	if err != nil {
		return nil, err
	}
	if old.Kind == yaml.ScalarNode && len(lines) == 1 {
		to, err := d.tokenEnd(from)
		return []edit{{from, to, lines[0]}}, err
	}
	end := d.lineEnd(d.lastLineOf(old, list.Column-1, false))
	return []edit{{from, end, lines[0] + d.below(lines[1:], old.Column-1)}}, nil
}

// below returns lines as they follow another one.
func (d *document) below(lines []string, indent int) string {
	if len(lines) == 0 {
		return ""
	}
	return d.style.newline + d.indented(lines, indent)
}

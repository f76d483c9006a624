package yamledit

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// addToFlow adds an entry to a mapping, or an item to a list, in flow style: {a: b} or [a, b].
func (d *document) addToFlow(node *yaml.Node, key string, value any) ([]edit, error) {
	quoted := d.style.json || len(node.Content) > 0 && node.Content[0].Style&yaml.DoubleQuotedStyle != 0
	text, err := d.style.flow(value, quoted)
	if err != nil {
		return nil, err
	}
	if node.Kind == yaml.MappingNode {
		name, err := d.style.flow(key, quoted)
		if err != nil {
			return nil, err
		}
		text = name + ": " + text
	}
	span, err := d.brackets(d.offset(node))
	if err != nil {
		return nil, err
	}
	if len(node.Content) == 0 {
		return []edit{{span.open + 1, span.close, text}}, nil
	}
	return d.appendToFlow(node, span, text), nil
}

// appendToFlow puts text behind the last thing between the brackets; on a line of its own where the last thing is.
func (d *document) appendToFlow(node *yaml.Node, span brackets, text string) []edit {
	comma := ","
	if d.text[span.last-1] == ',' {
		comma = ""
	}
	tail := string(d.text[span.last:span.close])
	lastNode := node.Content[len(node.Content)-1]
	if node.Kind == yaml.MappingNode {
		lastNode = node.Content[len(node.Content)-2]
	}
	line := d.line(lastNode.Line)
	margin := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	ownLine := strings.Contains(tail, "\n") && len(margin) == d.offset(lastNode)-d.lines[lastNode.Line-1]
	if !ownLine {
		return []edit{{span.last, span.last, comma + " " + text}}
	}
	end := span.last + strings.IndexAny(tail, "\r\n")
	text = d.style.newline + margin + text
	if end == span.last {
		return []edit{{end, end, comma + text}}
	}
	return []edit{{span.last, span.last, comma}, {end, end, text}}
}

// replaceInFlow puts a value in the place of one that is written in flow style, or stands in a mapping that is.
func (d *document) replaceInFlow(key, old *yaml.Node, value any) ([]edit, error) {
	text, err := d.style.flow(value, d.style.json || key.Style&yaml.DoubleQuotedStyle != 0)
	if err != nil {
		return nil, err
	}
	switch {
	case old.Anchor != "":
		return nil, fmt.Errorf("line %d: the value has an anchor; write it out first", old.Line)
	case old.Kind != yaml.ScalarNode:
		span, err := d.brackets(d.offset(old))
		if err != nil {
			return nil, err
		}
		return []edit{{span.open, span.close + 1, text}}, nil
	}
	from, to, err := d.scalar(key, old)
	return []edit{{from, to, " " + text}}, err
}

// brackets is the range of a value in flow style.
type brackets struct {
	open, close int // offsets of the brackets
	last        int // offset behind the last thing between them that is no space and no comment
}

// brackets finds the end of the value that opens at offset at.
func (d *document) brackets(at int) (brackets, error) {
	span := brackets{open: at, last: at + 1}
	depth := 0
	for i := at; i < len(d.text); {
		switch c := d.text[i]; {
		case c == '{' || c == '[':
			depth++
			i++
		case c == '}' || c == ']':
			depth--
			if depth == 0 {
				span.close = i
				return span, nil
			}
			i++
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
			continue
		case c == '#' && bytes.IndexByte([]byte(" \t\r\n"), d.text[i-1]) >= 0:
			i += bytes.IndexByte(append(d.text[i:len(d.text):len(d.text)], '\n'), '\n')
			continue
		case c == ',' || c == ':':
			i++
		default:
			end, err := d.tokenEnd(i)
			if err != nil {
				return span, err
			}
			i = max(end, i+1)
		}
		span.last = i
	}
	return span, errors.New("no closing bracket")
}

// tokenEnd returns the offset behind the scalar or the bracketed value that begins at offset at. A plain scalar ends
// where flow style would end it.
func (d *document) tokenEnd(at int) (int, error) {
	switch c := d.text[at]; c {
	case '{', '[':
		span, err := d.brackets(at)
		return span.close + 1, err
	case '"', '\'':
		return d.quotedEnd(at, c)
	}
	i := at
	for ; i < len(d.text); i++ {
		c := d.text[i]
		if bytes.IndexByte([]byte("\r\n,[]{}"), c) >= 0 {
			break
		}
		ends := i+1 >= len(d.text) || bytes.IndexByte([]byte(" \t\r\n,]}"), d.text[i+1]) >= 0
		if c == ':' && ends || c == '#' && i > at && (d.text[i-1] == ' ' || d.text[i-1] == '\t') {
			break
		}
	}
	return at + len(bytes.TrimRight(d.text[at:i], " \t")), nil
}

// quotedEnd returns the offset behind the quoted scalar that begins at offset at.
func (d *document) quotedEnd(at int, quote byte) (int, error) {
	for i := at + 1; i < len(d.text); i++ {
		switch c := d.text[i]; {
		case c == '\\' && quote == '"':
			i++
		case c == quote && quote == '\'' && i+1 < len(d.text) && d.text[i+1] == quote:
			i++
		case c == quote:
			return i + 1, nil
		}
	}
	return 0, errors.New("no closing quote")
}

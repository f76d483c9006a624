package jsonpath

import (
	"fmt"
	"strconv"
	"strings"
)

// Path leads to a value, one step after the other: a string is a key of an object, an int an index of a list, and
// Append the place behind a list's last element.
type Path []any

// Append is the step to the place behind a list's last element, written [+].
type Append struct{}

// Parse reads a path. In brackets is an index, a key with characters of its own, or a plus sign:
//
//	spec.ports[0].targetPort
//	metadata.annotations[istio.io/dry-run]
//	spec.trafficPolicy.portLevelSettings[+]
//
// With the error it returns the steps before the one that it could not read.
func Parse(text string) (Path, error) {
	var p Path
	for rest := text; rest != ""; {
		step, after, ok := nextStep(rest)
		if !ok {
			return p, fmt.Errorf("%s: not a path at %q", text, rest)
		}
		p, rest = append(p, step), after
	}
	return p, nil
}

// nextStep reads the first step of a path, and returns what follows it.
func nextStep(text string) (step any, rest string, ok bool) {
	if inner, found := strings.CutPrefix(text, "["); found {
		inner, rest, found = strings.Cut(inner, "]")
		return bracketed(inner), rest, found && !strings.Contains(inner, "[")
	}
	text = strings.TrimPrefix(text, ".")
	end := strings.IndexAny(text, ".[]")
	if end < 0 {
		end = len(text)
	}
	return text[:end], text[end:], end > 0
}

// bracketed returns the step that stands in brackets.
func bracketed(text string) any {
	if text == "+" {
		return Append{}
	}
	if index, err := strconv.Atoi(text); err == nil {
		return index
	}
	return text
}

// Child returns the path that goes on with steps. It shares nothing with p.
func (p Path) Child(steps ...any) Path {
	return append(append(make(Path, 0, len(p)+len(steps)), p...), steps...)
}

// String returns the path as Parse reads it.
func (p Path) String() string {
	var b strings.Builder
	for i, step := range p {
		switch step := step.(type) {
		case string:
			switch {
			case step == "" || strings.ContainsAny(step, ".[]"):
				fmt.Fprintf(&b, "[%s]", step)
			case i > 0:
				b.WriteString("." + step)
			default:
				b.WriteString(step)
			}
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		default:
			b.WriteString("[+]")
		}
	}
	return b.String()
}

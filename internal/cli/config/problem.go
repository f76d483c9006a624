package config

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/manifests"
)

// problem is one thing that is wrong with a configuration.
type problem struct {
	// Line is that of the field, or of the nearest thing around it that is written down.
	Line int `json:"line"`
	// Field is the path of the field; "" for the file itself.
	Field   string `json:"field"`
	Message string `json:"message"`
}

// yamlLine is how the YAML library begins what it says of a line.
var yamlLine = regexp.MustCompile(`^line (\d+): `)

// parseProblems returns what an error of v1alpha1.ParseConfig says: of fields, or that the text is no YAML.
func parseProblems(err error) []problem {
	if found, ok := fieldProblems(err); ok {
		return found
	}
	p := problem{Message: err.Error()}
	if m := yamlLine.FindStringSubmatch(p.Message); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			p.Line, p.Message = n, strings.TrimPrefix(p.Message, m[0])
		}
	}
	return []problem{p}
}

// fieldProblems returns what an error says of fields. It reports false if the error is, in a part, about something else.
func fieldProblems(err error) (found []problem, ok bool) {
	var (
		joined interface{ Unwrap() []error }
		fields v1alpha1.FieldErrors
		field  v1alpha1.FieldError
	)
	switch {
	case err == nil:
		return nil, true
	case errors.As(err, &joined): // before the others: errors.As would take the first of its parts for all
		for _, each := range joined.Unwrap() {
			more, ok := fieldProblems(each)
			if !ok {
				return nil, false
			}
			found = append(found, more...)
		}
		return found, true
	case errors.As(err, &fields):
		for _, each := range fields {
			found = append(found, linesOf(each)...)
		}
		return found, true
	case errors.As(err, &field):
		return linesOf(field), true
	}
	return nil, false
}

// subfield is how a line begins that names a field of the field that it is about.
var subfield = regexp.MustCompile(`^([\w-]+(?:\.[\w-]+|\[\d+\])*): `)

// linesOf returns a problem for each line of what is said of a field.
func linesOf(e v1alpha1.FieldError) (found []problem) {
	for line := range strings.SplitSeq(e.Message, "\n") {
		p := problem{Field: e.Field, Message: line}
		if m := subfield.FindStringSubmatch(line); m != nil && e.Field != "" {
			p.Field, p.Message = e.Field+"."+m[1], strings.TrimPrefix(line, m[0])
		}
		found = append(found, p)
	}
	return found
}

// located gives each problem its line in the file, unless it has one, and sorts them by it.
func located(raw []byte, found []problem) []problem {
	for i := range found {
		if found[i].Line == 0 {
			found[i].Line = manifests.LineOf(raw, found[i].Field)
		}
	}
	slices.SortStableFunc(found, func(a, b problem) int { return cmp.Compare(a.Line, b.Line) })
	return found
}

package v1alpha1

import (
	"fmt"
	"strings"
)

// FieldError is one thing that is wrong in a document.
type FieldError struct {
	// Field is the path of the field, as "mutation.upgrades[0].port"; "" for the document itself.
	Field   string
	Message string
}

// Error returns "field: message".
func (e FieldError) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// FieldErrors are all that is wrong in a document.
type FieldErrors []FieldError

// Error returns a line for each.
func (e FieldErrors) Error() string {
	lines := make([]string, len(e))
	for i, each := range e {
		lines[i] = each.Error()
	}
	return strings.Join(lines, "\n")
}

// add appends an error.
func (e *FieldErrors) add(field, format string, args ...any) {
	*e = append(*e, FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
}

// addUnder appends the errors of a part of the document, which is at path.
func (e *FieldErrors) addUnder(path string, part FieldErrors) {
	for _, each := range part {
		*e = append(*e, FieldError{Field: child(path, each.Field), Message: each.Message})
	}
}

// orNil returns the errors, nil if there is none.
func (e FieldErrors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// child returns the path of a field of what is at path.
func child(path, field string) string {
	if path == "" || field == "" {
		return path + field
	}
	return path + "." + field
}

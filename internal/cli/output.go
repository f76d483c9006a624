package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// CheckOutput returns an error if value, that of --output, is not one of allowed.
func CheckOutput(value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("--output: want %s, have %q", strings.Join(allowed, ", "), value)
}

// WriteJSON writes v as indented JSON, with <, > and & as they are: hosts and messages are read by people, too.
func WriteJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

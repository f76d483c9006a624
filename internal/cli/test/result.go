package test

import (
	"strings"
	"time"
)

// Result is how one case came out.
type Result struct {
	File       string        `json:"file"`
	Line       int           `json:"line"`
	Suite      string        `json:"suite"`
	Name       string        `json:"name"`
	Mismatches []Mismatch    `json:"mismatches,omitempty"`
	Duration   time.Duration `json:"duration"` // nanoseconds
}

// Failed says whether anything was not as expected.
func (r Result) Failed() bool { return len(r.Mismatches) > 0 }

// Failure says what was not as expected, in one line.
func (r Result) Failure() string {
	parts := make([]string, len(r.Mismatches))
	for i, m := range r.Mismatches {
		parts[i] = m.String()
	}
	return strings.Join(parts, "; ")
}

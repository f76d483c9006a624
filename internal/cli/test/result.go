package test

import (
	"strings"
	"time"
)

// Result is the outcome of one case.
type Result struct {
	File       string        `json:"file"`
	Line       int           `json:"line"`
	Suite      string        `json:"suite"`
	Name       string        `json:"name"`
	Mismatches []Mismatch    `json:"mismatches,omitempty"`
	Duration   time.Duration `json:"duration"` // nanoseconds
}

// Failed reports whether anything was not as expected.
func (r Result) Failed() bool { return len(r.Mismatches) > 0 }

// Failure returns what was not as expected, in one line.
func (r Result) Failure() string {
	parts := make([]string, len(r.Mismatches))
	for i, m := range r.Mismatches {
		parts[i] = m.String()
	}
	return strings.Join(parts, "; ")
}

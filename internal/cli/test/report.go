package test

import (
	"io"
	"time"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/policies"
)

// Report holds the results of all cases of Suites and of all Rego unit tests.
type Report struct {
	Cases []Result
	Rego  policies.UnitReport
}

// Count returns how many cases and Rego unit tests passed, failed and were skipped.
func (r Report) Count() (pass, fail, skip int) {
	for _, e := range r.entries() {
		switch e.Result {
		case passed:
			pass++
		case failed:
			fail++
		case skipped:
			skip++
		}
	}
	return pass, fail, skip
}

// The results of an entry.
const (
	passed  = "passed"
	failed  = "failed"
	skipped = "skipped"
)

// entry is one case or Rego unit test, as reports show it.
type entry struct {
	Kind     string        `json:"kind"` // suite or rego
	File     string        `json:"file"`
	Line     int           `json:"line"`
	Suite    string        `json:"suite"` // of a Rego unit test the package
	Name     string        `json:"name"`
	Result   string        `json:"result"`
	Failure  string        `json:"failure,omitempty"`
	Details  []Mismatch    `json:"mismatches,omitempty"`
	Duration time.Duration `json:"durationNanoseconds"`
}

func (r Report) entries() []entry {
	entries := make([]entry, 0, len(r.Cases)+len(r.Rego.Tests))
	for _, c := range r.Cases {
		e := entry{Kind: "suite", File: c.File, Line: c.Line, Suite: c.Suite, Name: c.Name, Result: passed,
			Details: c.Mismatches, Failure: c.Failure(), Duration: c.Duration}
		if c.Failed() {
			e.Result = failed
		}
		entries = append(entries, e)
	}
	for _, t := range r.Rego.Tests {
		e := entry{Kind: "rego", File: t.File, Line: t.Line, Suite: t.Package, Name: t.Name, Result: passed,
			Failure: t.Failure, Duration: t.Duration}
		switch {
		case t.Skipped:
			e.Result = skipped
		case t.Failure != "":
			e.Result = failed
		}
		entries = append(entries, e)
	}
	return entries
}

// WriteJSON writes the report as one JSON document.
func (r Report) WriteJSON(w io.Writer) error {
	pass, fail, skip := r.Count()
	return cli.WriteJSON(w, struct {
		Passed  int     `json:"passed"`
		Failed  int     `json:"failed"`
		Skipped int     `json:"skipped"`
		Cases   []entry `json:"cases"`
	}{pass, fail, skip, r.entries()})
}

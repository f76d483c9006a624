package test

import (
	"fmt"
	"io"
	"strings"
)

// WriteText writes one line for each entry that did not pass (for all of them if all is true), and the totals last.
func (r Report) WriteText(w io.Writer, all bool) error {
	var b strings.Builder
	words := map[string]string{passed: "ok  ", failed: "FAIL", skipped: "skip"}
	for _, e := range r.entries() {
		if e.Result == passed && !all {
			continue
		}
		fmt.Fprintf(&b, "%s %s:%d %s / %s", words[e.Result], e.File, e.Line, e.Suite, e.Name)
		if e.Failure != "" {
			b.WriteString(": " + strings.ReplaceAll(e.Failure, "\n", " "))
		}
		b.WriteByte('\n')
	}
	pass, fail, skip := r.Count()
	fmt.Fprintf(&b, "%d passed, %d failed", pass, fail)
	if skip > 0 {
		fmt.Fprintf(&b, ", %d skipped", skip)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteCoverage writes which lines of the Rego files no unit test reaches, and the share that they do reach.
func (r Report) WriteCoverage(w io.Writer) error {
	var b strings.Builder
	for _, lines := range r.Rego.Uncovered {
		fmt.Fprintln(&b, "not covered:", lines)
	}
	fmt.Fprintf(&b, "coverage: %.1f%%\n", r.Rego.Coverage)
	_, err := io.WriteString(w, b.String())
	return err
}

package test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tlsward/tlsward/policies"
)

// Report is how everything came out.
type Report struct {
	Cases []Result
	Rego  policies.UnitReport
}

// Count gives how many cases and Rego tests passed, failed and were skipped.
func (r Report) Count() (passed, failed, skipped int) {
	for _, c := range r.Cases {
		if c.Failed() {
			failed++
		} else {
			passed++
		}
	}
	for _, t := range r.Rego.Tests {
		switch {
		case t.Skipped:
			skipped++
		case t.Failure != "":
			failed++
		default:
			passed++
		}
	}
	return passed, failed, skipped
}

// line is one case or Rego test, as reports show it.
type line struct {
	Kind     string        `json:"kind"` // suite or rego
	File     string        `json:"file"`
	Line     int           `json:"line"`
	Suite    string        `json:"suite"` // a Rego test's package
	Name     string        `json:"name"`
	Result   string        `json:"result"` // passed, failed or skipped
	Failure  string        `json:"failure,omitempty"`
	Details  []Mismatch    `json:"mismatches,omitempty"`
	Duration time.Duration `json:"durationNanoseconds"`
}

func (r Report) lines() []line {
	lines := make([]line, 0, len(r.Cases)+len(r.Rego.Tests))
	for _, c := range r.Cases {
		l := line{Kind: "suite", File: c.File, Line: c.Line, Suite: c.Suite, Name: c.Name, Result: "passed",
			Details: c.Mismatches, Failure: c.Failure(), Duration: c.Duration}
		if c.Failed() {
			l.Result = "failed"
		}
		lines = append(lines, l)
	}
	for _, t := range r.Rego.Tests {
		l := line{Kind: "rego", File: t.File, Line: t.Line, Suite: t.Package, Name: t.Name, Result: "passed",
			Failure: t.Failure, Duration: t.Duration}
		switch {
		case t.Skipped:
			l.Result = "skipped"
		case t.Failure != "":
			l.Result = "failed"
		}
		lines = append(lines, l)
	}
	return lines
}

// WriteText writes one line for each case that failed (all of them if all), and the totals last.
func (r Report) WriteText(w io.Writer, all bool) error {
	words := map[string]string{"passed": "ok  ", "failed": "FAIL", "skipped": "skip"}
	for _, l := range r.lines() {
		if l.Result == "passed" && !all {
			continue
		}
		text := fmt.Sprintf("%s %s:%d %s / %s", words[l.Result], l.File, l.Line, l.Suite, l.Name)
		if l.Failure != "" {
			text += ": " + strings.ReplaceAll(l.Failure, "\n", " ")
		}
		if _, err := fmt.Fprintln(w, text); err != nil {
			return err
		}
	}
	passed, failed, skipped := r.Count()
	text := fmt.Sprintf("%d passed, %d failed", passed, failed)
	if skipped > 0 {
		text += fmt.Sprintf(", %d skipped", skipped)
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// WriteJSON writes all cases as one JSON document.
func (r Report) WriteJSON(w io.Writer) error {
	passed, failed, skipped := r.Count()
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Passed  int    `json:"passed"`
		Failed  int    `json:"failed"`
		Skipped int    `json:"skipped"`
		Cases   []line `json:"cases"`
	}{passed, failed, skipped, r.lines()})
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	File     string      `xml:"file,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr"`
	Seconds string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
	Skipped *struct{}     `xml:"skipped"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
}

// WriteJUnit writes the JUnit XML that CI servers read: one testsuite a Suite or Rego package.
func (r Report) WriteJUnit(w io.Writer) error {
	var suites []junitSuite
	for _, l := range r.lines() {
		if n := len(suites); n == 0 || suites[n-1].Name != l.Suite || suites[n-1].File != l.File {
			suites = append(suites, junitSuite{Name: l.Suite, File: l.File})
		}
		s := &suites[len(suites)-1]
		c := junitCase{Name: l.Name, Class: l.Suite, File: l.File, Line: l.Line, Seconds: fmt.Sprintf("%.6f", l.Duration.Seconds())}
		s.Tests++
		switch l.Result {
		case "failed":
			s.Failures++
			c.Failure = &junitFailure{Message: l.Failure}
		case "skipped":
			s.Skipped++
			c.Skipped = &struct{}{}
		}
		s.Cases = append(s.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	err := encoder.Encode(struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}{Suites: suites})
	if err == nil {
		_, err = fmt.Fprintln(w)
	}
	return err
}

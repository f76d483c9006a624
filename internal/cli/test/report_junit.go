package test

import (
	"encoding/xml"
	"fmt"
	"io"
)

// The elements of JUnit XML that are written, as the Jenkins JUnit plugin reads them.
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

func (s *junitSuite) add(e entry) {
	c := junitCase{Name: e.Name, Class: e.Suite, File: e.File, Line: e.Line, Seconds: fmt.Sprintf("%.6f", e.Duration.Seconds())}
	s.Tests++
	switch e.Result {
	case failed:
		s.Failures++
		c.Failure = &junitFailure{Message: e.Failure}
	case skipped:
		s.Skipped++
		c.Skipped = &struct{}{}
	}
	s.Cases = append(s.Cases, c)
}

// WriteJUnit writes the report as the JUnit XML that CI servers read: one testsuite for a Suite, or for a file of a Rego
// package.
func (r Report) WriteJUnit(w io.Writer) error {
	var suites []junitSuite
	for _, e := range r.entries() {
		if n := len(suites); n == 0 || suites[n-1].Name != e.Suite || suites[n-1].File != e.File {
			suites = append(suites, junitSuite{Name: e.Suite, File: e.File})
		}
		suites[len(suites)-1].add(e)
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

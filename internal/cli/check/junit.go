package check

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/tlsward/tlsward/internal/cli/offline"
)

// The elements of JUnit XML that are written, as the Jenkins JUnit plugin reads them.
type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Failure *junitFailure `xml:"failure"`
	Error   *junitFailure `xml:"error"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes a test case for each object: it fails with the findings that make the command fail, and has the others as
// its output. What could not be read is a test case with an error.
func (o Options) writeJUnit(w io.Writer, r report) error {
	suite := junitSuite{Name: "tlsward check"}
	byObject := map[*offline.Object][]Finding{}
	for _, f := range Together(r.findings) {
		byObject[f.Object] = append(byObject[f.Object], f)
	}
	for _, object := range r.objects {
		c := o.junitCase(object, byObject[object])
		suite.Tests++
		if c.Failure != nil {
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, u := range r.unread {
		suite.Tests++
		suite.Errors++
		suite.Cases = append(suite.Cases, junitCase{Name: u.where(), Class: "unread", File: u.file, Line: u.line,
			Error: &junitFailure{"could not be read", u.text}})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	err := encoder.Encode(struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}{Suites: []junitSuite{suite}})
	if err == nil {
		_, err = fmt.Fprintln(w)
	}
	return err
}

func (o Options) junitCase(object *offline.Object, findings []Finding) junitCase {
	c := junitCase{Name: object.Ref.String(), Class: object.Ref.Kind, File: object.File, Line: object.Line}
	var failures, messages, rest []string
	for _, f := range findings {
		text := fmt.Sprintf("%s: %s %s: %s", f.Where(), f.Action, f.Policy, f.Message)
		if !o.fails(f) {
			rest = append(rest, text)
			continue
		}
		messages = append(messages, f.Policy)
		if f.Fix != "" {
			text += "\nfix:\n" + f.Fix
		}
		failures = append(failures, text)
	}
	if len(failures) > 0 {
		c.Failure = &junitFailure{strings.Join(messages, ", "), strings.Join(failures, "\n\n")}
	}
	c.Out = strings.Join(rest, "\n")
	return c
}

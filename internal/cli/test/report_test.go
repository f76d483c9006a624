package test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/internal/golden"
	"github.com/tlsward/tlsward/policies"
)

// mixed has each result of a case and of a Rego unit test.
var mixed = Report{
	Cases: []Result{
		{File: "a.yaml", Line: 5, Suite: "first", Name: "right", Duration: 1500 * time.Microsecond},
		{File: "a.yaml", Line: 9, Suite: "first", Name: "wrong", Mismatches: []Mismatch{
			{Step: 2, What: "decision", Want: "deny", Got: "allow"}, {What: "spec.host", Want: `"<a>"`, Got: "nothing"}}},
		{File: "b.yaml", Line: 5, Suite: "first", Name: "of the same name, in another file"},
	},
	Rego: policies.UnitReport{
		Tests: []policies.UnitTest{
			{Package: "data.mine_test", Name: "test_passes", File: "mine_test.rego", Line: 3, Duration: time.Millisecond},
			{Package: "data.mine_test", Name: "todo_later", File: "mine_test.rego", Line: 6, Skipped: true},
			{Package: "data.mine_test", Name: "test_fails", File: "mine_test.rego", Line: 9, Failure: "of two\nlines"},
		},
		Coverage:  87.5,
		Uncovered: []string{"mine.rego:4-6", "mine.rego:9"},
	},
}

func TestReport(t *testing.T) {
	var passing Report
	passing.Cases = mixed.Cases[:1]
	tests := []struct {
		name  string
		write func(*strings.Builder) error
	}{
		{"failures", func(b *strings.Builder) error { return mixed.WriteText(b, false) }},
		{"verbose", func(b *strings.Builder) error { return mixed.WriteText(b, true) }},
		{"passing", func(b *strings.Builder) error { return passing.WriteText(b, false) }},
		{"nothing", func(b *strings.Builder) error { return Report{}.WriteText(b, true) }},
		{"coverage", func(b *strings.Builder) error { return mixed.WriteCoverage(b) }},
		{"json", func(b *strings.Builder) error { return mixed.WriteJSON(b) }},
		{"junit", func(b *strings.Builder) error { return mixed.WriteJUnit(b) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if err := test.write(&out); err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, "testdata/report."+test.name+".golden", out.String())
		})
	}
}

func TestReportCounts(t *testing.T) {
	if pass, fail, skip := mixed.Count(); pass != 3 || fail != 2 || skip != 1 {
		t.Errorf("%d passed, %d failed, %d skipped", pass, fail, skip)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestReportReturnsTheErrorOfTheOutput(t *testing.T) {
	for name, err := range map[string]error{
		"text": mixed.WriteText(failing{}, true), "coverage": mixed.WriteCoverage(failing{}),
		"json": mixed.WriteJSON(failing{}), "junit": mixed.WriteJUnit(failing{}),
	} {
		if err == nil || err.Error() != "disk full" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

package policies

import (
	"testing"
)

// minCoverage is what the built-in policies' tests must cover, in percent.
const minCoverage = 95

func TestBuiltinPoliciesPassTheirTests(t *testing.T) {
	report, err := TestBuiltin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Failed() {
		t.Errorf("%s:%d: %s.%s %s", f.File, f.Line, f.Package, f.Name, f.Failure)
	}
	if len(report.Tests) < 100 {
		t.Errorf("only %d tests ran", len(report.Tests))
	}
	t.Logf("%d tests, %.1f%% of the policies' lines covered; not covered: %v", len(report.Tests), report.Coverage, report.Uncovered)
	if report.Coverage < minCoverage {
		t.Errorf("coverage is %.1f%%, want at least %d%%", report.Coverage, minCoverage)
	}
}

package policies

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// unitTimeout is the time limit of one Rego unit test.
const unitTimeout = 10 * time.Second

// testMemory is the memory limit of all Rego unit tests together, in bytes.
const testMemory = v1alpha1.DefaultMemoryMiB << 20

// UnitTest is the result of one Rego unit test.
type UnitTest struct {
	Package string `json:"package"`
	Name    string `json:"name"`
	// File and Line are where the test begins.
	File    string `json:"file"`
	Line    int    `json:"line"`
	Skipped bool   `json:"skipped,omitempty"`
	// Failure is empty for a test that passed or was skipped.
	Failure  string        `json:"failure,omitempty"`
	Duration time.Duration `json:"duration"`
}

// UnitReport is the result of a run of Rego unit tests.
type UnitReport struct {
	// Tests are ordered by file and line.
	Tests []UnitTest `json:"tests"`
	// Coverage is the share of the policies' lines (not the tests') that were evaluated, in percent; 100 if there are
	// none.
	Coverage float64 `json:"coverage"`
	// Uncovered lists the lines that were not evaluated, as "file:from-to".
	Uncovered []string `json:"uncovered,omitempty"`
}

// Failed returns the tests that failed.
func (r UnitReport) Failed() []UnitTest {
	return slices.DeleteFunc(slices.Clone(r.Tests), func(t UnitTest) bool { return t.Failure == "" })
}

// Test runs the Rego unit tests of the sources, together with the built-in modules. A source's package replaces the
// built-in one of the same name, so that the tests of a checkout of this repository test the checkout.
func Test(ctx context.Context, sources ...Source) (UnitReport, error) {
	modules, err := loadModules(ctx, sources)
	if err != nil {
		return UnitReport{}, fmt.Errorf("load policies: %w", err)
	}
	data, err := loadData(ctx, sources)
	if err != nil {
		return UnitReport{}, fmt.Errorf("load the data of policies: %w", err)
	}
	return runTests(ctx, withoutShadowed(modules), nil, data)
}

// TestBuiltin runs the built-in policies' own tests.
func TestBuiltin(ctx context.Context) (UnitReport, error) {
	modules, err := loadModules(ctx, nil)
	if err != nil {
		return UnitReport{}, fmt.Errorf("load policies: %w", err)
	}
	for i := range modules {
		modules[i].builtin = false // the report is about what is not built in
	}
	return runTests(ctx, modules, nil, nil)
}

// withoutShadowed leaves out the built-in modules whose package a source declares.
func withoutShadowed(modules []module) []module {
	declared := map[string]bool{}
	for _, m := range modules {
		if !m.builtin {
			declared[m.packageName()] = true
		}
	}
	return slices.DeleteFunc(modules, func(m module) bool { return m.builtin && declared[m.packageName()] })
}

// runTests runs the tests of the modules that are not built in. They see the data of the sources, as the policies do,
// but no params: a test that depends on the Config of one cluster would fail in the next.
func runTests(ctx context.Context, modules []module, allow []string, data map[string]any) (UnitReport, error) {
	parsed := map[string]*ast.Module{}
	covered := map[string]*ast.Module{}
	own := map[string]bool{}
	for _, m := range modules {
		if m.builtin && m.isTest() && !m.isFixture() {
			continue
		}
		parsed[m.file] = m.parsed
		if !m.builtin {
			own[m.file] = true
			if !m.isTest() {
				covered[m.file] = m.parsed
			}
		}
	}
	compiler, err := newCompiler(allow)
	if err != nil {
		return UnitReport{}, err
	}
	store, err := newStore(nil, data)
	if err != nil {
		return UnitReport{}, err
	}
	coverage := cover.New()
	runner := tester.NewRunner().
		SetCompiler(compiler).
		SetStore(store).
		SetModules(parsed).
		SetTimeout(unitTimeout).
		SetCoverageRuns(nil).
		SetCoverageQueryTracer(coverage).
		RaiseBuiltinErrors(true)
	tests, err := runAndCollect(ctx, runner, store, own)
	if err != nil {
		return UnitReport{}, err
	}
	report := UnitReport{Tests: tests, Coverage: 100}
	report.addCoverage(coverage.Report(covered), covered)
	return report, nil
}

func runAndCollect(ctx context.Context, runner *tester.Runner, store storage.Store, own map[string]bool) ([]UnitTest, error) {
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Abort(ctx, txn)
	ctx, done := withMemoryLimit(ctx, testMemory)
	defer done()
	results, err := runner.RunTests(ctx, txn)
	if err != nil {
		return nil, fmt.Errorf("compile policies and tests: %w", withLocations(err))
	}
	tests := []UnitTest{}
	for r := range results {
		if own[r.Location.File] {
			tests = append(tests, unitTest(r))
		}
	}
	slices.SortFunc(tests, func(a, b UnitTest) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return tests, context.Cause(ctx)
}

func unitTest(r *tester.Result) UnitTest {
	t := UnitTest{
		Package: strings.TrimPrefix(r.Package, "data."), Name: r.Name, File: r.Location.File, Line: r.Location.Row,
		Skipped: r.Skip, Duration: r.Duration,
	}
	switch {
	case r.Error != nil:
		t.Failure = withLocations(r.Error).Error()
	case r.Fail:
		t.Failure = "is not true"
		var cases []string
		for name, sub := range r.SubResults.Iter {
			if sub.Fail {
				cases = append(cases, strings.Join(name, "/"))
			}
		}
		if len(cases) > 0 {
			t.Failure = "is not true for " + strings.Join(cases, ", ")
		}
	}
	if output := strings.TrimSpace(string(r.Output)); t.Failure != "" && output != "" {
		t.Failure += "; printed: " + output
	}
	return t
}

// addCoverage adds the coverage of the covered modules: the report has tests and the library too.
func (r *UnitReport) addCoverage(report cover.Report, covered map[string]*ast.Module) {
	lines, missed := 0, 0
	for file, f := range report.Files {
		if covered[file] == nil {
			continue
		}
		lines += f.CoveredLines + f.NotCoveredLines
		missed += f.NotCoveredLines
		for _, span := range f.NotCovered {
			r.Uncovered = append(r.Uncovered, fmt.Sprintf("%s:%d-%d", file, span.Start.Row, span.End.Row))
		}
	}
	if lines > 0 {
		r.Coverage = 100 * float64(lines-missed) / float64(lines)
	}
	slices.Sort(r.Uncovered)
}

// checkSourceTests runs the tests of the sources. The error lists those that failed.
func checkSourceTests(ctx context.Context, modules []module, allow []string, data map[string]any) error {
	if !slices.ContainsFunc(modules, func(m module) bool { return !m.builtin && m.isTest() }) {
		return nil
	}
	report, err := runTests(ctx, modules, allow, data)
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range report.Failed() {
		errs = append(errs, fmt.Errorf("%s:%d: test %s %s", t.File, t.Line, t.Name, t.Failure))
	}
	return errors.Join(errs...)
}

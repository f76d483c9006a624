package policies

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// module is one parsed Rego file.
type module struct {
	file    string
	parsed  *ast.Module
	builtin bool
}

// isTest reports whether the file holds tests, which run when policies are loaded, and are no part of the engine.
func (m module) isTest() bool { return strings.HasSuffix(m.file, "_test.rego") }

// isFixture reports whether the file holds the test inputs that users' tests may import too.
func (m module) isFixture() bool { return m.file == builtinPrefix+"lib/fixtures_test.rego" }

// packageName returns the module's package as it is written: "tlsward.plaintext_egress".
func (m module) packageName() string {
	return strings.TrimPrefix(m.parsed.Package.Path.String(), "data.")
}

// builtinPrefix is the prefix of embedded files' names, so that no file of a user has the same name.
const builtinPrefix = "builtin:"

// loadModules returns the built-in modules and those of the sources, ordered by file name. The error joins all problems.
func loadModules(ctx context.Context, sources []Source) ([]module, error) {
	files, err := regoFiles(ctx, published)
	if err != nil {
		return nil, fmt.Errorf("built-in policies: %w", err)
	}
	var modules []module
	var errs []error
	add := func(name, text string, builtin bool) {
		parsed, err := parse(name, text)
		if err != nil {
			errs = append(errs, err)
			return
		}
		modules = append(modules, module{file: name, parsed: parsed, builtin: builtin})
	}
	for name, text := range files {
		add(builtinPrefix+strings.TrimPrefix(name, "rego/"), text, true)
	}
	seen := map[string]bool{}
	for _, source := range sources {
		files, err := source.Load(ctx)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for name, text := range files {
			if seen[name] {
				errs = append(errs, duplicateFile(name))
			}
			seen[name] = true
			add(name, text, false)
		}
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.file, b.file) })
	return modules, errors.Join(sortErrors(errs)...)
}

func duplicateFile(name string) error {
	return fmt.Errorf("%s: two sources hold a file of this name", name)
}

func parse(name, text string) (*ast.Module, error) {
	m, err := ast.ParseModuleWithOpts(name, text, ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1})
	if err != nil {
		return nil, withLocations(err)
	}
	if m == nil {
		return nil, fmt.Errorf("%s:1: the file is empty", name)
	}
	return m, nil
}

// withLocations rewrites OPA's errors as one line each, "file:line: message".
func withLocations(err error) error {
	var list ast.Errors
	if !errors.As(err, &list) {
		return err
	}
	lines := make([]error, 0, len(list))
	for _, e := range list {
		lines = append(lines, errors.New(locationMessage(e)))
	}
	return errors.Join(sortErrors(lines)...)
}

func locationMessage(e *ast.Error) string {
	var b strings.Builder
	if e.Location != nil {
		fmt.Fprintf(&b, "%s:%d: ", e.Location.File, e.Location.Row)
	}
	b.WriteString(e.Message)
	if e.Details != nil {
		for _, line := range e.Details.Lines() {
			if line = strings.TrimSpace(line); strings.Trim(line, "^") != "" && !strings.Contains(e.Message, line) {
				b.WriteString("; " + line)
			}
		}
	}
	return b.String()
}

// sortErrors sorts errors by their text, without those that are nil.
func sortErrors(errs []error) []error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}

// withoutTests returns the modules that are policies or libraries.
func withoutTests(modules []module) []module {
	return slices.DeleteFunc(slices.Clone(modules), module.isTest)
}

// readPolicies returns the policies that the modules declare, ordered by id. The package of a user's module must be
// below tlsward, and none of the built-in ones.
func readPolicies(modules []module) ([]Policy, error) {
	var out []Policy
	var errs []error
	builtin := map[string]bool{}
	for _, m := range modules {
		if m.builtin {
			builtin[m.packageName()] = true
		}
	}
	for _, m := range modules {
		if m.isTest() {
			continue
		}
		switch name := m.packageName(); {
		case m.builtin:
		case builtin[name]:
			errs = append(errs, fmt.Errorf("%s:%d: package %s belongs to tlsward itself; give yours another id",
				m.file, m.parsed.Package.Location.Row, name))
			continue
		case !strings.HasPrefix(name, packagePrefix+"."):
			errs = append(errs, fmt.Errorf("%s:%d: package %s is not below %s", m.file, m.parsed.Package.Location.Row,
				name, packagePrefix))
			continue
		}
		p, err := readPolicy(m)
		if err != nil {
			errs = append(errs, err)
		} else if p != nil {
			out = append(out, *p)
		}
	}
	errs = append(errs, withoutPolicy(modules, out)...)
	slices.SortFunc(out, func(a, b Policy) int { return strings.Compare(a.ID, b.ID) })
	return out, errors.Join(sortErrors(errs)...)
}

// withoutPolicy returns an error for each of a user's modules with a rule violation in the package of no policy: it would never
// be evaluated.
func withoutPolicy(modules []module, found []Policy) (errs []error) {
	for _, m := range modules {
		name := m.packageName()
		if a := packageAnnotation(m.parsed); a != nil && a.Custom["id"] != nil {
			continue // it is one, or there is an error that says why not
		}
		if m.builtin || m.isTest() || slices.ContainsFunc(found, func(p Policy) bool { return PackageOf(p.ID) == name }) {
			continue
		}
		for _, r := range m.parsed.Rules {
			if strings.HasPrefix(r.Head.Ref().String(), "violation") {
				errs = append(errs, fmt.Errorf("%s:%d: violation is not evaluated: package %s has no METADATA with custom.id right above it",
					m.file, r.Location.Row, name))
				break
			}
		}
	}
	return errs
}

// Library returns the text of the built-in modules and of the test inputs, by file name, without the tests.
func Library(ctx context.Context) (map[string]string, error) {
	files, err := regoFiles(ctx, published)
	if err != nil {
		return nil, fmt.Errorf("built-in policies: %w", err)
	}
	out := map[string]string{}
	for name, text := range files {
		m := module{file: builtinPrefix + strings.TrimPrefix(name, "rego/")}
		if !m.isTest() || m.isFixture() {
			out[m.file] = text
		}
	}
	return out, nil
}

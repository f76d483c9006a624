package policies

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// compile compiles the modules, type-checks them against the schemas, and checks the functions that they call. allow
// lists functions that capabilities leaves out.
func compile(modules []module, allow []string) (*ast.Compiler, error) {
	compiler, err := newCompiler(allow)
	if err != nil {
		return nil, err
	}
	byFile := make(map[string]*ast.Module, len(modules))
	for _, m := range modules {
		byFile[m.file] = m.parsed
	}
	if compiler.Compile(byFile); compiler.Failed() {
		return nil, withLocations(compiler.Errors)
	}
	return compiler, nil
}

func newCompiler(allow []string) (*ast.Compiler, error) {
	capabilities, err := capabilities(allow)
	if err != nil {
		return nil, err
	}
	schemas, err := schemaSet()
	if err != nil {
		return nil, err
	}
	return ast.NewCompiler().
		WithCapabilities(capabilities).
		WithDefaultRegoVersion(ast.RegoV1).
		WithSchemas(schemas).
		WithUseTypeCheckAnnotations(true).
		WithEnablePrintStatements(true).
		WithStrict(true), nil
}

// capabilities returns OPA's capabilities without the functions whose result depends on more than their arguments (the
// network, the clock, random numbers, the machine), unless allow lists them.
func capabilities(allow []string) (*ast.Capabilities, error) {
	all := ast.CapabilitiesForThisVersion()
	for _, name := range allow {
		if !slices.ContainsFunc(all.Builtins, func(b *ast.Builtin) bool { return b.Name == name }) {
			return nil, v1alpha1.FieldError{Field: "evaluation.allow", Message: "Rego has no function " + name}
		}
	}
	all.Builtins = slices.DeleteFunc(all.Builtins, func(b *ast.Builtin) bool {
		return impure(b) && !slices.Contains(allow, b.Name)
	})
	if !slices.Contains(allow, "http.send") {
		all.AllowNet = []string{}
	}
	return all, nil
}

func impure(b *ast.Builtin) bool {
	return b.IsNondeterministic() || strings.HasPrefix(b.Name, "net.") || strings.HasPrefix(b.Name, "rand.") ||
		b.Name == "http.send" || b.Name == "opa.runtime"
}

// schemaSet returns what `opa check --schema policies/schemas` reads: schema.input, which the METADATA of package
// tlsward applies to every package below it, and schema.params, for the parameters of the built-in policies.
func schemaSet() (*ast.SchemaSet, error) {
	set := ast.NewSchemaSet()
	for ref, file := range map[string]string{"input": "schemas/input.json", "params": "schemas/params.json"} {
		schema, err := readSchema(file)
		if err != nil {
			return nil, err
		}
		set.Put(ast.SchemaRootRef.Append(ast.StringTerm(ref)), schema)
	}
	return set, nil
}

func readSchema(file string) (schema any, err error) {
	text, err := published.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return schema, nil
}

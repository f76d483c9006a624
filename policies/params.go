package policies

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// checkParams validates the Config's params: a misspelt one would have no effect. Those of a policy of a user's are held
// against the schemas of its METADATA, those of the built-in ones against schemas/params.json.
//
//  1. Parameters of no policy are refused, unless policies are still to come.
//  2. A parameter that the schema does not name is refused even where it says nothing of additionalProperties: the compiler
//     lets no policy read one.
//  3. Where there are none, and the policy can do something, its schema must not require any.
func (e *Engine) checkParams(ctx context.Context, params map[string]any, modules []module, incomplete bool) error {
	var errs []error
	if len(params) > 0 {
		schema, err := readSchema("schemas/params.json")
		if err != nil {
			return err
		}
		errs = append(errs, validateAgainstSchema(ctx, params, schema))
	}
	known := map[string]bool{}
	for i := range e.policies {
		p := &e.policies[i]
		known[p.ID] = true
		given, ok := params[p.ID]
		if !ok && e.enforcement.enabled(p) {
			given, ok = map[string]any{}, true
		}
		for _, s := range paramSchemas(modules, p) {
			if !ok {
				continue
			}
			if err := validateAgainstSchema(ctx, map[string]any{p.ID: given}, s); err != nil {
				errs = append(errs, fmt.Errorf("%w (%s)", err, p.File))
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(params)) {
		if !known[id] && !incomplete {
			errs = append(errs, fmt.Errorf("there is no policy %q (known: %s)", id, strings.Join(slices.Sorted(maps.Keys(known)), ", ")))
		}
	}
	return errors.Join(sortErrors(errs)...)
}

// paramSchemas returns the schemas that METADATA in a user's policy gives for its parameters, each as one of data.params.
func paramSchemas(modules []module, p *Policy) (schemas []any) {
	if p.Builtin {
		return nil
	}
	root := ast.MustParseRef("data.params").Append(ast.StringTerm(p.ID))
	for _, m := range modules {
		if m.builtin || m.packageName() != PackageOf(p.ID) {
			continue
		}
		for _, a := range m.parsed.Annotations {
			for _, s := range a.Schemas {
				if s.Definition != nil && s.Path.HasPrefix(root) {
					schemas = append(schemas, below(s.Path[len(root)-1:], closed(*s.Definition)))
				}
			}
		}
	}
	return schemas
}

// below returns a schema for what is at a path of properties.
func below(path ast.Ref, schema any) any {
	for _, term := range slices.Backward(path) {
		if name, ok := term.Value.(ast.String); ok {
			schema = map[string]any{"type": "object", "properties": map[string]any{string(name): schema}}
		}
	}
	return schema
}

// closed returns a schema that allows no properties but those that it lists, wherever it lists some and does not say whether
// there are others.
func closed(schema any) any {
	s, ok := schema.(map[string]any)
	if !ok {
		return schema
	}
	out := maps.Clone(s)
	if properties, ok := s["properties"].(map[string]any); ok {
		inner := make(map[string]any, len(properties))
		for name, property := range properties {
			inner[name] = closed(property)
		}
		out["properties"] = inner
		if !saysMore(s) {
			out["additionalProperties"] = false
		}
	}
	if items, ok := s["items"]; ok {
		out["items"] = closed(items)
	}
	return out
}

// saysMore reports whether a schema with properties says by other means which properties there may be.
func saysMore(schema map[string]any) bool {
	return slices.ContainsFunc([]string{"additionalProperties", "patternProperties", "allOf", "anyOf", "oneOf", "$ref"}, func(key string) bool {
		_, ok := schema[key]
		return ok
	})
}

// validateAgainstSchema validates a document against a JSON Schema, as OPA does. The error has a line for each problem.
func validateAgainstSchema(ctx context.Context, document, schema any) error {
	results, err := rego.New(
		rego.Query(`problems := [sprintf("%s: %s", [p.field, p.desc]) | some p in json.match_schema(input.document, input.schema)[1]]`),
		rego.Input(map[string]any{"document": document, "schema": schema}),
		rego.StrictBuiltinErrors(true),
	).Eval(ctx)
	if err != nil {
		return err
	}
	if len(results) != 1 {
		return errors.New("the schema gave no answer")
	}
	var errs []error
	for _, p := range results[0].Bindings["problems"].([]any) {
		errs = append(errs, fmt.Errorf("%v", p))
	}
	return errors.Join(sortErrors(errs)...)
}

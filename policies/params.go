package policies

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/rego"
)

// checkParams validates the Config's params against schemas/params.json, since a misspelt parameter would have no
// effect.
func checkParams(ctx context.Context, params map[string]any) error {
	if len(params) == 0 {
		return nil
	}
	schema, err := readSchema("schemas/params.json")
	if err != nil {
		return err
	}
	return validateAgainstSchema(ctx, params, schema)
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

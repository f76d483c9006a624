package policies

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// PolicyError is the error of a policy that could not decide. Whoever gets it must refuse the review.
type PolicyError struct {
	// Policy is the policy's id.
	Policy string
	// Timeout reports whether the policy exceeded its time limit, Memory whether it exceeded its memory limit.
	Timeout, Memory bool
	Err             error
}

// Error returns the policy's id and the reason.
func (e *PolicyError) Error() string {
	return "policy " + e.Policy + " could not decide: " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *PolicyError) Unwrap() error { return e.Err }

// Evaluate returns the violations of all policies, strongest action first, with the Config's actions and exemptions
// applied. An error means that at least one policy could not decide: it joins a *PolicyError for each of them. Where
// the Config only warns of such a policy, a warning with Undecided set takes the place of the error.
func (e *Engine) Evaluate(ctx context.Context, in Input) ([]Violation, error) {
	queries, ok := e.queriesByKind[in.Request.Kind]
	if !ok {
		queries = e.queriesByKind["*"]
	}
	if len(queries) == 0 {
		return nil, nil
	}
	input := e.encoder.encode(&in)
	builtin, users := matching(queries, input)
	if len(builtin)+len(users) == 0 {
		return nil, nil
	}
	eval, err := e.newEvaluation(ctx, input, &in)
	if err != nil {
		return nil, fmt.Errorf("could not decide: %w", err)
	}
	defer eval.close()
	// The built-in policies share one evaluation, since starting one costs as much as several policies. Those of users
	// get one each, so that none can slow down or fail another.
	eval.evaluate(builtin...)
	for _, q := range users {
		eval.evaluate(q)
	}
	if err := errors.Join(eval.errs...); err != nil {
		return nil, err
	}
	found := e.enforcement.applyExemptions(eval.found, &in)
	applyCeilings(found, &in)
	Sort(found)
	return found, nil
}

// matching returns the queries whose rule index matches the input: those of built-in policies, and those of users.
func matching(queries []query, input ast.Value) (builtin, users []query) {
	read := newDocument(input)
	for _, q := range queries {
		switch {
		case !q.index.mayMatch(read):
		case q.policy.Builtin:
			builtin = append(builtin, q)
		default:
			users = append(users, q)
		}
	}
	return builtin, users
}

// undecidedWarning returns the warning that takes the place of a policy's error where the Config says so.
func undecidedWarning(failure *PolicyError) Violation {
	return Violation{Policy: failure.Policy, Action: v1alpha1.Warn, Message: "could not decide: " + failure.Err.Error(), Undecided: true}
}

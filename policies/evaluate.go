package policies

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/tlsward/tlsward/config"
)

// defaultTimeout is how long one policy may take for one review. A policy takes well under a millisecond, and the API
// server waits for seconds.
const defaultTimeout = 500 * time.Millisecond

// PolicyError says that a policy could not decide. Whoever gets it must refuse.
type PolicyError struct {
	// Policy is the policy's id.
	Policy string
	// Timeout is true if the policy took longer than it may.
	Timeout bool
	Err     error
}

// Error names the policy and the reason.
func (e *PolicyError) Error() string {
	return "policy " + e.Policy + " could not decide: " + e.Err.Error()
}

// Unwrap gives the reason.
func (e *PolicyError) Unwrap() error { return e.Err }

// Evaluate gives all reasons against the review, strongest first, with the Config's actions and exemptions applied.
// Every policy that the kind concerns is evaluated, so that all reasons surface at once. An error means that at least
// one could not decide: it joins a *PolicyError for each.
func (e *Engine) Evaluate(ctx context.Context, in Input) ([]Violation, error) {
	queries, ok := e.queries[in.Request.Kind]
	if !ok {
		queries = e.queries["*"]
	}
	if len(queries) == 0 {
		return nil, nil
	}
	input, err := encode(&in)
	if err != nil {
		return nil, fmt.Errorf("could not decide: read the review: %w", err)
	}
	run, err := e.begin(ctx, input)
	if err != nil {
		return nil, fmt.Errorf("could not decide: %w", err)
	}
	defer run.end()
	var found []Violation
	var errs []error
	for _, q := range queries {
		action := e.rules.action(q.policy, in.Request.Namespace)
		if action == config.Off {
			continue
		}
		violations, err := run.evaluate(q, action)
		found = append(found, violations...)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	found = e.rules.exempt(found, in.Request.Namespace)
	sortViolations(found)
	return found, nil
}

// evaluation is one review on its way through the policies.
type evaluation struct {
	ctx    context.Context
	engine *Engine
	txn    storage.Transaction
	input  *ast.Term
	// cache keeps what rules of the library gave: input and data are the same for all policies of a review.
	cache   topdown.VirtualCache
	stopped atomic.Bool
	unwatch func() bool
}

func (e *Engine) begin(ctx context.Context, input ast.Value) (*evaluation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	txn, err := e.store.NewTransaction(ctx)
	if err != nil {
		return nil, err
	}
	run := &evaluation{ctx: ctx, engine: e, txn: txn, input: ast.NewTerm(input), cache: topdown.NewVirtualCache()}
	if ctx.Done() != nil {
		run.unwatch = context.AfterFunc(ctx, func() { run.stopped.Store(true) })
	}
	return run, nil
}

func (r *evaluation) end() {
	if r.unwatch != nil {
		r.unwatch()
	}
	r.engine.store.Abort(r.ctx, r.txn)
}

// evaluate runs one policy. What it leaves undefined or gives in another type is an error, never a pass.
func (r *evaluation) evaluate(q query, action config.Action) ([]Violation, error) {
	deadline := &deadline{outer: &r.stopped}
	timer := time.AfterFunc(r.engine.timeout, deadline.Cancel)
	defer timer.Stop()
	result, err := r.run(q, deadline)
	if err == nil {
		var violations []Violation
		if violations, err = readResult(q.policy.ID, action, result); err == nil {
			return violations, nil
		}
	}
	r.cache = topdown.NewVirtualCache() // an error may have left half an answer in it
	failure := &PolicyError{Policy: q.policy.ID, Err: err}
	switch {
	case r.stopped.Load():
		failure.Err = context.Cause(r.ctx)
	case deadline.passed.Load():
		failure.Timeout = true
		failure.Err = fmt.Errorf("no answer within %s", r.engine.timeout)
	}
	return nil, failure
}

func (r *evaluation) run(q query, deadline topdown.Cancel) (ast.Value, error) {
	var result ast.Value
	err := topdown.NewQuery(q.body).
		WithCompiler(r.engine.compiler).
		WithStore(r.engine.store).
		WithTransaction(r.txn).
		WithInput(r.input).
		WithMetrics(metrics.NoOp()).
		WithVirtualCache(r.cache).
		WithStrictBuiltinErrors(true).
		WithCancel(deadline).
		Iter(r.ctx, func(bindings topdown.QueryResult) error {
			if term := bindings[resultVar]; term != nil {
				result = term.Value
			}
			return nil
		})
	if err != nil {
		return nil, err
	}
	if result == nil {
		return nil, errors.New("violation is undefined")
	}
	return result, nil
}

// deadline stops one policy when its time is over, or when nobody waits for the review any more.
type deadline struct {
	outer  *atomic.Bool
	passed atomic.Bool
}

// Cancel stops the policy.
func (d *deadline) Cancel() { d.passed.Store(true) }

// Cancelled says whether the policy has to stop.
func (d *deadline) Cancelled() bool { return d.passed.Load() || d.outer.Load() }

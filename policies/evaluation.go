package policies

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// The reasons of a PolicyError with Timeout, or with Memory.
var (
	errTimeout = errors.New("no answer")
	errMemory  = errors.New("no answer")
)

// evaluation is the evaluation of all queries for one input.
type evaluation struct {
	ctx    context.Context
	engine *Engine
	txn    storage.Transaction
	input  *ast.Term
	in     *Input
	// cache holds the values of library rules: input and data are the same for all queries.
	cache         topdown.VirtualCache
	cancelled     atomic.Bool
	stopAfterFunc func() bool
	found         []Violation
	errs          []error
}

// newEvaluation starts an evaluation. The caller must close it.
func (e *Engine) newEvaluation(ctx context.Context, input ast.Value, in *Input) (*evaluation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	txn, err := e.store.NewTransaction(ctx)
	if err != nil {
		return nil, err
	}
	eval := &evaluation{
		ctx: ctx, engine: e, txn: txn, input: ast.NewTerm(input), in: in, cache: topdown.NewVirtualCache(),
	}
	if ctx.Done() != nil {
		eval.stopAfterFunc = context.AfterFunc(ctx, func() { eval.cancelled.Store(true) })
	}
	return eval, nil
}

func (e *evaluation) close() {
	if e.stopAfterFunc != nil {
		e.stopAfterFunc()
	}
	e.engine.store.Abort(e.ctx, e.txn)
}

// evaluate evaluates queries together, and collects their violations or errors. A result that is undefined or of a wrong
// type is an error. After an error each query is evaluated alone, to find the policy that it comes from.
func (e *evaluation) evaluate(queries ...query) {
	if len(queries) == 0 {
		return
	}
	found, err := e.evaluateTogether(queries)
	if err == nil {
		e.found = append(e.found, found...)
		return
	}
	e.cache = topdown.NewVirtualCache() // an aborted evaluation may have cached incomplete values
	if len(queries) > 1 && !e.cancelled.Load() {
		for _, q := range queries {
			e.evaluate(q)
		}
		return
	}
	failure := &PolicyError{Policy: queries[0].policy.ID, Err: err, Timeout: errors.Is(err, errTimeout), Memory: errors.Is(err, errMemory)}
	if e.engine.onError == v1alpha1.Warn && !e.cancelled.Load() {
		e.found = append(e.found, undecidedWarning(failure))
		return
	}
	e.errs = append(e.errs, failure)
}

func (e *evaluation) evaluateTogether(queries []query) ([]Violation, error) {
	var memoryLimit uint64 // none for built-in policies
	if !queries[0].policy.Builtin {
		memoryLimit = e.engine.memory
	}
	limits := newLimiter(&e.cancelled, e.engine.timeout, memoryLimit)
	defer limits.stop()
	results, err := e.run(queries, limits)
	switch {
	case err != nil && e.cancelled.Load():
		return nil, context.Cause(e.ctx)
	case err != nil && limits.outOfMemory.Load():
		return nil, fmt.Errorf("%w within %d MiB of memory", errMemory, e.engine.memory>>20)
	case err != nil && limits.timedOut.Load():
		return nil, fmt.Errorf("%w within %s", errTimeout, e.engine.timeout)
	case err != nil:
		return nil, err
	}
	return e.violations(queries, results)
}

// violations reads the results of queries. Each violation gets at most the action that its policy may have there.
func (e *evaluation) violations(queries []query, results topdown.QueryResult) ([]Violation, error) {
	var found []Violation
	for _, q := range queries {
		result := results[q.result]
		if result == nil {
			return nil, errors.New("violation is undefined")
		}
		limits := e.engine.enforcement.limitsFor(q.policy, e.in)
		violations, err := readResult(q.policy.ID, limits, result.Value)
		if err != nil {
			return nil, err
		}
		found = append(found, violations...)
	}
	return found, nil
}

func (e *evaluation) run(queries []query, cancel topdown.Cancel) (results topdown.QueryResult, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the evaluation panicked: %v", p)
		}
	}()
	err = topdown.NewQuery(joinBodies(queries)).
		WithCompiler(e.engine.compiler).
		WithStore(e.engine.store).
		WithTransaction(e.txn).
		WithInput(e.input).
		WithMetrics(metrics.NoOp()).
		WithVirtualCache(e.cache).
		WithStrictBuiltinErrors(true).
		WithCancel(cancel).
		Iter(e.ctx, func(result topdown.QueryResult) error {
			results = result
			return nil
		})
	return results, err
}

// joinBodies returns one body with the expressions of all queries.
func joinBodies(queries []query) ast.Body {
	if len(queries) == 1 {
		return queries[0].body
	}
	joined := make(ast.Body, 0, len(queries))
	for _, q := range queries {
		for _, expr := range q.body {
			copied := *expr
			copied.Index = len(joined)
			joined = append(joined, &copied)
		}
	}
	return joined
}

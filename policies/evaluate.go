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
// one could not decide: it joins a *PolicyError for each. Where Config says that such a policy only warns, there is a
// warning instead, with Undecided set.
func (e *Engine) Evaluate(ctx context.Context, in Input) ([]Violation, error) {
	queries, ok := e.queries[in.Request.Kind]
	if !ok {
		queries = e.queries["*"]
	}
	if len(queries) == 0 {
		return nil, nil
	}
	run, err := e.begin(ctx, e.words.encode(&in), in.Request.Namespace)
	if err != nil {
		return nil, fmt.Errorf("could not decide: %w", err)
	}
	defer run.end()
	for _, q := range queries {
		run.judge(q)
	}
	if err := errors.Join(run.errs...); err != nil {
		return nil, err
	}
	found := e.rules.exempt(run.found, &in)
	sortViolations(found)
	return found, nil
}

// undecided is the warning that stands for a policy's answer where Config lets a review pass without it.
func undecided(failure *PolicyError) Violation {
	return Violation{Policy: failure.Policy, Action: config.Warn, Message: "could not decide: " + failure.Err.Error(), Undecided: true}
}

// evaluation is one review on its way through the policies.
type evaluation struct {
	ctx       context.Context
	engine    *Engine
	txn       storage.Transaction
	input     *ast.Term
	namespace string
	// cache keeps what rules of the library gave: input and data are the same for all policies of a review.
	cache   topdown.VirtualCache
	stopped atomic.Bool
	unwatch func() bool
	found   []Violation
	errs    []error
}

func (e *Engine) begin(ctx context.Context, input ast.Value, namespace string) (*evaluation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	txn, err := e.store.NewTransaction(ctx)
	if err != nil {
		return nil, err
	}
	run := &evaluation{
		ctx: ctx, engine: e, txn: txn, input: ast.NewTerm(input), namespace: namespace, cache: topdown.NewVirtualCache(),
	}
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

// judge runs a query. What it leaves undefined or gives in another type is an error, never a pass.
func (r *evaluation) judge(q query) {
	found, err := r.evaluate(q)
	if err == nil {
		r.found = append(r.found, found...)
		return
	}
	r.cache = topdown.NewVirtualCache() // an error may have left half an answer in it
	if len(q.singly) > 0 && !r.stopped.Load() {
		for _, single := range q.singly {
			r.judge(single)
		}
		return
	}
	failure := &PolicyError{Policy: q.policies[0].ID, Err: err, Timeout: errors.Is(err, errDeadline)}
	if r.engine.onError == config.Warn && !r.stopped.Load() {
		r.found = append(r.found, undecided(failure))
		return
	}
	r.errs = append(r.errs, failure)
}

func (r *evaluation) evaluate(q query) ([]Violation, error) {
	deadline := &deadline{outer: &r.stopped}
	timer := time.AfterFunc(r.engine.timeout, deadline.Cancel)
	defer timer.Stop()
	result, err := r.run(q, deadline)
	switch {
	case err != nil && r.stopped.Load():
		return nil, context.Cause(r.ctx)
	case err != nil && deadline.passed.Load():
		return nil, fmt.Errorf("%w within %s", errDeadline, r.engine.timeout)
	case err != nil:
		return nil, err
	}
	return r.read(q, result)
}

// read gives the violations of a query's policies, with the action that each has in the namespace.
func (r *evaluation) read(q query, result ast.Value) ([]Violation, error) {
	sets, ok := result.(*ast.Array)
	if !ok || sets.Len() != len(q.policies) {
		return nil, fmt.Errorf("the query gave %v", result)
	}
	var found []Violation
	for i, p := range q.policies {
		violations, err := readResult(p.ID, r.engine.rules.action(p, r.namespace), sets.Elem(i).Value)
		if err != nil {
			return nil, err
		}
		found = append(found, violations...)
	}
	return found, nil
}

// errDeadline says that a policy took longer than it may.
var errDeadline = errors.New("no answer")

func (r *evaluation) run(q query, deadline topdown.Cancel) (result ast.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the evaluation panicked: %v", p)
		}
	}()
	err = topdown.NewQuery(q.body).
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

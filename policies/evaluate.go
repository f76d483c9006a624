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

// PolicyError says that a policy could not decide. Whoever gets it must refuse.
type PolicyError struct {
	// Policy is the policy's id.
	Policy string
	// Timeout is true if the policy took longer than it may, Memory if it took more memory.
	Timeout, Memory bool
	Err             error
}

// Error names the policy and the reason.
func (e *PolicyError) Error() string {
	return "policy " + e.Policy + " could not decide: " + e.Err.Error()
}

// Unwrap gives the reason.
func (e *PolicyError) Unwrap() error { return e.Err }

// Evaluate gives all reasons against the review, strongest first, with the Config's actions and exemptions applied.
// Every policy that may find something is evaluated, so that all reasons surface at once. An error means that at least
// one could not decide: it joins a *PolicyError for each. Where Config says that such a policy only warns, there is a
// warning instead, with Undecided set.
func (e *Engine) Evaluate(ctx context.Context, in Input) ([]Violation, error) {
	goals, ok := e.byKind[in.Request.Kind]
	if !ok {
		goals = e.byKind["*"]
	}
	if len(goals) == 0 {
		return nil, nil
	}
	input := e.words.encode(&in)
	builtin, own := admitted(goals, input)
	if len(builtin)+len(own) == 0 {
		return nil, nil
	}
	run, err := e.begin(ctx, input, in.Request.Namespace)
	if err != nil {
		return nil, fmt.Errorf("could not decide: %w", err)
	}
	defer run.end()
	// Policies of users are evaluated one by one: what one of them does is not to hold up the others. The built-in ones
	// go together, for an evaluation costs as much as several policies.
	run.judge(builtin...)
	for _, g := range own {
		run.judge(g)
	}
	if err := errors.Join(run.errs...); err != nil {
		return nil, err
	}
	found := e.rules.exempt(run.found, &in)
	sortViolations(found)
	return found, nil
}

// admitted gives the goals that may find something in the input.
func admitted(goals []goal, input ast.Value) (builtin, own []goal) {
	for _, g := range goals {
		switch {
		case !g.guard.admits(input):
		case g.policy.Builtin:
			builtin = append(builtin, g)
		default:
			own = append(own, g)
		}
	}
	return builtin, own
}

// undecided is the warning that stands for a policy's answer where Config lets a review pass without it.
func undecided(failure *PolicyError) Violation {
	return Violation{Policy: failure.Policy, Action: v1alpha1.Warn, Message: "could not decide: " + failure.Err.Error(), Undecided: true}
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

// judge reaches goals together. What they leave undefined or give in another type is an error, never a pass; each is
// then tried alone, which names the one at fault.
func (r *evaluation) judge(goals ...goal) {
	if len(goals) == 0 {
		return
	}
	found, err := r.evaluate(goals)
	if err == nil {
		r.found = append(r.found, found...)
		return
	}
	r.cache = topdown.NewVirtualCache() // an error may have left half an answer in it
	if len(goals) > 1 && !r.stopped.Load() {
		for _, g := range goals {
			r.judge(g)
		}
		return
	}
	failure := &PolicyError{Policy: goals[0].policy.ID, Err: err, Timeout: errors.Is(err, errDeadline), Memory: errors.Is(err, errMemory)}
	if r.engine.onError == v1alpha1.Warn && !r.stopped.Load() {
		r.found = append(r.found, undecided(failure))
		return
	}
	r.errs = append(r.errs, failure)
}

func (r *evaluation) evaluate(goals []goal) ([]Violation, error) {
	var memory uint64 // ours are known to be modest
	if !goals[0].policy.Builtin {
		memory = r.engine.memory
	}
	watch := newWatch(&r.stopped, r.engine.timeout, memory)
	defer watch.stop()
	answers, err := r.run(goals, watch)
	switch {
	case err != nil && r.stopped.Load():
		return nil, context.Cause(r.ctx)
	case err != nil && watch.overgrew.Load():
		return nil, fmt.Errorf("%w within %d MiB of memory", errMemory, r.engine.memory>>20)
	case err != nil && watch.passed.Load():
		return nil, fmt.Errorf("%w within %s", errDeadline, r.engine.timeout)
	case err != nil:
		return nil, err
	}
	return r.read(goals, answers)
}

// read gives the violations in the goals' answers, with the action that each policy has in the namespace.
func (r *evaluation) read(goals []goal, answers topdown.QueryResult) ([]Violation, error) {
	var found []Violation
	for _, g := range goals {
		answer := answers[g.answer]
		if answer == nil {
			return nil, errors.New("violation is undefined")
		}
		violations, err := readResult(g.policy.ID, r.engine.rules.action(g.policy, r.namespace), answer.Value)
		if err != nil {
			return nil, err
		}
		found = append(found, violations...)
	}
	return found, nil
}

// errDeadline says that a policy took longer than it may, errMemory that it took more memory.
var (
	errDeadline = errors.New("no answer")
	errMemory   = errors.New("no answer")
)

func (r *evaluation) run(goals []goal, watch *watch) (answers topdown.QueryResult, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the evaluation panicked: %v", p)
		}
	}()
	err = topdown.NewQuery(bodyOf(goals)).
		WithCompiler(r.engine.compiler).
		WithStore(r.engine.store).
		WithTransaction(r.txn).
		WithInput(r.input).
		WithMetrics(metrics.NoOp()).
		WithVirtualCache(r.cache).
		WithStrictBuiltinErrors(true).
		WithCancel(watch).
		Iter(r.ctx, func(result topdown.QueryResult) error {
			answers = result
			return nil
		})
	return answers, err
}

// bodyOf gives one body for all goals.
func bodyOf(goals []goal) ast.Body {
	if len(goals) == 1 {
		return goals[0].body
	}
	all := make(ast.Body, 0, len(goals))
	for _, g := range goals {
		for _, expr := range g.body {
			moved := *expr
			moved.Index = len(all)
			all = append(all, &moved)
		}
	}
	return all
}

package policies

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// Engine holds compiled policies and what a Config makes of them. It is immutable and safe for concurrent use.
type Engine struct {
	policies []Policy
	goals    []goal            // of all policies, in their order
	byKind   map[string][]goal // those to reach for a kind; "*" for the kinds that no policy names
	compiler *ast.Compiler
	store    storage.Store
	words    words
	rules    rules
	timeout  time.Duration
	memory   uint64 // in bytes
	onError  v1alpha1.Action
}

// goal is a policy, ready to be evaluated alone or together with others.
type goal struct {
	policy *Policy
	guard  guard
	// body leaves the policy's set in answer.
	body   ast.Body
	answer ast.Var
}

// New compiles the built-in policies and those of the sources, runs the tests that the sources bring, and checks that
// cfg names policies that exist. The error lists all that is wrong, a line each, with file and line.
func New(ctx context.Context, cfg *v1alpha1.Config, sources ...Source) (*Engine, error) {
	if cfg == nil {
		cfg = &v1alpha1.Config{}
	}
	modules, err := loadModules(ctx, sources)
	if err != nil {
		return nil, fmt.Errorf("load policies: %w", err)
	}
	policies, err := readPolicies(modules)
	if err != nil {
		return nil, fmt.Errorf("load policies: %w", err)
	}
	compiler, err := compile(withoutTests(modules), cfg.Evaluation.Allow)
	if err != nil {
		return nil, fmt.Errorf("compile policies: %w", err)
	}
	data, err := loadData(ctx, sources)
	if err != nil {
		return nil, fmt.Errorf("load the data of policies: %w", err)
	}
	if err := checkOwnTests(ctx, modules, cfg.Evaluation.Allow, data); err != nil {
		return nil, fmt.Errorf("test policies: %w", err)
	}
	rules, err := newRules(cfg, policies)
	if err != nil {
		return nil, fmt.Errorf("apply the configuration to the policies: %w", err)
	}
	if err := checkParams(ctx, cfg.Params); err != nil {
		return nil, fmt.Errorf("params: %w", err)
	}
	store, err := newStore(cfg.Params, data)
	if err != nil {
		return nil, fmt.Errorf("params: %w", err)
	}
	e := &Engine{
		policies: policies, compiler: compiler, store: store, words: newWords(), rules: rules,
		timeout: cmp.Or(time.Duration(cfg.Evaluation.Timeout), v1alpha1.DefaultTimeout),
		memory:  cmp.Or(uint64(cfg.Evaluation.MemoryMiB), v1alpha1.DefaultMemoryMiB) << 20,
		onError: cmp.Or(cfg.Evaluation.OnError, v1alpha1.Deny),
	}
	if err := e.prepare(); err != nil {
		return nil, fmt.Errorf("compile policies: %w", err)
	}
	return e, nil
}

// Policies lists the policies, ordered by id.
func (e *Engine) Policies() []Policy { return append([]Policy(nil), e.policies...) }

// newStore holds data.params, and the documents that sources bring.
func newStore(params, data map[string]any) (storage.Store, error) {
	all := map[string]any{"params": map[string]any{}}
	maps.Copy(all, data)
	if params != nil {
		all["params"] = params
	}
	v, err := ast.InterfaceToValue(all)
	if err != nil {
		return nil, err
	}
	return inmem.NewFromASTObject(v.(ast.Object)), nil
}

// prepare compiles the goals, and sorts them by the kinds that they concern: the built-in ones first.
func (e *Engine) prepare() error {
	e.goals = make([]goal, len(e.policies))
	kinds := map[string]bool{"*": true}
	var errs []error
	for i := range e.policies {
		p := &e.policies[i]
		for _, kind := range p.Kinds {
			kinds[kind] = true
		}
		var err error
		e.goals[i], err = e.compileGoal(p, ast.Var(fmt.Sprintf("answer_%d", i)))
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	e.byKind = make(map[string][]goal, len(kinds))
	for kind := range kinds {
		live := slices.DeleteFunc(slices.Clone(e.goals), func(g goal) bool {
			return !g.policy.concerns(kind) || !e.rules.live(g.policy)
		})
		slices.SortStableFunc(live, func(a, b goal) int { return order(a.policy) - order(b.policy) })
		e.byKind[kind] = live
	}
	return nil
}

// order puts the built-in policies before those of users.
func order(p *Policy) int {
	if p.Builtin {
		return 0
	}
	return 1
}

func (e *Engine) compileGoal(p *Policy, answer ast.Var) (goal, error) {
	path := ast.MustParseRef("data." + PackageOf(p.ID) + ".violation")
	rules := e.compiler.GetRulesExact(path)
	if err := checkResult(p, rules); err != nil {
		return goal{}, err
	}
	body, err := e.compiler.QueryCompiler().Compile(ast.NewBody(ast.Equality.Expr(ast.NewTerm(answer), ast.NewTerm(path))))
	if err != nil {
		return goal{}, fmt.Errorf("%s: %w", p.File, err)
	}
	return goal{policy: p, guard: guardOf(rules), body: body, answer: answer}, nil
}

// checkResult finds what would make a policy never answer.
func checkResult(p *Policy, rules []*ast.Rule) error {
	if len(rules) == 0 {
		return fmt.Errorf("%s: policy %s has no rule `violation contains {...} if ...`", p.File, p.ID)
	}
	for _, r := range rules {
		if r.Head.RuleKind() != ast.MultiValue {
			return fmt.Errorf("%s:%d: violation must be a set: `violation contains {...} if ...`",
				r.Location.File, r.Location.Row)
		}
	}
	return nil
}

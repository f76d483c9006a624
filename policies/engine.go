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

// Engine holds compiled policies, and the actions and exemptions of a Config. It is immutable and safe for concurrent
// use.
type Engine struct {
	policies      []Policy
	queries       []query            // one for each policy, in their order
	queriesByKind map[string][]query // those of the enabled policies for a kind; "*" for kinds that no policy names
	compiler      *ast.Compiler
	store         storage.Store
	encoder       *encoder
	enforcement   enforcement
	timeout       time.Duration
	memory        uint64 // in bytes
	onError       v1alpha1.Action
}

// query is the prepared query for the violations of one policy. Queries can be evaluated together: each has a result
// variable of its own.
type query struct {
	policy *Policy
	index  ruleIndex
	body   ast.Body // unifies result with the policy's violation set
	result ast.Var
}

// New compiles the built-in policies and those of the sources, runs the tests that the sources contain, and checks that
// cfg names policies that exist. The error lists all problems, one per line, with file and line.
func New(ctx context.Context, cfg *v1alpha1.Config, sources ...Source) (*Engine, error) {
	if cfg == nil {
		cfg = &v1alpha1.Config{}
	}
	e := &Engine{
		timeout: cmp.Or(time.Duration(cfg.Evaluation.Timeout), v1alpha1.DefaultTimeout),
		memory:  cmp.Or(uint64(cfg.Evaluation.MemoryMiB), v1alpha1.DefaultMemoryMiB) << 20,
		onError: cmp.Or(cfg.Evaluation.OnError, v1alpha1.Deny),
	}
	modules, data, err := e.compile(ctx, cfg.Evaluation.Allow, sources)
	if err != nil {
		return nil, err
	}
	more := incomplete(sources)
	if e.enforcement, err = newEnforcement(cfg, e.policies, more); err != nil {
		return nil, fmt.Errorf("apply the configuration to the policies: %w", err)
	}
	if err := e.checkParams(ctx, cfg.Params, modules, more); err != nil {
		return nil, v1alpha1.FieldError{Field: "params", Message: err.Error()}
	}
	if e.store, err = newStore(cfg.Params, data); err != nil {
		return nil, v1alpha1.FieldError{Field: "params", Message: err.Error()}
	}
	if e.encoder, err = newEncoder(); err != nil {
		return nil, fmt.Errorf("encode the input of policies: %w", err)
	}
	if err := e.prepareQueries(); err != nil {
		return nil, fmt.Errorf("compile policies: %w", err)
	}
	return e, nil
}

// compile loads, compiles and tests the policies, and returns their modules and the base documents of the sources.
func (e *Engine) compile(ctx context.Context, allow []string, sources []Source) (modules []module, data map[string]any, err error) {
	if modules, err = loadModules(ctx, sources); err != nil {
		return nil, nil, fmt.Errorf("load policies: %w", err)
	}
	if e.policies, err = readPolicies(modules); err != nil {
		return nil, nil, fmt.Errorf("load policies: %w", err)
	}
	if e.compiler, err = compile(withoutTests(modules), allow); err != nil {
		return nil, nil, fmt.Errorf("compile policies: %w", err)
	}
	if data, err = loadData(ctx, sources); err != nil {
		return nil, nil, fmt.Errorf("load the data of policies: %w", err)
	}
	if err := checkSourceTests(ctx, modules, allow, data); err != nil {
		return nil, nil, fmt.Errorf("test policies: %w", err)
	}
	return modules, data, nil
}

// Policies returns the policies, ordered by id.
func (e *Engine) Policies() []Policy { return append([]Policy(nil), e.policies...) }

// CheckExemption returns why an exemption cannot be obeyed, nil where it can.
func (e *Engine) CheckExemption(x v1alpha1.ExemptionSpec) error {
	if !hasID(e.policies, x.Policy) {
		return v1alpha1.FieldError{Field: "spec.policy", Message: unknownID(x.Policy)}
	}
	return nil
}

// WithExemptions returns an Engine with these exemptions in place of those of its Config. It compiles nothing.
func (e *Engine) WithExemptions(exemptions []v1alpha1.ExemptionSpec) *Engine {
	other := *e
	other.enforcement.exemptions = exemptions
	return &other
}

// newStore returns a store with data.params and the base documents of the sources.
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

// prepareQueries prepares a query for each policy, and lists them by the kinds that the policies apply to, those of the
// built-in policies first.
func (e *Engine) prepareQueries() error {
	e.queries = make([]query, len(e.policies))
	kinds := map[string]bool{"*": true}
	var errs []error
	for i := range e.policies {
		p := &e.policies[i]
		for _, kind := range p.Kinds {
			kinds[kind] = true
		}
		var err error
		e.queries[i], err = e.prepareQuery(p, ast.Var(fmt.Sprintf("result_%d", i)))
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	e.queriesByKind = make(map[string][]query, len(kinds))
	for kind := range kinds {
		enabled := slices.DeleteFunc(slices.Clone(e.queries), func(q query) bool {
			return !q.policy.appliesTo(kind) || !e.enforcement.enabled(q.policy)
		})
		slices.SortStableFunc(enabled, func(a, b query) int { return builtinFirst(a.policy) - builtinFirst(b.policy) })
		e.queriesByKind[kind] = enabled
	}
	return nil
}

// builtinFirst is a sort key that puts built-in policies before those of users.
func builtinFirst(p *Policy) int {
	if p.Builtin {
		return 0
	}
	return 1
}

func (e *Engine) prepareQuery(p *Policy, result ast.Var) (query, error) {
	path := ast.MustParseRef("data." + PackageOf(p.ID) + ".violation")
	rules := e.compiler.GetRulesExact(path)
	if err := checkViolationRules(p, rules); err != nil {
		return query{}, err
	}
	body, err := e.compiler.QueryCompiler().Compile(ast.NewBody(ast.Equality.Expr(ast.NewTerm(result), ast.NewTerm(path))))
	if err != nil {
		return query{}, fmt.Errorf("%s: %w", p.File, err)
	}
	return query{policy: p, index: newRuleIndex(e.compiler, rules), body: body, result: result}, nil
}

// checkViolationRules returns an error unless the rules make a set: with no rules, or rules of another kind, the query
// has no result.
func checkViolationRules(p *Policy, rules []*ast.Rule) error {
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

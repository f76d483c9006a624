package policies

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/tlsward/tlsward/config"
)

// Engine holds compiled policies and what a Config makes of them. It is immutable and safe for concurrent use.
type Engine struct {
	policies []Policy
	queries  map[string][]query // by kind; "*" for the kinds that no policy names
	compiler *ast.Compiler
	store    storage.Store
	rules    rules
	timeout  time.Duration
}

// query is one policy, ready to be evaluated.
type query struct {
	policy *Policy
	body   ast.Body
}

// New compiles the built-in policies and those of the sources, runs the tests that the sources bring, and checks that
// cfg names policies that exist. The error lists all that is wrong, a line each, with file and line.
func New(ctx context.Context, cfg *config.Config, sources ...Source) (*Engine, error) {
	if cfg == nil {
		cfg = &config.Config{}
	}
	modules, err := loadModules(ctx, sources)
	if err != nil {
		return nil, fmt.Errorf("load policies: %w", err)
	}
	policies, err := readPolicies(modules)
	if err != nil {
		return nil, fmt.Errorf("load policies: %w", err)
	}
	compiler, err := compile(withoutTests(modules), nil)
	if err != nil {
		return nil, fmt.Errorf("compile policies: %w", err)
	}
	if err := checkOwnTests(ctx, modules, nil); err != nil {
		return nil, fmt.Errorf("test policies: %w", err)
	}
	rules, err := newRules(cfg, policies)
	if err != nil {
		return nil, fmt.Errorf("apply the configuration to the policies: %w", err)
	}
	store, err := newStore(cfg.Params)
	if err != nil {
		return nil, fmt.Errorf("params: %w", err)
	}
	e := &Engine{policies: policies, compiler: compiler, store: store, rules: rules, timeout: defaultTimeout}
	if err := e.prepare(); err != nil {
		return nil, fmt.Errorf("compile policies: %w", err)
	}
	return e, nil
}

// Policies lists the policies, ordered by id.
func (e *Engine) Policies() []Policy { return append([]Policy(nil), e.policies...) }

// newStore holds data.params, the one document beside the input.
func newStore(params map[string]any) (storage.Store, error) {
	if params == nil {
		params = map[string]any{}
	}
	v, err := ast.InterfaceToValue(map[string]any{"params": params})
	if err != nil {
		return nil, err
	}
	return inmem.NewFromASTObject(v.(ast.Object)), nil
}

// prepare compiles a query for each policy and sorts them by the kinds that they concern.
func (e *Engine) prepare() error {
	e.queries = map[string][]query{"*": nil}
	for i := range e.policies {
		for _, kind := range e.policies[i].Kinds {
			e.queries[kind] = nil
		}
	}
	var errs []error
	for i := range e.policies {
		p := &e.policies[i]
		q, err := e.compileQuery(p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for kind := range e.queries {
			if p.concerns(kind) && e.rules.live(p) {
				e.queries[kind] = append(e.queries[kind], q)
			}
		}
	}
	return errors.Join(errs...)
}

// resultVar is where a query leaves the policy's set.
const resultVar = ast.Var("result")

func (e *Engine) compileQuery(p *Policy) (query, error) {
	path := "data." + PackageOf(p.ID) + ".violation"
	rules := e.compiler.GetRulesExact(ast.MustParseRef(path))
	if len(rules) == 0 {
		return query{}, fmt.Errorf("%s: policy %s has no rule `violation contains {...} if ...`", p.File, p.ID)
	}
	for _, r := range rules {
		if r.Head.RuleKind() != ast.MultiValue {
			return query{}, fmt.Errorf("%s:%d: violation must be a set: `violation contains {...} if ...`",
				r.Location.File, r.Location.Row)
		}
	}
	body, err := e.compiler.QueryCompiler().Compile(ast.MustParseBody(string(resultVar) + " = " + path))
	if err != nil {
		return query{}, fmt.Errorf("%s: %w", p.File, err)
	}
	return query{policy: p, body: body}, nil
}

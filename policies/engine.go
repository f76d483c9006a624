package policies

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
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
	single   []query            // a query for each policy, in their order
	compiler *ast.Compiler
	store    storage.Store
	words    words
	rules    rules
	timeout  time.Duration
	onError  config.Action
}

// query is some policies, ready to be evaluated together. Policies of users have one each: what one of them does is
// not to hold up the others. The built-in ones share one, for a query costs as much as several policies.
type query struct {
	policies []*Policy
	body     ast.Body
	// singly holds a query for each of several policies: they name the one that could not decide.
	singly []query
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
		timeout: cmp.Or(time.Duration(cfg.Evaluation.Timeout), config.DefaultTimeout),
		onError: cmp.Or(cfg.Evaluation.OnError, config.Deny),
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

// prepare compiles the queries, by the kinds that they concern.
func (e *Engine) prepare() error {
	single := make([]query, len(e.policies))
	kinds := map[string]bool{"*": true}
	var errs []error
	for i := range e.policies {
		p := &e.policies[i]
		for _, kind := range p.Kinds {
			kinds[kind] = true
		}
		q, err := e.compileQuery([]*Policy{p})
		single[i] = q
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	e.single = single
	e.queries = make(map[string][]query, len(kinds))
	for kind := range kinds {
		queries, err := e.queriesFor(kind, single)
		if err != nil {
			return err
		}
		e.queries[kind] = queries
	}
	return nil
}

func (e *Engine) queriesFor(kind string, single []query) ([]query, error) {
	var builtin, own []query
	for _, q := range single {
		switch p := q.policies[0]; {
		case !p.concerns(kind) || !e.rules.live(p):
		case p.Builtin:
			builtin = append(builtin, q)
		default:
			own = append(own, q)
		}
	}
	if len(builtin) < 2 {
		return append(builtin, own...), nil
	}
	var together []*Policy
	for _, q := range builtin {
		together = append(together, q.policies...)
	}
	q, err := e.compileQuery(together)
	if err != nil {
		return nil, err
	}
	q.singly = builtin
	return append([]query{q}, own...), nil
}

// resultVar is where a query leaves its policies' sets, in their order.
const resultVar = ast.Var("result")

func (e *Engine) compileQuery(policies []*Policy) (query, error) {
	paths := make([]string, len(policies))
	for i, p := range policies {
		paths[i] = "data." + PackageOf(p.ID) + ".violation"
		if err := e.checkResult(p, paths[i]); err != nil {
			return query{}, err
		}
	}
	text := fmt.Sprintf("%s = [%s]", resultVar, strings.Join(paths, ", "))
	body, err := e.compiler.QueryCompiler().Compile(ast.MustParseBody(text))
	if err != nil {
		return query{}, fmt.Errorf("%s: %w", policies[0].File, err)
	}
	return query{policies: policies, body: body}, nil
}

// checkResult finds what would make a policy never answer.
func (e *Engine) checkResult(p *Policy, path string) error {
	rules := e.compiler.GetRulesExact(ast.MustParseRef(path))
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

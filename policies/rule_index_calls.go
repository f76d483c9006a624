package policies

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"
)

// addFunction adds the bodies of a function that is called with these arguments. Of a negated call only those bodies count
// that are understood in full: where one of them holds, the call is true, and the expression is not.
func (b *indexBuilder) addFunction(rules []*ast.Rule, args []*ast.Term, negated bool) (exact bool) {
	var of *constraints // what the arguments are parts of
	for _, arg := range args {
		if o, ok := b.operand(arg); ok && of == nil {
			of = o.of
		}
	}
	if of == nil || !areTests(rules, len(args)) {
		return false
	}
	added, exact := call{negated: negated}, true
	for _, r := range rules {
		body := &constraints{}
		inner := indexBuilder{compiler: b.compiler, bindings: map[ast.Var]operand{}, underNot: b.underNot != negated}
		for i, arg := range args {
			o, ok := b.operand(arg)
			if !ok || o.of != of {
				inner.inexact = true
				continue
			}
			o.of = body
			o.requireDefined()
			inner.bindings[r.Head.Args[i].Value.(ast.Var)] = o
		}
		inner.addBody(r.Body)
		exact = exact && !inner.inexact
		if !negated || !inner.inexact {
			added.bodies = append(added.bodies, body)
		}
	}
	of.calls = append(of.calls, added)
	return exact
}

// areTests reports whether a function of so many arguments is true where one of its bodies is, and else undefined.
func areTests(rules []*ast.Rule, arguments int) bool {
	return !slices.ContainsFunc(rules, func(r *ast.Rule) bool {
		isVar := func(arg *ast.Term) bool { _, ok := arg.Value.(ast.Var); return ok }
		return r.Default || r.Else != nil || r.Head.Value == nil || r.Head.Value.Value.Compare(ast.Boolean(true)) != 0 ||
			len(r.Head.Args) != arguments || !allOf(r.Head.Args, isVar)
	})
}

func allOf(terms []*ast.Term, condition func(*ast.Term) bool) bool {
	return !slices.ContainsFunc(terms, func(t *ast.Term) bool { return !condition(t) })
}

// addSet adds the bodies of a set of rules that has an element, and reports whether ref is one.
func (b *indexBuilder) addSet(ref ast.Ref) bool {
	rules := b.compiler.GetRulesExact(ref)
	isSet := func(r *ast.Rule) bool { return r.Head.RuleKind() == ast.MultiValue && len(r.Head.Args) == 0 }
	if b.root == nil || len(rules) == 0 || slices.ContainsFunc(rules, func(r *ast.Rule) bool { return !isSet(r) }) {
		return false
	}
	b.root.calls = append(b.root.calls, call{bodies: newRuleIndex(b.compiler, rules)})
	return true
}

// addBuiltin adds a call of a built-in test, as startswith, of one operand and constants. Where it fails, the policy is
// evaluated, and fails there.
func (b *indexBuilder) addBuiltin(name string, args []*ast.Term, negated bool) (exact bool) {
	declared, function := ast.BuiltinMap[name], topdown.GetBuiltin(name)
	isOperand := func(t *ast.Term) bool { _, ok := b.operand(t); return ok }
	at := slices.IndexFunc(args, isOperand)
	if declared == nil || function == nil || impure(declared) || types.Compare(declared.Decl.Result(), types.B) != 0 ||
		len(declared.Decl.FuncArgs().Args) != len(args) || at < 0 {
		return false
	}
	for i, arg := range args {
		if i != at && !ast.IsConstant(arg.Value) {
			return false
		}
	}
	onError := negated == b.underNot // the answer with which the policy is evaluated
	o, _ := b.operand(args[at])
	o.require(func(v ast.Value) bool {
		operands := slices.Clone(args)
		operands[at] = ast.NewTerm(v)
		result := false
		err := function(topdown.BuiltinContext{}, operands, func(t *ast.Term) error {
			result = t.Value.Compare(ast.Boolean(true)) == 0
			return nil
		})
		if err != nil {
			return onError
		}
		return result
	}, negated)
	return true
}

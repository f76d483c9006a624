package policies

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// newRuleIndex indexes the rules of one set, as compiler has compiled them.
func newRuleIndex(compiler *ast.Compiler, rules []*ast.Rule) ruleIndex {
	index := make(ruleIndex, len(rules))
	for i, r := range rules {
		index[i] = &constraints{}
		b := indexBuilder{compiler: compiler, root: index[i], bindings: map[ast.Var]operand{inputVar(): {of: index[i]}}}
		b.addBody(r.Body)
	}
	return index
}

func inputVar() ast.Var { return ast.InputRootDocument.Value.(ast.Var) }

// indexBuilder collects the constraints of one compiled body.
type indexBuilder struct {
	compiler *ast.Compiler
	// root gets the constraints on the input; nil in a function.
	root *constraints
	// bindings holds what the variables are bound to.
	bindings map[ast.Var]operand
	// uses counts how often the body names a variable.
	uses map[ast.Var]int
	// underNot is true in a function whose call is negated: what may be true must not be taken for true there.
	underNot bool
	// inexact is true once the constraints may hold where the body does not.
	inexact bool
}

// addBody adds the expressions of a body. One that is not understood counts as true.
func (b *indexBuilder) addBody(body ast.Body) {
	b.uses = map[ast.Var]int{}
	ast.WalkVars(body, func(v ast.Var) bool { b.uses[v]++; return false })
	for _, expr := range body {
		if len(expr.With) > 0 || !b.add(expr) {
			b.inexact = true
		}
	}
}

// operand is the value at a path below the value that the constraints are on.
type operand struct {
	of   *constraints
	path ast.Ref
}

func (o operand) require(test func(ast.Value) bool, negated bool) {
	o.of.comparisons = append(o.of.comparisons, comparison{path: o.path, test: test, negated: negated})
}

func (o operand) requireDefined() { o.require(func(ast.Value) bool { return true }, false) }

// add adds the constraint of an expression, and reports whether it says all that the expression does.
func (b *indexBuilder) add(expr *ast.Expr) (exact bool) {
	switch terms := expr.Terms.(type) {
	case *ast.Term:
		if o, ok := b.operand(terms); ok {
			o.require(isTrue, expr.Negated)
			return true
		}
	case []*ast.Term:
		switch operator := expr.Operator(); {
		case len(terms) == 3 && isComparison(operator.String()):
			return b.addComparison(operator.String(), terms[1], terms[2], expr.Negated)
		case b.compiler.GetRulesExact(operator) != nil:
			return b.addFunction(b.compiler.GetRulesExact(operator), terms[1:], expr.Negated)
		default:
			return b.addBuiltin(operator.String(), terms[1:], expr.Negated)
		}
	}
	return false
}

// isTrue reports whether an expression of this value alone is true in Rego: all but false are.
func isTrue(v ast.Value) bool { return v != ast.Boolean(false) }

func isComparison(operator string) bool {
	switch operator {
	case ast.Equality.Name, ast.Equal.Name, ast.NotEqual.Name, ast.Member.Name:
		return true
	}
	return false
}

func (b *indexBuilder) addComparison(operator string, left, right *ast.Term, negated bool) (exact bool) {
	switch operator {
	case ast.NotEqual.Name:
		return b.compare(left, right, negated, func(constant ast.Value) func(ast.Value) bool {
			return func(v ast.Value) bool { return v.Compare(constant) != 0 }
		})
	case ast.Member.Name:
		if o, ok := b.operand(left); ok && ast.IsConstant(right.Value) {
			o.require(func(v ast.Value) bool { return isMember(v, right.Value) }, negated)
			return true
		}
		if o, ok := b.operand(right); ok && ast.IsConstant(left.Value) {
			o.require(func(v ast.Value) bool { return isMember(left.Value, v) }, negated)
			return true
		}
		return false
	}
	if !negated {
		for _, sides := range [][2]*ast.Term{{left, right}, {right, left}} {
			if bound, exact := b.bind(sides[0], sides[1]); bound {
				return exact
			}
		}
	}
	return b.compare(left, right, negated, func(constant ast.Value) func(ast.Value) bool {
		return func(v ast.Value) bool { return v.Compare(constant) == 0 }
	})
}

// compare adds a comparison where one side is an operand, and the other a constant.
func (b *indexBuilder) compare(left, right *ast.Term, negated bool, with func(ast.Value) func(ast.Value) bool) (exact bool) {
	if o, ok := b.operand(left); ok && ast.IsConstant(right.Value) {
		o.require(with(right.Value), negated)
		return true
	}
	if o, ok := b.operand(right); ok && ast.IsConstant(left.Value) {
		o.require(with(left.Value), negated)
		return true
	}
	return false
}

func isMember(v, collection ast.Value) bool {
	if set, ok := collection.(ast.Set); ok {
		return set.Contains(ast.NewTerm(v))
	}
	return anyElement(collection, func(element ast.Value) bool { return element.Compare(v) == 0 })
}

// bind binds a variable that has no binding yet: to an operand, which must then be defined, or to an element of one or of a
// set of rules, of which there must be one.
func (b *indexBuilder) bind(variable, value *ast.Term) (bound, exact bool) {
	name, ok := variable.Value.(ast.Var)
	if _, known := b.bindings[name]; !ok || known {
		return false, false
	}
	if o, ok := b.operand(value); ok {
		o.requireDefined()
		b.bindings[name] = o
		return true, true
	}
	ref, ok := value.Value.(ast.Ref)
	if !ok || len(ref) < 2 {
		return false, false
	}
	key, isVar := ref[len(ref)-1].Value.(ast.Var)
	if _, known := b.bindings[key]; !isVar || known {
		return false, false
	}
	o, ok := b.operand(ast.NewTerm(ref[:len(ref)-1]))
	if !ok {
		return b.addSet(ref[:len(ref)-1]), false
	}
	element := &constraints{}
	o.of.someElements = append(o.of.someElements, someElement{path: o.path, element: element})
	b.bindings[name] = operand{of: element}
	return true, b.uses[key] == 1
}

// operand returns the operand that a term stands for: a bound variable, or a ref of scalars below one.
func (b *indexBuilder) operand(t *ast.Term) (operand, bool) {
	switch value := t.Value.(type) {
	case ast.Var:
		o, ok := b.bindings[value]
		return o, ok
	case ast.Ref:
		head, _ := value[0].Value.(ast.Var)
		o, ok := b.bindings[head]
		if !ok {
			return operand{}, false
		}
		path := slices.Clone(o.path)
		for _, key := range value[1:] {
			if !ast.IsScalar(key.Value) {
				return operand{}, false
			}
			path = append(path, key)
		}
		return operand{of: o.of, path: path}, true
	}
	return operand{}, false
}

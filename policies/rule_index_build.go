package policies

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// newRuleIndex indexes the compiled rules of one set.
func newRuleIndex(rules []*ast.Rule) ruleIndex {
	index := make(ruleIndex, len(rules))
	for i, r := range rules {
		root := &constraints{}
		b := indexBuilder{bindings: map[ast.Var]operand{ast.InputRootDocument.Value.(ast.Var): {of: root}}}
		for _, expr := range r.Body {
			b.add(expr)
		}
		index[i] = root
	}
	return index
}

// indexBuilder collects the constraints of one compiled body. bindings holds what the variables are bound to.
type indexBuilder struct{ bindings map[ast.Var]operand }

// operand is the value at a path below the value that the constraints are on.
type operand struct {
	of   *constraints
	path ast.Ref
}

func (o operand) require(test func(ast.Value) bool, negated bool) {
	o.of.comparisons = append(o.of.comparisons, comparison{path: o.path, test: test, negated: negated})
}

func (b *indexBuilder) add(expr *ast.Expr) {
	if len(expr.With) > 0 {
		return
	}
	switch terms := expr.Terms.(type) {
	case *ast.Term:
		if o, ok := b.operand(terms); ok {
			o.require(isTrue, expr.Negated)
		}
	case []*ast.Term:
		if len(terms) == 3 {
			b.addCall(expr.Operator().String(), terms[1], terms[2], expr.Negated)
		}
	}
}

// isTrue reports whether an expression of this value alone is true in Rego: all but false are.
func isTrue(v ast.Value) bool { return v != ast.Boolean(false) }

func (b *indexBuilder) addCall(operator string, left, right *ast.Term, negated bool) {
	switch operator {
	case ast.Equality.Name, ast.Equal.Name:
		if !negated && (b.bind(left, right) || b.bind(right, left)) {
			return
		}
		b.compare(left, right, negated, func(constant ast.Value) func(ast.Value) bool {
			return func(v ast.Value) bool { return v.Compare(constant) == 0 }
		})
	case ast.NotEqual.Name:
		b.compare(left, right, negated, func(constant ast.Value) func(ast.Value) bool {
			return func(v ast.Value) bool { return v.Compare(constant) != 0 }
		})
	case ast.Member.Name:
		if o, ok := b.operand(left); ok && ast.IsConstant(right.Value) {
			o.require(func(v ast.Value) bool { return isMember(v, right.Value) }, negated)
		} else if o, ok := b.operand(right); ok && ast.IsConstant(left.Value) {
			o.require(func(v ast.Value) bool { return isMember(left.Value, v) }, negated)
		}
	}
}

// compare adds a comparison where one side is an operand, and the other a constant.
func (b *indexBuilder) compare(left, right *ast.Term, negated bool, with func(ast.Value) func(ast.Value) bool) {
	if o, ok := b.operand(left); ok && ast.IsConstant(right.Value) {
		o.require(with(right.Value), negated)
	} else if o, ok := b.operand(right); ok && ast.IsConstant(left.Value) {
		o.require(with(left.Value), negated)
	}
}

func isMember(v, collection ast.Value) bool {
	if set, ok := collection.(ast.Set); ok {
		return set.Contains(ast.NewTerm(v))
	}
	return anyElement(collection, func(element ast.Value) bool { return element.Compare(v) == 0 })
}

// bind binds a variable that has no binding yet: to an operand, which must then be defined, or to an element of one.
func (b *indexBuilder) bind(variable, value *ast.Term) bool {
	name, ok := variable.Value.(ast.Var)
	if _, bound := b.bindings[name]; !ok || bound {
		return false
	}
	if o, ok := b.operand(value); ok {
		o.require(func(ast.Value) bool { return true }, false)
		b.bindings[name] = o
		return true
	}
	ref, ok := value.Value.(ast.Ref)
	if !ok || len(ref) < 2 {
		return false
	}
	key, isVar := ref[len(ref)-1].Value.(ast.Var)
	o, ok := b.operand(ast.NewTerm(ref[:len(ref)-1]))
	if _, bound := b.bindings[key]; !ok || !isVar || bound {
		return false
	}
	element := &constraints{}
	o.of.someElements = append(o.of.someElements, someElement{path: o.path, element: element})
	b.bindings[name] = operand{of: element}
	return true
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

package policies

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A guard is what a policy's rules ask of the input at the least, as far as their bodies say so in plain comparisons:
//
//	some f in input.egress
//	f.verdict == "plaintext"
//
// An input that meets none of its demands holds no violation, and the policy need not be evaluated: comparing a few
// words costs little beside that. What a guard does not understand it takes for true, so that it never hides anything.
// The one thing that gets lost is an error that the body would have run into before a comparison that fails.
type guard []*demand

// admits says whether one of the rules may hold.
func (g guard) admits(input ast.Value) bool {
	return slices.ContainsFunc(g, func(d *demand) bool { return d.metBy(input) })
}

// demand is what one rule asks of a value: all of it must hold.
type demand struct {
	conditions []condition
	elements   []elements
}

// elements asks that the collection at a path has an element that meets a demand.
type elements struct {
	at   ast.Ref
	each *demand
}

func (d *demand) metBy(value ast.Value) bool {
	for i := range d.conditions {
		if !d.conditions[i].holds(value) {
			return false
		}
	}
	for _, e := range d.elements {
		if !anyMember(find(value, e.at), e.each.metBy) {
			return false
		}
	}
	return true
}

// condition is one comparison of what is at a path with a constant.
type condition struct {
	at      ast.Ref
	holdsOf func(ast.Value) bool
	negated bool
}

// holds treats what is not there as Rego does: no comparison with it holds.
func (c *condition) holds(value ast.Value) bool {
	found := find(value, c.at)
	return (found != nil && c.holdsOf(found)) != c.negated
}

// find gives what is at a path, nil if there is nothing.
func find(value ast.Value, at ast.Ref) ast.Value {
	for i, key := range at {
		object, ok := value.(ast.Object)
		if !ok {
			found, err := value.Find(at[i:])
			if err != nil {
				return nil
			}
			return found
		}
		found := object.Get(key)
		if found == nil {
			return nil
		}
		value = found.Value
	}
	return value
}

// anyMember says whether an element of a collection is as asked; what is no collection has none.
func anyMember(collection ast.Value, is func(ast.Value) bool) bool {
	switch collection := collection.(type) {
	case *ast.Array:
		for i := range collection.Len() {
			if is(collection.Elem(i).Value) {
				return true
			}
		}
	case ast.Set:
		return slices.ContainsFunc(collection.Slice(), func(t *ast.Term) bool { return is(t.Value) })
	case ast.Object:
		return collection.Until(func(_, value *ast.Term) bool { return is(value.Value) })
	}
	return false
}

// guardOf reads the guard of rules that together make one set.
func guardOf(rules []*ast.Rule) guard {
	g := make(guard, len(rules))
	for i, r := range rules {
		root := &demand{}
		reader := guardReader{known: map[ast.Var]place{ast.InputRootDocument.Value.(ast.Var): {of: root}}}
		for _, expr := range r.Body {
			reader.read(expr)
		}
		g[i] = root
	}
	return g
}

// guardReader collects the conditions of one compiled body. known says what its variables stand for.
type guardReader struct{ known map[ast.Var]place }

// place is a path below the value that a demand is about.
type place struct {
	of *demand
	at ast.Ref
}

func (r *guardReader) read(expr *ast.Expr) {
	if len(expr.With) > 0 {
		return
	}
	switch terms := expr.Terms.(type) {
	case *ast.Term:
		if p, ok := r.place(terms); ok {
			p.ask(isTrue, expr.Negated)
		}
	case []*ast.Term:
		if len(terms) == 3 {
			r.readCall(expr.Operator().String(), terms[1], terms[2], expr.Negated)
		}
	}
}

// isTrue is what a value is that stands alone in a body, and lets it hold.
func isTrue(v ast.Value) bool { return v != ast.Boolean(false) }

func (r *guardReader) readCall(operator string, a, b *ast.Term, negated bool) {
	switch operator {
	case ast.Equality.Name, ast.Equal.Name:
		if !negated && (r.bind(a, b) || r.bind(b, a)) {
			return
		}
		r.compare(a, b, negated, func(c ast.Value) func(ast.Value) bool {
			return func(v ast.Value) bool { return v.Compare(c) == 0 }
		})
	case ast.NotEqual.Name:
		r.compare(a, b, negated, func(c ast.Value) func(ast.Value) bool {
			return func(v ast.Value) bool { return v.Compare(c) != 0 }
		})
	case ast.Member.Name:
		if p, ok := r.place(a); ok && ast.IsConstant(b.Value) {
			p.ask(func(v ast.Value) bool { return isMember(v, b.Value) }, negated)
		} else if p, ok := r.place(b); ok && ast.IsConstant(a.Value) {
			p.ask(func(v ast.Value) bool { return isMember(a.Value, v) }, negated)
		}
	}
}

// compare asks that one of the two, a place, compares with the other, a constant.
func (r *guardReader) compare(a, b *ast.Term, negated bool, with func(ast.Value) func(ast.Value) bool) {
	if p, ok := r.place(a); ok && ast.IsConstant(b.Value) {
		p.ask(with(b.Value), negated)
	} else if p, ok := r.place(b); ok && ast.IsConstant(a.Value) {
		p.ask(with(a.Value), negated)
	}
}

func isMember(v, collection ast.Value) bool {
	if set, ok := collection.(ast.Set); ok {
		return set.Contains(ast.NewTerm(v))
	}
	return anyMember(collection, func(m ast.Value) bool { return m.Compare(v) == 0 })
}

// bind notes what a variable that is not known yet stands for: a place, which must be there, or an element of one.
func (r *guardReader) bind(variable, value *ast.Term) bool {
	name, ok := variable.Value.(ast.Var)
	if _, known := r.known[name]; !ok || known {
		return false
	}
	if p, ok := r.place(value); ok {
		p.ask(func(ast.Value) bool { return true }, false)
		r.known[name] = p
		return true
	}
	ref, ok := value.Value.(ast.Ref)
	if !ok || len(ref) < 2 {
		return false
	}
	key, isVar := ref[len(ref)-1].Value.(ast.Var)
	p, ok := r.place(ast.NewTerm(ref[:len(ref)-1]))
	if _, known := r.known[key]; !ok || !isVar || known {
		return false
	}
	each := &demand{}
	p.of.elements = append(p.of.elements, elements{at: p.at, each: each})
	r.known[name] = place{of: each}
	return true
}

// place gives what a term stands for: a known variable, or a fixed path below one.
func (r *guardReader) place(t *ast.Term) (place, bool) {
	switch value := t.Value.(type) {
	case ast.Var:
		p, ok := r.known[value]
		return p, ok
	case ast.Ref:
		head, _ := value[0].Value.(ast.Var)
		p, ok := r.known[head]
		if !ok {
			return place{}, false
		}
		at := slices.Clone(p.at)
		for _, key := range value[1:] {
			if !ast.IsScalar(key.Value) {
				return place{}, false
			}
			at = append(at, key)
		}
		return place{of: p.of, at: at}, true
	}
	return place{}, false
}

func (p place) ask(holdsOf func(ast.Value) bool, negated bool) {
	p.of.conditions = append(p.of.conditions, condition{at: p.at, holdsOf: holdsOf, negated: negated})
}

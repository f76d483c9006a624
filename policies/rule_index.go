package policies

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// ruleIndex holds, for each rule of a policy's violation set, the comparisons with constants that its body makes:
//
//	some f in input.egress
//	f.verdict == "plaintext"
//
// and those of the functions that it calls. A policy is evaluated only for inputs that satisfy one of its rules' constraints:
// comparing a few strings costs little beside an evaluation. An expression that the index does not understand counts as true, so that no violation is ever
// missed. What is missed is a runtime error in a body, where a comparison after it fails.
//
// OPA's own rule index (ast.RuleIndex) does the same for refs without variables; it does not look into collections.
type ruleIndex []*constraints

// mayMatch reports whether the body of at least one rule may be true.
func (x ruleIndex) mayMatch(input ast.Value) bool {
	return slices.ContainsFunc(x, func(c *constraints) bool { return c.satisfiedBy(input) })
}

// constraints are what one rule requires of a value. All of them must hold.
type constraints struct {
	comparisons  []comparison
	someElements []someElement
	calls        []call
}

// call is the bodies of a function, or of a set: one of them must hold or, negated, none.
type call struct {
	bodies  []*constraints
	negated bool
}

// holds reports whether the call is true of a value.
func (c *call) holds(value ast.Value) bool {
	isTrue := slices.ContainsFunc(c.bodies, func(body *constraints) bool { return body.satisfiedBy(value) })
	return isTrue != c.negated
}

// someElement requires the collection at path to have an element that satisfies constraints.
type someElement struct {
	path    ast.Ref
	element *constraints
}

// satisfiedBy reports whether an element of the collection satisfies the constraints. Nearly all are arrays, for which nothing
// is allocated.
func (e *someElement) satisfiedBy(collection ast.Value) bool {
	array, ok := collection.(*ast.Array)
	if !ok {
		return anyElement(collection, e.element.satisfiedBy)
	}
	for i := range array.Len() {
		if e.element.satisfiedBy(array.Elem(i).Value) {
			return true
		}
	}
	return false
}

func (c *constraints) satisfiedBy(value ast.Value) bool {
	for i := range c.comparisons {
		if !c.comparisons[i].holds(value) {
			return false
		}
	}
	for i := range c.someElements {
		e := &c.someElements[i]
		if !e.satisfiedBy(valueAt(value, e.path)) {
			return false
		}
	}
	for i := range c.calls {
		if !c.calls[i].holds(value) {
			return false
		}
	}
	return true
}

// comparison compares the value at path with a constant.
type comparison struct {
	path    ast.Ref
	test    func(ast.Value) bool
	negated bool
}

// holds reports whether the comparison is true. As in Rego, a comparison with an undefined value is not true.
func (c *comparison) holds(value ast.Value) bool {
	found := valueAt(value, c.path)
	return (found != nil && c.test(found)) != c.negated
}

// valueAt returns the value at path, or nil where it is undefined.
func valueAt(value ast.Value, path ast.Ref) ast.Value {
	for i, key := range path {
		if d, ok := value.(*document); ok {
			if value = d.at(key); value == nil {
				return nil
			}
			continue
		}
		object, ok := value.(ast.Object)
		if !ok {
			found, err := value.Find(path[i:])
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
	if d, ok := value.(*document); ok {
		return d.Object // which can be compared with other values
	}
	return value
}

// anyElement reports whether an element of the collection meets the condition. What is no collection has no elements.
func anyElement(collection ast.Value, condition func(ast.Value) bool) bool {
	switch collection := collection.(type) {
	case *ast.Array:
		for i := range collection.Len() {
			if condition(collection.Elem(i).Value) {
				return true
			}
		}
	case ast.Set:
		return slices.ContainsFunc(collection.Slice(), func(t *ast.Term) bool { return condition(t.Value) })
	case ast.Object:
		return collection.Until(func(_, value *ast.Term) bool { return condition(value.Value) })
	}
	return false
}

package policies

import "github.com/open-policy-agent/opa/v1/ast"

// document is the input as the rule indexes of all policies read it: a lazy object of OPA makes a term whenever a member is asked for,
// and a document keeps the one that it was given.
type document struct {
	ast.Object
	members []member
}

type member struct {
	name  ast.String
	value ast.Value // nil where there is none
}

// newDocument returns the document of an input, or the input itself where it is no object.
func newDocument(input ast.Value) ast.Value {
	if object, ok := input.(ast.Object); ok {
		return &document{Object: object, members: make([]member, 0, 8)}
	}
	return input
}

// at returns the value of a member, as a document where it is an object; nil where there is none.
func (d *document) at(key *ast.Term) ast.Value {
	name, ok := key.Value.(ast.String)
	if !ok {
		return valueOf(d.Get(key))
	}
	for i := range d.members {
		if d.members[i].name == name {
			return d.members[i].value
		}
	}
	found := valueOf(d.Get(key))
	if object, ok := found.(ast.Object); ok {
		found = &document{Object: object}
	}
	d.members = append(d.members, member{name, found})
	return found
}

func valueOf(t *ast.Term) ast.Value {
	if t == nil {
		return nil
	}
	return t.Value
}

package policies

import (
	"fmt"
	"math"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// readResult reads a policy's set of violations. action is the most that Config lets them lead to.
func readResult(id string, action v1alpha1.Action, result ast.Value) ([]Violation, error) {
	set, ok := result.(ast.Set)
	if !ok {
		return nil, fmt.Errorf("violation is %s, not a set", ast.ValueName(result))
	}
	if set.Len() == 0 {
		return nil, nil
	}
	out := make([]Violation, 0, set.Len())
	err := set.Iter(func(t *ast.Term) error {
		v, err := readViolation(t.Value)
		if err != nil {
			return fmt.Errorf("violation%s: %w", named(t.Value), err)
		}
		v.Policy = id
		if v.Action == "" {
			v.Action = action
		}
		v.Action = weaker(v.Action, action)
		if v.Action != v1alpha1.Off {
			out = append(out, v)
		}
		return nil
	})
	return out, err
}

// maxTold is how much of a text is repeated to say which one is meant.
const maxTold = 100

// named tells a violation by its message. The rest of it may be endless to write down: small values can hold each other
// many times over.
func named(violation ast.Value) string {
	object, ok := violation.(ast.Object)
	if !ok {
		return ""
	}
	if message := object.Get(ast.InternedTerm("message")); message != nil {
		if s, ok := message.Value.(ast.String); ok {
			return fmt.Sprintf(" %.*q", maxTold, string(s))
		}
	}
	return ""
}

func readViolation(value ast.Value) (Violation, error) {
	object, ok := value.(ast.Object)
	if !ok {
		return Violation{}, fmt.Errorf("is %s, not an object", ast.ValueName(value))
	}
	var v Violation
	err := object.Iter(func(key, value *ast.Term) error {
		name, ok := key.Value.(ast.String)
		if !ok {
			return fmt.Errorf("has a field that is %s, not a string", ast.ValueName(key.Value))
		}
		return v.set(string(name), value.Value)
	})
	if err != nil {
		return Violation{}, err
	}
	if v.Message == "" {
		return Violation{}, fmt.Errorf("has no message")
	}
	return v, nil
}

// set reads one field. A field that is not known is an error: it is misspelt.
func (v *Violation) set(name string, value ast.Value) error {
	texts := map[string]*string{
		"message": &v.Message, "host": &v.Host, "client": &v.Client, "fix": &v.Fix, "decidedBy": &v.DecidedBy,
	}
	if target, ok := texts[name]; ok {
		s, ok := value.(ast.String)
		if !ok {
			return fmt.Errorf("%s is %s, not a string", name, ast.ValueName(value))
		}
		*target = string(s)
		return nil
	}
	switch name {
	case "port":
		return v.setPort(value)
	case "action":
		s, ok := value.(ast.String)
		v.Action = v1alpha1.Action(s)
		switch {
		case !ok:
			return fmt.Errorf("action is %s, not deny, warn, audit or off", ast.ValueName(value))
		case severity(v.Action) < 0:
			return fmt.Errorf("action is %.*q, not deny, warn, audit or off", maxTold, string(s))
		}
		return nil
	}
	return fmt.Errorf("has a field %.*q; known are message, host, port, client, fix, decidedBy and action", maxTold, name)
}

func (v *Violation) setPort(value ast.Value) error {
	n, ok := value.(ast.Number)
	if !ok {
		return fmt.Errorf("port is %s, not a number", ast.ValueName(value))
	}
	i, ok := n.Int64()
	if !ok || i < 0 || i > math.MaxUint32 {
		return fmt.Errorf("port is %v, which is no port", n)
	}
	v.Port = uint32(i)
	return nil
}

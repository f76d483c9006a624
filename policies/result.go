package policies

import (
	"cmp"
	"fmt"
	"math"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// readResult reads a policy's set of violations. Each has its own action, but none above its strongest; without one it has
// its usual one. Which these are limits says.
func readResult(id string, limits func(*Violation) actions, result ast.Value) ([]Violation, error) {
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
			return fmt.Errorf("violation%s: %w", quoteMessage(t.Value), err)
		}
		v.Policy = id
		may := limits(&v)
		v.Action = weaker(cmp.Or(v.Action, may.usual), may.strongest)
		if v.Action != v1alpha1.Off {
			out = append(out, v)
		}
		return nil
	})
	return out, err
}

// maxQuoted is how many characters of a policy's string an error quotes.
const maxQuoted = 100

// quoteMessage returns a violation's message for an error that is about the violation. Other values are never printed:
// a small value that refers to another many times, level by level, is exponentially long in print.
func quoteMessage(violation ast.Value) string {
	object, ok := violation.(ast.Object)
	if !ok {
		return ""
	}
	if message := object.Get(ast.InternedTerm("message")); message != nil {
		if s, ok := message.Value.(ast.String); ok {
			return fmt.Sprintf(" %.*q", maxQuoted, string(s))
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

// set reads one field. An unknown field is an error.
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
			return fmt.Errorf("action is %.*q, not deny, warn, audit or off", maxQuoted, string(s))
		}
		return nil
	}
	return fmt.Errorf("has a field %.*q; known are message, host, port, client, fix, decidedBy and action", maxQuoted, name)
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

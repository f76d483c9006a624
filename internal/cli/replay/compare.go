package replay

import (
	"cmp"
	"slices"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli/check"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/mesh"
)

// Namespace is what new policies change in one namespace.
type Namespace struct {
	// Name is the namespace; "" for what has none.
	Name string `json:"namespace"`
	// NewlyDenied are the objects that would be denied and are not now, NoLongerDenied those that are and would not be.
	NewlyDenied    []Object `json:"newlyDenied"`
	NoLongerDenied []Object `json:"noLongerDenied"`
	// Unchanged counts the objects that stay denied or stay admitted, Denied those of them that stay denied.
	Unchanged int `json:"unchanged"`
	Denied    int `json:"unchangedDenied"`
}

// Object is an object that new policies decide differently.
type Object struct {
	Object string `json:"object"`
	Where  string `json:"where"`
	// Policies are the ids of those that deny: after the change if the object is newly denied, before it otherwise.
	Policies []string `json:"policies"`
	// Message is that of the first violation.
	Message string `json:"message"`
}

// Compare returns the differences between what is found in m now and what new policies find, by namespace in order.
func Compare(m *offline.Mesh, now, then []check.Finding) []Namespace {
	before, after := denials(now), denials(then)
	byName := map[string]*Namespace{}
	for _, o := range m.Objects {
		n := byName[o.Ref.Namespace]
		if n == nil {
			n = &Namespace{Name: o.Ref.Namespace, NewlyDenied: []Object{}, NoLongerDenied: []Object{}}
			byName[n.Name] = n
		}
		was, is := before[o.Ref], after[o.Ref]
		switch {
		case was == nil && is != nil:
			n.NewlyDenied = append(n.NewlyDenied, objectOf(o, is))
		case was != nil && is == nil:
			n.NoLongerDenied = append(n.NoLongerDenied, objectOf(o, was))
		default:
			n.Unchanged++
			if is != nil {
				n.Denied++
			}
		}
	}
	list := make([]Namespace, 0, len(byName))
	for _, n := range byName {
		list = append(list, *n)
	}
	slices.SortFunc(list, func(a, b Namespace) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// denials returns the findings that deny, by object.
func denials(findings []check.Finding) map[mesh.Ref][]check.Finding {
	out := map[mesh.Ref][]check.Finding{}
	for _, f := range findings {
		if f.Action == v1alpha1.Deny {
			out[f.Object.Ref] = append(out[f.Object.Ref], f)
		}
	}
	return out
}

func objectOf(o *offline.Object, findings []check.Finding) Object {
	out := Object{Object: o.Ref.String(), Where: o.Where(), Message: findings[0].Message}
	for _, f := range findings {
		out.Policies = append(out.Policies, f.Policy)
	}
	slices.Sort(out.Policies)
	out.Policies = slices.Compact(out.Policies)
	return out
}

// NewlyDenied returns the number of objects that would be denied and are not now.
func NewlyDenied(list []Namespace) int {
	n := 0
	for _, namespace := range list {
		n += len(namespace.NewlyDenied)
	}
	return n
}

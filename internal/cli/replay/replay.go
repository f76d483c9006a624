// Package replay tells what new policies would decide differently of what is there, before they are in force.
//
// The decisions are those of package check; here two of them are held side by side.
package replay

import (
	"cmp"
	"slices"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli/check"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/mesh"
)

// Namespace is what changes in one namespace.
type Namespace struct {
	// Name is the namespace; "" for what has none.
	Name string `json:"namespace"`
	// NewlyDenied would be refused, and are not now; NoLongerDenied the other way round.
	NewlyDenied    []Object `json:"newlyDenied"`
	NoLongerDenied []Object `json:"noLongerDenied"`
	// Unchanged counts the objects that stay refused or stay admitted, Denied those of them that stay refused.
	Unchanged int `json:"unchanged"`
	Denied    int `json:"unchangedDenied"`
}

// Object is an object that is decided differently.
type Object struct {
	Object string `json:"object"`
	Where  string `json:"where"`
	// Policies are those that deny: the new ones of a newly denied object, the old ones otherwise.
	Policies []string `json:"policies"`
	// Message is the first reason.
	Message string `json:"message"`
}

// Compare holds what is found in m now against what new policies find, by namespace in order.
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

// denials gives the findings that deny, by object.
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

// NewlyDenied counts the objects that would be refused and are not now.
func NewlyDenied(list []Namespace) int {
	n := 0
	for _, namespace := range list {
		n += len(namespace.NewlyDenied)
	}
	return n
}

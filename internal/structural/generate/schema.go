package main

import (
	"slices"

	"github.com/tlsward/tlsward/internal/structural"
)

// definition is the part of a CustomResourceDefinition that is read.
type definition struct {
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Schema struct {
				Root property `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

// property is the part of a structural schema that is read.
type property struct {
	Properties map[string]property `json:"properties"`
	Items      *property           `json:"items"`
	Values     *property           `json:"additionalProperties"`
	Any        bool                `json:"x-kubernetes-preserve-unknown-fields"`
	IntOrText  bool                `json:"x-kubernetes-int-or-string"`
	Type       string              `json:"type"`
	Default    any                 `json:"default"`
	Required   []string            `json:"required"`
	Enum       []any               `json:"enum"`
	Minimum    *float64            `json:"minimum"`
	Maximum    *float64            `json:"maximum"`
	MinItems   int                 `json:"minItems"`
	MaxItems   int                 `json:"maxItems"`
	MinLength  int                 `json:"minLength"`
	MaxLength  int                 `json:"maxLength"`
	Pattern    string              `json:"pattern"`
	Rules      []rule              `json:"x-kubernetes-validations"`
}

// rule is one in CEL.
type rule struct {
	Rule string `json:"rule"`
}

func fieldsOf(p property) *structural.Fields {
	f := &structural.Fields{Any: p.Any, Enum: texts(p.Enum), Minimum: p.Minimum, Maximum: p.Maximum, Pattern: p.Pattern,
		MinItems: p.MinItems, MaxItems: p.MaxItems, MinLength: p.MinLength, MaxLength: p.MaxLength}
	if !p.IntOrText {
		f.Type = p.Type
	}
	for name, property := range p.Properties {
		if f.Properties == nil {
			f.Properties = map[string]*structural.Fields{}
		}
		f.Properties[name] = fieldsOf(property)
	}
	if p.Items != nil {
		f.Items = fieldsOf(*p.Items)
	}
	if p.Values != nil {
		f.Values = fieldsOf(*p.Values)
	}
	for _, name := range p.Required {
		if p.Properties[name].Default == nil { // what is missing is filled in before anybody looks for it
			f.Required = append(f.Required, name)
		}
	}
	p.addRules(f)
	return f
}

// addRules reads the rules in CEL that are known by heart. The others are the API server's to say.
func (p property) addRules(f *structural.Fields) {
	for _, r := range p.Rules {
		switch r.Rule {
		case "0 < self && self <= 65535":
			lowest, highest := 1.0, 65535.0
			f.Minimum, f.Maximum = &lowest, &highest
		case `self != "*"`:
			f.NoWildcard = true
		}
	}
}

// texts returns the values of an enum, none where any of them is no text.
func texts(values []any) []string {
	var all []string
	for _, v := range values {
		text, ok := v.(string)
		if !ok {
			return nil
		}
		all = append(all, text)
	}
	return all
}

// union returns the fields that either has, and of what a value must be that which both say: versions of a kind differ in what is new.
func union(a, b *structural.Fields) *structural.Fields {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	out := &structural.Fields{Any: a.Any || b.Any, Items: union(a.Items, b.Items), Values: union(a.Values, b.Values), Properties: a.Properties,
		Type: both(a.Type, b.Type), Pattern: both(a.Pattern, b.Pattern), NoWildcard: a.NoWildcard && b.NoWildcard,
		Minimum: bound(a.Minimum, b.Minimum), Maximum: bound(a.Maximum, b.Maximum), MinItems: both(a.MinItems, b.MinItems), MaxItems: both(a.MaxItems, b.MaxItems),
		MinLength: both(a.MinLength, b.MinLength), MaxLength: both(a.MaxLength, b.MaxLength)}
	for _, name := range a.Required {
		if slices.Contains(b.Required, name) {
			out.Required = append(out.Required, name)
		}
	}
	if len(a.Enum) > 0 && len(b.Enum) > 0 {
		out.Enum = slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.Enum, b.Enum))))
	}
	if slices.Equal(a.Enum, b.Enum) {
		out.Enum = a.Enum
	}
	for name, field := range b.Properties {
		if out.Properties == nil {
			out.Properties = map[string]*structural.Fields{}
		}
		out.Properties[name] = union(out.Properties[name], field)
	}
	return out
}

// both returns what a and b are, nothing where they differ.
func both[T comparable](a, b T) T {
	if a == b {
		return a
	}
	var none T
	return none
}

func bound(a, b *float64) *float64 {
	if a == nil || b == nil || *a != *b {
		return nil
	}
	return a
}

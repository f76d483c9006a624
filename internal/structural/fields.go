package structural

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// Fields are the fields that a value may have.
type Fields struct {
	// Properties are those of an object, Values those of each value of a map, Items those of each item of a list. All are nil
	// for a scalar.
	Properties map[string]*Fields `json:"properties,omitempty"`
	Values     *Fields            `json:"values,omitempty"`
	Items      *Fields            `json:"items,omitempty"`
	// Any says that the value may have every field (x-kubernetes-preserve-unknown-fields).
	Any bool `json:"any,omitempty"`

	// What a value must be; the zero value of each says nothing. Type is one of JSON Schema's.
	Type       string   `json:"type,omitempty"`
	Required   []string `json:"required,omitempty"`
	Enum       []string `json:"enum,omitempty"`
	Minimum    *float64 `json:"minimum,omitempty"`
	Maximum    *float64 `json:"maximum,omitempty"`
	MinItems   int      `json:"minItems,omitempty"`
	MaxItems   int      `json:"maxItems,omitempty"`
	MinLength  int      `json:"minLength,omitempty"`
	MaxLength  int      `json:"maxLength,omitempty"`
	Pattern    string   `json:"pattern,omitempty"`
	NoWildcard bool     `json:"noWildcard,omitempty"` // not "*"
}

//go:embed fields.json kinds.json
var generated embed.FS

// ofCRDs returns the fields of the kinds that CRDs define, by "group/Kind".
var ofCRDs = sync.OnceValues(func() (map[string]*Fields, error) {
	raw, err := generated.ReadFile("fields.json")
	if err != nil {
		return nil, err
	}
	var fields map[string]*Fields
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("read the fields of CRDs: %w", err)
	}
	return fields, nil
})

// Of returns the fields of a kind, nil for one that is not known. All versions of a CRD count as one.
func Of(apiVersion, kind string) (*Fields, error) {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		group = ""
	}
	crds, err := ofCRDs()
	if err != nil {
		return nil, err
	}
	if crd := crds[group+"/"+kind]; crd != nil {
		return withHead(crd), nil
	}
	return ofBuiltin(apiVersion, kind), nil
}

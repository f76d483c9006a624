package policies

import (
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Users' policies and tests import the library and the test inputs: every rule of them that does not begin with an
// underscore has a description.
func TestLibraryIsDescribed(t *testing.T) {
	files, err := Library(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	public := 0
	for name, text := range files {
		if !strings.HasPrefix(name, builtinPrefix+"lib/") {
			continue
		}
		m, err := parse(name, text)
		if err != nil {
			t.Fatal(err)
		}
		described := map[string]bool{}
		for _, a := range m.Annotations {
			path := a.GetTargetPath()
			if rule, ok := path[len(path)-1].Value.(ast.String); ok && a.Description != "" {
				described[string(rule)] = true
			}
		}
		for _, r := range m.Rules {
			rule := r.Head.Name.String()
			if strings.HasPrefix(rule, "_") {
				continue
			}
			public++
			if !described[rule] {
				t.Errorf("%s:%d: %s has no METADATA description", name, r.Location.Row, rule)
			}
		}
	}
	if public < 30 {
		t.Errorf("only %d rules are public", public)
	}
}

package jsonpath_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/tlsward/tlsward/internal/jsonpath"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]jsonpath.Path{
		"":                                     nil,
		"spec":                                 {"spec"},
		"spec.ports[0].tls":                    {"spec", "ports", 0, "tls"},
		"a[1][2]":                              {"a", 1, 2},
		"metadata.labels[app.kubernetes.io/n]": {"metadata", "labels", "app.kubernetes.io/n"},
		"spec.portLevelSettings[+].tls":        {"spec", "portLevelSettings", jsonpath.Append{}, "tls"},
		"spec.ports[-1]":                       {"spec", "ports", -1},
	} {
		have, err := jsonpath.Parse(text)
		if err != nil || !reflect.DeepEqual(have, want) {
			t.Errorf("%q: have %#v (%v), want %#v", text, have, err, want)
		}
		if have.String() != text {
			t.Errorf("%q is written as %q", text, have)
		}
	}
}

// What stands before the fault is still told: it is the nearest thing that a person can be pointed to.
func TestParseKeepsTheStepsBeforeAFault(t *testing.T) {
	for text, want := range map[string]jsonpath.Path{
		"spec..ports":  {"spec"},
		"spec.ports[0": {"spec", "ports"},
		"spec.ports]":  {"spec", "ports"},
		"a[b[0]]":      {"a"},
		".":            nil,
	} {
		have, err := jsonpath.Parse(text)
		if err == nil || !reflect.DeepEqual(have, want) {
			t.Errorf("%q: have %#v (%v), want %#v and an error", text, have, err, want)
		}
	}
}

func TestChildSharesNothing(t *testing.T) {
	parent := append(make(jsonpath.Path, 0, 8), "spec")
	a, b := parent.Child("a", 0), parent.Child("b", 1)
	if a.String() != "spec.a[0]" || b.String() != "spec.b[1]" {
		t.Errorf("have %s and %s", a, b)
	}
}

func TestPointer(t *testing.T) {
	p := jsonpath.Path{"metadata", "labels", "a/b~c", 3, jsonpath.Append{}}
	const want = "/metadata/labels/a~1b~0c/3/-"
	if have := p.Pointer(); have != want {
		t.Errorf("have %s, want %s", have, want)
	}
	if have, want := jsonpath.PointerTokens(want), []string{"metadata", "labels", "a/b~c", "3", "-"}; !slices.Equal(have, want) {
		t.Errorf("tokens: have %q, want %q", have, want)
	}
	// RFC 6901, section 4: "~01" is "~1" once unescaped, and no "/".
	if have := jsonpath.PointerTokens("/~01"); have[0] != "~1" {
		t.Errorf("~01: have %q", have[0])
	}
	if have := (jsonpath.Path{}).Pointer(); have != "" {
		t.Errorf("the root: have %q", have)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("spec.ports[0].tls[+][a.b]")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := jsonpath.Parse(text)
		if err != nil {
			return
		}
		if again, err := jsonpath.Parse(p.String()); err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%q: %#v is written as %s, which is read as %#v (%v)", text, p, p, again, err)
		}
	})
}

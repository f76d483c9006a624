package jsonpath_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/tlsward/tlsward/internal/jsonpath"
)

func decode(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func parse(t *testing.T, text string) jsonpath.Path {
	t.Helper()
	p, err := jsonpath.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGet(t *testing.T) {
	value := decode(t, `{"spec": {"host": "a", "ports": [{"number": 80}, null]}}`)
	for path, want := range map[string]any{
		"":                     value,
		"spec.host":            "a",
		"spec.ports[0].number": 80.0,
		"spec.ports[1].number": nil,
		"spec.ports[2]":        nil,
		"spec.ports[-1]":       nil,
		"spec.ports[+]":        nil,
		"spec.ports.number":    nil,
		"spec.host.name":       nil,
		"spec[0]":              nil,
	} {
		if have := jsonpath.Get(value, parse(t, path)); !reflect.DeepEqual(have, want) {
			t.Errorf("%q: have %v, want %v", path, have, want)
		}
	}
	if have := jsonpath.Object(value, parse(t, "spec.ports[0]")); have["number"] != 80.0 {
		t.Errorf("the object of a port: have %v", have)
	}
	if have := jsonpath.Object(value, parse(t, "spec.host")); have != nil {
		t.Errorf("the object of a text: have %v", have)
	}
}

func TestSet(t *testing.T) {
	for name, c := range map[string]struct{ before, path, after string }{
		"a field that is there":          {`{"a": {"b": 1}}`, "a.b", `{"a": {"b": "new"}}`},
		"a field that is missing":        {`{"a": {}}`, "a.b", `{"a": {"b": "new"}}`},
		"its objects too":                {`{}`, "a.b.c", `{"a": {"b": {"c": "new"}}}`},
		"an object in place of a null":   {`{"a": null}`, "a.b", `{"a": {"b": "new"}}`},
		"an element":                     {`{"a": [1, 2]}`, "a[1]", `{"a": [1, "new"]}`},
		"a field of an element":          {`{"a": [{}]}`, "a[0].b", `{"a": [{"b": "new"}]}`},
		"one element more":               {`{"a": [1]}`, "a[+]", `{"a": [1, "new"]}`},
		"the first element":              {`{}`, "a[+].b", `{"a": [{"b": "new"}]}`},
		"a key with dots":                {`{}`, "a[b.c/d]", `{"a": {"b.c/d": "new"}}`},
		"everything":                     {`{"a": 1}`, "", `"new"`},
		"an element that is not there":   {`{"a": [1]}`, "a[1]", ""},
		"an element before the first":    {`{"a": [1]}`, "a[-1]", ""},
		"an element of an object":        {`{"a": {}}`, "a[0]", ""},
		"a field of a text":              {`{"a": "b"}`, "a.b", ""},
		"a field of a list":              {`{"a": []}`, "a.b", ""},
		"one element more of an object":  {`{"a": {"b": 1}}`, "a[+]", ""},
		"a field of a text in a list":    {`{"a": ["b"]}`, "a[0].c", ""},
		"a field of a number, appending": {`{"a": 1}`, "a[+].c", ""},
	} {
		t.Run(name, func(t *testing.T) {
			have, err := jsonpath.Set(decode(t, c.before), parse(t, c.path), "new")
			if c.after == "" {
				if err == nil {
					t.Errorf("have %v, want an error", have)
				}
				return
			}
			if want := decode(t, c.after); err != nil || !reflect.DeepEqual(have, want) {
				t.Errorf("have %v (%v), want %v", have, err, want)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	for name, c := range map[string]struct{ before, path, after string }{
		"a field":                      {`{"a": {"b": 1, "c": 2}}`, "a.b", `{"a": {"c": 2}}`},
		"a field that is not there":    {`{"a": {}}`, "a.b", `{"a": {}}`},
		"its objects are not made":     {`{}`, "a.b.c", `{}`},
		"an element":                   {`{"a": [1, 2, 3]}`, "a[1]", `{"a": [1, 3]}`},
		"an element that is not there": {`{"a": [1]}`, "a[1]", `{"a": [1]}`},
		"an element before the first":  {`{"a": [1]}`, "a[-1]", `{"a": [1]}`},
		"a field of a list":            {`{"a": [1]}`, "a.b", `{"a": [1]}`},
		"an index of an object":        {`{"a": {"b": 1}}`, "a[0]", `{"a": {"b": 1}}`},
		"everything":                   {`{"a": 1}`, "", `null`},
	} {
		t.Run(name, func(t *testing.T) {
			have := jsonpath.Remove(decode(t, c.before), parse(t, c.path))
			if want := decode(t, c.after); !reflect.DeepEqual(have, want) {
				t.Errorf("have %v, want %v", have, want)
			}
		})
	}
}

func TestClone(t *testing.T) {
	value := map[string]any{"list": []any{map[string]any{"port": uint32(80)}}, "text": "a", "nil": nil}
	copied := jsonpath.Clone(value)
	if !reflect.DeepEqual(copied, value) {
		t.Fatalf("have %v, want %v", copied, value)
	}
	jsonpath.Object(copied, jsonpath.Path{"list", 0})["port"] = 81
	copied["list"].([]any)[0] = nil
	if have := jsonpath.Get(value, jsonpath.Path{"list", 0, "port"}); have != uint32(80) {
		t.Errorf("a change of the copy reached the original: %v", have)
	}
	if jsonpath.Clone[any](nil) != nil || jsonpath.Clone[map[string]any](nil) != nil {
		t.Error("nothing has a copy")
	}
}

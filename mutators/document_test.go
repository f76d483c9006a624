package mutators

import (
	"encoding/json"
	"testing"

	"github.com/tlsward/tlsward/internal/jsonpath"
)

func TestDocument(t *testing.T) {
	for name, c := range map[string]struct {
		before string
		edit   func(*document)
		after  string
		patch  string
	}{
		"a field of an object that is there": {`{"a": {}}`,
			func(d *document) { d.set(jsonpath.Path{"a", "b"}, 1) }, `{"a":{"b":1}}`,
			`[{"op":"add","path":"/a/b","value":1}]`},
		"missing parents come in one operation": {`{}`,
			func(d *document) { d.set(jsonpath.Path{"a", "b", "c"}, 1) }, `{"a":{"b":{"c":1}}}`,
			`[{"op":"add","path":"/a","value":{"b":{"c":1}}}]`},
		"an element that is not there cannot be edited": {`{"a": [null]}`,
			func(d *document) { d.set(jsonpath.Path{"a", 0, "b"}, 1) }, `{"a":[null]}`, `null`},
		"nothing takes the place of the root": {`{}`,
			func(d *document) { d.set(nil, 1) }, `{}`, `null`},
		"the first element makes the list": {`{}`,
			func(d *document) { d.add(jsonpath.Path{"a", "b"}, 1) }, `{"a":{"b":[1]}}`,
			`[{"op":"add","path":"/a","value":{"b":[1]}}]`},
		"a further element": {`{"a": [1]}`,
			func(d *document) { d.add(jsonpath.Path{"a"}, 2) }, `{"a":[1,2]}`,
			`[{"op":"add","path":"/a/-","value":2}]`},
		"a later edit leaves an earlier operation as it is": {`{}`,
			func(d *document) {
				d.set(jsonpath.Path{"a"}, map[string]any{"b": 1})
				d.set(jsonpath.Path{"a", "c"}, 2)
			}, `{"a":{"b":1,"c":2}}`,
			`[{"op":"add","path":"/a","value":{"b":1}},{"op":"add","path":"/a/c","value":2}]`},
	} {
		t.Run(name, func(t *testing.T) {
			d := &document{}
			if err := json.Unmarshal([]byte(c.before), &d.root); err != nil {
				t.Fatal(err)
			}
			c.edit(d)
			if after, _ := json.Marshal(d.root); string(after) != c.after {
				t.Errorf("object: have %s, want %s", after, c.after)
			}
			if patch, _ := json.Marshal(d.patch); string(patch) != c.patch {
				t.Errorf("patch: have %s, want %s", patch, c.patch)
			}
		})
	}
}

package mend

import (
	"encoding/json"
	"testing"
)

func TestMerge(t *testing.T) {
	tests := []struct{ name, from, to, file, want string }{
		{"nothing", `{"a":1}`, `{"a":1}`, `{"b":2}`, `{"b":2}`},
		{"a field", `{"a":1,"b":1}`, `{"a":2,"b":1}`, `{"a":1}`, `{"a":2}`},
		{"a field that the file does not have", `{"a":{"b":1}}`, `{"a":{"b":2}}`, `{"a":{"c":3}}`, `{"a":{"b":2,"c":3}}`},
		{"below what the file does not have", `{"a":{"b":1,"c":1}}`, `{"a":{"b":2,"c":1}}`, `{}`, `{"a":{"b":2,"c":1}}`},
		{"a field goes", `{"a":1,"b":1}`, `{"b":1}`, `{"a":"one","c":1}`, `{"c":1}`},
		{"a field comes", `{"b":1}`, `{"a":1,"b":1}`, `{"b":"one","status":1}`, `{"a":1,"b":"one","status":1}`},
		{"an item changes", `[{"a":1},{"b":1}]`, `[{"a":1},{"b":2}]`, `[{"a":"one"},{"b":1,"c":1}]`, `[{"a":"one"},{"b":2,"c":1}]`},
		{"an item goes", `[1,2,3]`, `[1,3]`, `["one","two","three"]`, `["one","three"]`},
		{"an item comes", `[1]`, `[1,2]`, `["one"]`, `["one",2]`},
		{"all items go", `{"a":[1]}`, `{"a":[]}`, `{"a":["one"]}`, `{"a":[]}`},
		{"the file has other items", `[1,2]`, `[1,3]`, `[1]`, `[1,3]`},
		{"another type", `{"a":1}`, `{"a":{"b":1}}`, `{"a":1}`, `{"a":{"b":1}}`},
		{"the same item at both ends", `[1,2,1]`, `[1]`, `["one","two","uno"]`, `["one"]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := json.Marshal(merge(value(t, test.from), value(t, test.to), value(t, test.file)))
			if err != nil || string(got) != test.want {
				t.Errorf("got %s (%v), want %s", got, err, test.want)
			}
		})
	}
}

func value(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

package mend

import (
	"encoding/json"
	"errors"
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
		{"the mutator appended an item", `[{"a":1},{"m":1}]`, `[{"a":2},{"m":1}]`, `[{"a":1}]`, `[{"a":2}]`},
		{"the mutator filled in an item and appended one", `[{"a":1,"d":1},{"m":1}]`, `[{"a":2,"d":1},{"m":1}]`, `[{"a":1}]`, `[{"a":2}]`},
		{"the fix changes the appended item", `[{"a":1},{"m":1}]`, `[{"a":1},{"m":2}]`, `[{"a":1}]`, `[{"a":1},{"m":2}]`},
		{"the fix changes both around another", `[{"a":1},{"m":1},{"n":1}]`, `[{"a":2},{"m":1},{"n":2}]`, `[{"a":1}]`, `[{"a":2},{"n":2}]`},
		{"the fix appends an item, too", `["a","m"]`, `["a","m","b"]`, `["a"]`, `["a","b"]`},
		{"an item goes before the appended one", `["a","b","m"]`, `["a","m"]`, `["a","b"]`, `["a"]`},
		{"the appended item goes", `["a","m"]`, `["a"]`, `["a"]`, `["a"]`},
		{"lists in lists", `[{"l":[1,2]},{"m":1}]`, `[{"l":[1,3]},{"m":1}]`, `[{"l":[1]}]`, `[{"l":[1,3]}]`},
		{"another type", `{"a":1}`, `{"a":{"b":1}}`, `{"a":1}`, `{"a":{"b":1}}`},
		{"the same item at both ends", `[1,2,1]`, `[1]`, `["one","two","uno"]`, `["one"]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			merged, err := merge(value(t, test.from), value(t, test.to), value(t, test.file))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := json.Marshal(merged); err != nil || string(got) != test.want {
				t.Errorf("got %s (%v), want %s", got, err, test.want)
			}
		})
	}
}

// Where nothing says which item of the file is which, no list is written anew.
func TestMergeRefuses(t *testing.T) {
	tests := []struct{ name, from, to, file string }{
		{"the file has another item", `[{"a":1},{"m":1}]`, `[{"a":2},{"m":1}]`, `[{"b":1}]`},
		{"the file has more items", `[1]`, `[2]`, `[1,1]`},
		{"the appended item comes first", `["m","a"]`, `["m","b"]`, `["a"]`},
		{"the fix changes an item and appends one", `["a","m"]`, `["b","m","c"]`, `["a"]`},
		{"below a field", `{"l":["m","a"]}`, `{"l":["m","b"]}`, `{"l":["a"]}`},
		{"below an item", `[{"l":["m","a"]}]`, `[{"l":["m","b"]}]`, `[{"l":["a"]}]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, err := merge(value(t, test.from), value(t, test.to), value(t, test.file)); !errors.Is(err, errOtherItems) {
				t.Errorf("got %v, %v", got, err)
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

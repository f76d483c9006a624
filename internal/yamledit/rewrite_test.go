package yamledit

import (
	"strings"
	"testing"

	jsonpatch "gomodules.xyz/jsonpatch/v2"
)

func add(path string, value any) jsonpatch.Operation {
	return jsonpatch.NewOperation("add", path, value)
}

func replace(path string, value any) jsonpatch.Operation {
	return jsonpatch.NewOperation("replace", path, value)
}

func remove(path string) jsonpatch.Operation { return jsonpatch.NewOperation("remove", path, nil) }

type m = map[string]any

func TestApply(t *testing.T) {
	entry := m{"port": m{"number": 80}, "tls": m{"mode": "SIMPLE"}}
	tests := []struct {
		name, before string
		patch        []jsonpatch.Operation
		after        string
	}{
		{"block mapping in a list",
			"spec:\n  ports:\n  # the first\n  - number: 80 # plain\n    name: http\n    protocol: HTTP # why\n\n  # the second\n  - number: 443\n  resolution: DNS\n",
			[]jsonpatch.Operation{add("/spec/ports/0/targetPort", 443)},
			"spec:\n  ports:\n  # the first\n  - number: 80 # plain\n    name: http\n    protocol: HTTP # why\n    targetPort: 443\n\n  # the second\n  - number: 443\n  resolution: DNS\n"},
		{"flow mapping", "spec:\n  ports:\n  - {number: 80, name: \"a, }\", protocol: 'it''s' } # x\n",
			[]jsonpatch.Operation{add("/spec/ports/0/targetPort", 443)},
			"spec:\n  ports:\n  - {number: 80, name: \"a, }\", protocol: 'it''s', targetPort: 443 } # x\n"},
		{"all in flow", "{spec: {ports: [{number: 80, name: it's}]}}\n",
			[]jsonpatch.Operation{add("/spec/ports/0/targetPort", 443)},
			"{spec: {ports: [{number: 80, name: it's, targetPort: 443}]}}\n"},
		{"JSON over several lines", "{\n  \"spec\": {\n    \"ports\": [\n      {\n        \"number\": 80,\n        \"name\": \"http\"\n      }\n    ]\n  }\n}\n",
			[]jsonpatch.Operation{add("/spec/ports/0/targetPort", 443)},
			"{\n  \"spec\": {\n    \"ports\": [\n      {\n        \"number\": 80,\n        \"name\": \"http\",\n        \"targetPort\": 443\n      }\n    ]\n  }\n}\n"},
		{"JSON indented by tabs", "{\n\t\"spec\": {\n\t\t\"host\": \"a\"\n\t}\n}",
			[]jsonpatch.Operation{add("/spec/trafficPolicy", m{"portLevelSettings": []any{entry}})},
			"{\n\t\"spec\": {\n\t\t\"host\": \"a\",\n\t\t\"trafficPolicy\": {\"portLevelSettings\": [{\"port\": {\"number\": 80}, \"tls\": {\"mode\": \"SIMPLE\"}}]}\n\t}\n}"},
		{"JSON in one line", `{"spec":{"host":"a","x":[]}}`,
			[]jsonpatch.Operation{add("/spec/x/-", "y"), add("/spec/tls", m{})},
			`{"spec":{"host":"a","x":["y"], "tls": {}}}`},
		{"flow over several lines with comments", "spec: {\n  a: 1, # one\n  b: 2  # two\n}\n",
			[]jsonpatch.Operation{add("/spec/c", 3)},
			"spec: {\n  a: 1, # one\n  b: 2,  # two\n  c: 3\n}\n"},
		{"flow with a comma at the end", "spec: {a: 1, b: [1, 2,],}\n",
			[]jsonpatch.Operation{add("/spec/c", 3), add("/spec/b/-", 3)},
			"spec: {a: 1, b: [1, 2, 3], c: 3}\n"},
		{"a new mapping below", "spec:\n  host: a\nstatus: {}\n",
			[]jsonpatch.Operation{add("/spec/trafficPolicy", m{"portLevelSettings": []any{entry}})},
			"spec:\n  host: a\n  trafficPolicy:\n    portLevelSettings:\n    - port:\n        number: 80\n      tls:\n        mode: SIMPLE\nstatus: {}\n"},
		{"lists are indented as the others are", "spec:\n  exportTo:\n    - a\n",
			[]jsonpatch.Operation{add("/spec/x", []any{entry})},
			"spec:\n  exportTo:\n    - a\n  x:\n    - port:\n        number: 80\n      tls:\n        mode: SIMPLE\n"},
		{"the end of a list", "spec:\n  list:\n  - a: 1\n    b:\n    - 2\n  # about z\n  z: 3\n",
			[]jsonpatch.Operation{add("/spec/list/-", entry)},
			"spec:\n  list:\n  - a: 1\n    b:\n    - 2\n  - port:\n      number: 80\n    tls:\n      mode: SIMPLE\n  # about z\n  z: 3\n"},
		{"an empty value", "spec:\n  trafficPolicy: # to do\n  host: a\n",
			[]jsonpatch.Operation{add("/spec/trafficPolicy", m{"tls": m{"mode": "SIMPLE"}})},
			"spec:\n  trafficPolicy: # to do\n    tls:\n      mode: SIMPLE\n  host: a\n"},
		{"a null", "spec:\n  tls: null # to do\n", []jsonpatch.Operation{add("/spec/tls", m{"mode": "SIMPLE"})},
			"spec:\n  tls: # to do\n    mode: SIMPLE\n"},
		{"an empty mapping", "spec:\n  tls: {}\n", []jsonpatch.Operation{add("/spec/tls/mode", "SIMPLE"), add("/spec/tls/sni", "x")},
			"spec:\n  tls: {mode: SIMPLE, sni: x}\n"},
		{"a scalar", "spec:\n  a: 'b' # c\n", []jsonpatch.Operation{replace("/spec/a", "on")},
			"spec:\n  a: \"on\" # c\n"},
		{"a scalar in flow", "spec: {a: null, b: ~, c: }\n",
			[]jsonpatch.Operation{add("/spec/a", 1), add("/spec/b", "x, y"), add("/spec/c", m{})},
			"spec: {a: 1, b: 'x, y', c: {} }\n"},
		{"no line break at the end", "spec:\n  a: 1", []jsonpatch.Operation{add("/spec/b", 2)}, "spec:\n  a: 1\n  b: 2"},
		{"Windows line ends", "spec:\r\n  a: 1\r\nx: 2\r\n", []jsonpatch.Operation{add("/spec/b", m{"c": 1})},
			"spec:\r\n  a: 1\r\n  b:\r\n    c: 1\r\nx: 2\r\n"},
		{"a block scalar before", "spec:\n  a: |\n    # not a comment\n    x\n  # after\nb: 1\n", []jsonpatch.Operation{add("/spec/c", 1)},
			"spec:\n  a: |\n    # not a comment\n    x\n  # after\n  c: 1\nb: 1\n"},
		{"beyond ASCII", "spec: {\"ü\": \"日本\", a: [ä]}\n", []jsonpatch.Operation{add("/spec/a/-", "é")},
			"spec: {\"ü\": \"日本\", a: [ä, é]}\n"},
		{"a mapping in flow in the place of another", "spec: {a: {b: [1, 2]}, c: 3}\n", []jsonpatch.Operation{replace("/spec/a", m{"d": 4})},
			"spec: {a: {d: 4}, c: 3}\n"},
		{"a list in flow in the place of a value in a block", "spec:\n  a: [1, 2] # why\n", []jsonpatch.Operation{replace("/spec/a", []any{"x", nil, true, 1.5})},
			"spec:\n  a: [x, null, true, 1.5] # why\n"},
		{"JSON values of all kinds", `{"a": 1}`, []jsonpatch.Operation{add("/b", []any{"x", nil, true, 1.5, m{}, []any{}, "1"})},
			`{"a": 1, "b": ["x", null, true, 1.5, {}, [], "1"]}`},
		{"a scalar in JSON", `{"a": "on"}`, []jsonpatch.Operation{replace("/a", m{"b": "off"})}, `{"a": {"b": "off"}}`},
		{"keys that people write first come first", "spec:\n  a: 1\n", []jsonpatch.Operation{add("/spec/b", m{"zone": 1, "mode": 2, "name": 3, "host": 4, "alpha": 5})},
			"spec:\n  a: 1\n  b:\n    name: 3\n    host: 4\n    mode: 2\n    alpha: 5\n    zone: 1\n"},
		{"an item of a list that is indented", "spec:\n  a:\n    - 1\n  b: 2\n", []jsonpatch.Operation{add("/spec/a/-", 3)},
			"spec:\n  a:\n    - 1\n    - 3\n  b: 2\n"},
		{"a comment amid a mapping stays there", "spec:\n  a: 1\n# far left\n  b: 2\n# after\nx: 1\n", []jsonpatch.Operation{add("/spec/c", 3)},
			"spec:\n  a: 1\n# far left\n  b: 2\n  c: 3\n# after\nx: 1\n"},
		{"a key that needs quotes", "spec: {a: 1}\n", []jsonpatch.Operation{add("/spec/b~1c: d", 1)}, "spec: {a: 1, 'b/c: d': 1}\n"},
		{"escapes within double quotes", "spec: {\"a\": \"\\\"}\"}\n", []jsonpatch.Operation{add("/spec/b", "x")}, "spec: {\"a\": \"\\\"}\", \"b\": \"x\"}\n"},
		{"a block in the place of another", "spec:\n  # why\n  a: # this\n    b: 1\n    # inside\n  # after\n  c: 2\n", []jsonpatch.Operation{replace("/spec/a", 1)},
			"spec:\n  # why\n  a: 1\n  # after\n  c: 2\n"},
		{"a list in the place of another", "spec:\n  a:\n  - 1\n  # between\n  - 2\n  # after\n  c: 2\n", []jsonpatch.Operation{replace("/spec/a", []any{3, m{"b": 4}})},
			"spec:\n  a:\n  - 3\n  - b: 4\n  # after\n  c: 2\n"},
		{"a block in the place of one behind a dash", "- a:\n    b: 1\n  c: 2\n", []jsonpatch.Operation{replace("/0/a", m{"d": 1, "e": 2})},
			"- a:\n    d: 1\n    e: 2\n  c: 2\n"},
		{"an item in a block", "hosts:\n  - a # one\n  - b\n", []jsonpatch.Operation{replace("/hosts/0", "c"), replace("/hosts/1", m{"d": 1, "e": 2})},
			"hosts:\n  - c # one\n  - d: 1\n    e: 2\n"},
		{"an item of several lines", "a:\n- b: 1\n  c: 2\n- d\n", []jsonpatch.Operation{replace("/a/0", "x")}, "a:\n- x\n- d\n"},
		{"an item in flow", "hosts: [a, \"b\"]\n", []jsonpatch.Operation{replace("/hosts/0", "c"), replace("/hosts/1", "d")}, "hosts: [c, \"d\"]\n"},
		{"an entry goes", "spec:\n  # a's\n  a:\n    b: 1\n\n    # inside\n  # c's\n  c: 2\n", []jsonpatch.Operation{remove("/spec/a")},
			"spec:\n  # a's\n  # c's\n  c: 2\n"},
		{"the last entry goes", "spec:\n  a: 1\n  b: |\n    # text\n    c\n", []jsonpatch.Operation{remove("/spec/b")}, "spec:\n  a: 1\n"},
		{"the last entry goes, without a line's end", "spec:\n  a: 1\n  b: 2", []jsonpatch.Operation{remove("/spec/b")}, "spec:\n  a: 1"},
		{"an entry with a list in its column goes", "spec:\n  a:\n  - 1\n  # more\n  - 2\n  # b's\n  b: 2\n", []jsonpatch.Operation{remove("/spec/a")},
			"spec:\n  # b's\n  b: 2\n"},
		{"the entry behind a dash goes", "- a: 1 # one\n  b: 2\n", []jsonpatch.Operation{remove("/0/a")}, "- b: 2\n"},
		{"an item goes", "a:\n- b: 1\n  c: 2\n# d's\n- d: 3\n", []jsonpatch.Operation{remove("/a/0")}, "a:\n# d's\n- d: 3\n"},
		{"an indented item goes", "a:\n  - b: 1\n  - d: 3\n# e's\ne: 1\n", []jsonpatch.Operation{remove("/a/1")}, "a:\n  - b: 1\n# e's\ne: 1\n"},
		{"an entry in flow goes", "a: {b: 1, c: {d: 2}, e: [3]} # f\n", []jsonpatch.Operation{remove("/a/b"), remove("/a/e")}, "a: {c: {d: 2}} # f\n"},
		{"an item in flow goes", "a: [1, 'x, y', 3]\n", []jsonpatch.Operation{remove("/a/2"), remove("/a/0")}, "a: ['x, y']\n"},
		{"an entry of JSON goes", "{\n  \"a\": 1,\n  \"b\": {\"c\": null, \"d\": true}\n}\n", []jsonpatch.Operation{remove("/a"), remove("/b/d")},
			"{\n  \"b\": {\"c\": null}\n}\n"},
		{"flow over several lines in a block goes", "a:\n  b: {\n  c: 1\n  }\n  d: 2\n", []jsonpatch.Operation{remove("/a/b")}, "a:\n  d: 2\n"},
		{"beside a marker", " # comment\nspec:\n  a: 1\n", []jsonpatch.Operation{add("/spec/b", 1)}, " # comment\nspec:\n  a: 1\n  b: 1\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Apply([]byte(test.before), test.patch)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.after {
				t.Errorf("got\n%s\nwant\n%s", got, test.after)
			}
		})
	}
}

func TestApplyToItemsOfAList(t *testing.T) {
	before := "items:\n- spec:\n    a: 1\n- spec: {a: 1}\n- spec:\n    a: 1\n"
	patch := func(item string) []jsonpatch.Operation {
		return []jsonpatch.Operation{add("/items/"+item+"/spec/b", 2), add("/items/"+item+"/spec/c", 3)}
	}
	got, err := Apply([]byte(before), patch("0"), patch("1"), patch("2"))
	if err != nil {
		t.Fatal(err)
	}
	want := "items:\n- spec:\n    a: 1\n    b: 2\n    c: 3\n- spec: {a: 1, b: 2, c: 3}\n- spec:\n    a: 1\n    b: 2\n    c: 3\n"
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestApplyRefuses(t *testing.T) {
	tests := []struct {
		name, text string
		op         jsonpatch.Operation
		want       string
	}{
		{"an alias", "a: &x {b: 1}\nspec: *x\n", add("/spec/c", 1), "spec is an alias"},
		{"what merges bring", "a: &x {t: {b: 1}}\nspec: {<<: *x}\n", add("/spec/t/c", 1), "there is no t"},
		{"a move", "spec: {a: 1}\n", jsonpatch.NewOperation("test", "/spec/a", 1), "not supported"},
		{"all of a mapping", "spec: {a: 1}\n", remove("/spec/a"), "the last entry"},
		{"what is not there", "spec: {a: 1}\n", remove("/spec/b"), "/spec/b"},
		{"an item of a list amid a list's line", "spec:\n- - a\n  - b\n", remove("/spec/0/0"), "cannot be removed"},
		{"amid a list", "spec: [1, 2]\n", add("/spec/0", 1), "only the end of a list"},
		{"a missing parent", "spec: {}\n", add("/spec/a/b", 1), "missing"},
		{"a block with an anchor", "spec:\n  a: &x\n    b: 1\n  c: *x\n", replace("/spec/a", 1), "anchor"},
		{"an item with an anchor", "spec: [&x 1, *x]\n", replace("/spec/0", 2), "anchor"},
		{"a value with an anchor", "spec: {a: &x {b: 1}, c: *x}\n", replace("/spec/a", 1), "anchor"},
		{"a scalar with an anchor", "spec:\n  a: &x 1\nb: *x\n", replace("/spec/a", 2), "its key's line"},
		{"a block scalar", "spec:\n  a: |\n    x\n", replace("/spec/a", "y"), "its key's line"},
		{"a value below its key", "spec:\n  a:\n    x\n", replace("/spec/a", "y"), "its key's line"},
		{"a key of a scalar", "spec: 1\n", add("/spec/a", 1), "missing"},
		{"an item that is not there", "spec: [1]\n", add("/spec/5/a", 1), "missing"},
		{"several documents", "a: 1\n---\nb: 2\n", add("/c", 1), "cannot be edited"},
		{"a colon in a key", "spec:\n  \"a: b\": 1\n", replace("/spec/a: b", 2), "cannot be edited"},
		{"an empty text", "", add("/a", 1), ""},
		{"a line that ends in a line separator", "a: 1\nb: \"x\u2028y\"\n", add("/c", 1), "line 2: a line ends"},
		{"a line that ends in a carriage return", "a: 1\rb: 2\n", add("/c", 1), "line 1: a line ends"},
		{"broken YAML", "spec: {", add("/spec/a", 1), "yaml"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Apply([]byte(test.text), []jsonpatch.Operation{test.op})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, %v; want an error with %q", got, err, test.want)
			}
		})
	}
}

func FuzzApply(f *testing.F) {
	f.Add("spec:\n  a: 1\n", "/spec/b", "x")
	f.Add("spec: {a: [1, {b: c}]} # d\n", "/spec/a/-", "x")
	f.Add("spec:\n- a: |\n    # b\n- 'c'\n", "/spec/0/d", "e: f")
	f.Add("{\"a\": null}", "/a", "on")
	f.Fuzz(func(t *testing.T, text, path, value string) {
		if !strings.HasPrefix(path, "/") {
			return
		}
		// Apply checks its result against another implementation; what is looked for is a panic.
		_, _ = Apply([]byte(text), []jsonpatch.Operation{add(path, m{"x": value})})
		_, _ = Apply([]byte(text), []jsonpatch.Operation{add(path, value)})
	})
}

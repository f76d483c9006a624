package yamledit

import (
	"reflect"
	"testing"

	jsonpatch "gomodules.xyz/jsonpatch/v2"
	"sigs.k8s.io/yaml"
)

func TestDifference(t *testing.T) {
	const rule = `# the rule
spec:
  host: a # the host
  trafficPolicy:
    # off for now
    tls: {mode: DISABLE}
  ports:
  # plain
  - number: 80
    name: http
  # under TLS
  - number: 443
    name: https
`
	tests := []struct{ name, before, target, after string }{
		{"nothing", rule, rule, rule},
		{"a field", rule, "spec: {host: a, trafficPolicy: {tls: {mode: SIMPLE}}, ports: [{number: 80, name: http}, {number: 443, name: https}]}",
			"# the rule\nspec:\n  host: a # the host\n  trafficPolicy:\n    # off for now\n    tls: {mode: SIMPLE}\n  ports:\n  # plain\n  - number: 80\n    name: http\n  # under TLS\n  - number: 443\n    name: https\n"},
		{"an item goes, another changes its keys", rule, "spec: {host: a, trafficPolicy: {tls: {mode: DISABLE}}, ports: [{number: 80, protocol: HTTP}]}",
			"# the rule\nspec:\n  host: a # the host\n  trafficPolicy:\n    # off for now\n    tls: {mode: DISABLE}\n  ports:\n  - number: 80\n    protocol: HTTP\n"},
		{"an item comes, and all of a mapping goes", rule, "spec: {host: a, trafficPolicy: {}, ports: [{number: 80, name: http}, {number: 443, name: https}, {number: 444}]}",
			"# the rule\nspec:\n  host: a # the host\n  trafficPolicy: {}\n  ports:\n  # plain\n  - number: 80\n    name: http\n  # under TLS\n  - number: 443\n    name: https\n  - number: 444\n"},
		{"the first item goes", rule, "spec: {host: a, trafficPolicy: {tls: {mode: DISABLE}}, ports: [{number: 443, name: https}]}",
			"# the rule\nspec:\n  host: a # the host\n  trafficPolicy:\n    # off for now\n    tls: {mode: DISABLE}\n  ports:\n  # plain\n  # under TLS\n  - number: 443\n    name: https\n"},
		{"another type", "a: [1]\n", "a: {b: 1}", "a: {b: 1}\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Apply([]byte(test.before), difference(t, test.before, test.target))
			if err != nil || string(got) != test.after {
				t.Errorf("%v, got\n%s\nwant\n%s", err, got, test.after)
			}
		})
	}
}

func difference(t *testing.T, from, to string) []jsonpatch.Operation {
	t.Helper()
	var raw [2][]byte
	for i, text := range []string{from, to} {
		var err error
		if raw[i], err = yaml.YAMLToJSON([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	ops, err := Difference(raw[0], raw[1])
	if err != nil {
		t.Fatal(err)
	}
	return ops
}

// Whatever leads from one value to another, the text has that value afterwards: in every style, for every pair of texts.
func TestDifferenceLeadsThere(t *testing.T) {
	values := []string{
		"spec: {a: 1}", "spec: {a: null}", "spec: {a: []}", "spec: {a: {}, b: x}", "spec: {a: [1, 2, 3]}", "spec: {a: [1, 3]}", "spec: {a: [3, 2, 1, 0]}",
		"spec: {a: [{b: 1, c: [x]}, {b: 2}]}", "spec: {a: [{b: 1, c: [y, z]}]}", "spec: {a: [{c: [x]}, {b: 3, d: {e: f}}]}", "spec: {b: x, d: {e: {f: g}}}",
		"spec: {d: {e: {h: \"on\"}}, c: true}", "spec: {a: {b: {c: 1}, d: 2}}", "spec: [{a: 1}, [2, 3]]", "other: {a: 1}",
	}
	for _, from := range values {
		block, err := yaml.Marshal(decoded(t, from))
		if err != nil {
			t.Fatal(err)
		}
		json, err := yaml.YAMLToJSON([]byte(from))
		if err != nil {
			t.Fatal(err)
		}
		for _, before := range []string{from, string(block), string(json), "# a comment\n" + string(block) + "# the end\n"} {
			for _, to := range values {
				after, err := Apply([]byte(before), difference(t, before, to))
				if err != nil {
					t.Errorf("from\n%s\nto %s: %v", before, to, err)
				} else if !reflect.DeepEqual(decoded(t, string(after)), decoded(t, to)) {
					t.Errorf("from\n%s\nto %s: got\n%s", before, to, after)
				}
			}
		}
	}
}

func decoded(t *testing.T, text string) (value any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

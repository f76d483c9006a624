package mesh

import (
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	networking "istio.io/api/networking/v1alpha3"
	"sigs.k8s.io/yaml"
)

// Which requests two matches have in common.
func TestMatchesOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b               string
		both, all, segment bool // a is for all that b is for, also by whole segments
	}{
		{`{}`, `{uri: {prefix: /a}}`, true, true, true},
		{`{uri: {prefix: /}}`, `{method: {exact: GET}}`, true, true, true},
		{`{uri: {regex: .*}}`, `{uri: {exact: /a}}`, true, true, true},
		{`{uri: {prefix: /a}}`, `{}`, true, false, false},
		{`{uri: {prefix: /a}}`, `{uri: {prefix: /a/b}}`, true, true, true},
		{`{uri: {prefix: /a}}`, `{uri: {exact: /ab}}`, true, true, false},
		{`{uri: {prefix: /a/}}`, `{uri: {exact: /a/b}}`, true, true, true},
		{`{uri: {prefix: /a/b}}`, `{uri: {prefix: /a}}`, true, false, false},
		{`{uri: {prefix: /a}}`, `{uri: {prefix: /b}}`, false, false, false},
		{`{uri: {prefix: /a}}`, `{uri: {prefix: /A}}`, false, false, false},
		{`{uri: {prefix: /a}, ignoreUriCase: true}`, `{uri: {prefix: /A}}`, true, true, true},
		{`{uri: {prefix: /a}}`, `{uri: {prefix: /A}, ignoreUriCase: true}`, true, false, false},
		{`{uri: {exact: /a}}`, `{uri: {exact: /a}, method: {exact: GET}}`, true, true, true},
		{`{uri: {exact: /a}}`, `{uri: {prefix: /a}}`, true, false, false},
		{`{uri: {exact: /a}}`, `{uri: {exact: /a/b}}`, false, false, false},
		{`{uri: {exact: /a}}`, `{uri: {regex: "/b"}}`, true, false, false},
		{`{uri: {prefix: /a}, method: {exact: GET}}`, `{uri: {prefix: /a}}`, true, false, false},
		{`{uri: {prefix: /a}, method: {exact: GET}}`, `{uri: {prefix: /a}, method: {exact: GET}}`, true, true, true},
		{`{method: {exact: GET}}`, `{method: {exact: POST}}`, false, false, false},
		{`{scheme: {exact: http}}`, `{scheme: {exact: https}}`, false, false, false},
		{`{authority: {exact: a.example}}`, `{authority: {prefix: b.}}`, false, false, false},
		{`{headers: {x: {exact: a}}}`, `{headers: {x: {exact: b}}}`, false, false, false},
		{`{headers: {x: {exact: a}}}`, `{headers: {y: {exact: b}}}`, true, false, false},
		{`{headers: {x: {}}}`, `{headers: {x: {exact: b}}}`, true, false, false},
		{`{queryParams: {x: {exact: a}}}`, `{queryParams: {x: {exact: b}}}`, false, false, false},
	} {
		a, b := httpMatch(t, c.a), httpMatch(t, c.b)
		name := c.a + " and " + c.b
		equal(t, name+" both", mayMatchBoth(a, b), c.both)
		equal(t, name+" both, the other way round", mayMatchBoth(b, a), c.both)
		equal(t, name+" all", matchesAllOf(a, b, false), c.all)
		equal(t, name+" by segments", matchesAllOf(a, b, true), c.segment)
	}
}

// httpMatch returns a match that is written in YAML.
func httpMatch(t *testing.T, text string) *networking.HTTPMatchRequest {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m := &networking.HTTPMatchRequest{}
	if err := protojson.Unmarshal(data, m); err != nil {
		t.Fatal(err)
	}
	return m
}

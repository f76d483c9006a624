package test

import (
	"strings"
	"testing"

	"github.com/tlsward/tlsward/internal/manifests"
)

func document(t *testing.T, text string) manifests.Document {
	t.Helper()
	docs, err := manifests.Parse("s.yaml", []byte(text))
	if err != nil || len(docs) != 1 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	return docs[0]
}

func TestLoadNamesWhatIsWrong(t *testing.T) {
	const head = "apiVersion: tlsward.io/v1alpha1\nkind: Suite\nmetadata: {name: s}\n"
	tests := []struct{ name, text, want string }{
		{"no cases", "", "s.yaml:1: cases: there are none"},
		{"a misspelt field", "case: []\n", `s.yaml:4: case: unknown field`},
		{"a misspelt field of a case", "cases:\n- {name: a, reviews: {}}\n", `s.yaml:5: cases[0].reviews: unknown field`},
		{"a misspelt expectation", "cases:\n- {name: a, review: {object: {}}, expect: {decision: allow, denies: []}}\n", `s.yaml:5: cases[0].expect.denies: unknown field`},
		{"a wrong type", "cases:\n- {name: [a]}\n", "s.yaml:5: cases[0].name: want a string, got a list"},
		{"a broken configuration", "config: {strikt: true}\ncases: []\n", "s.yaml:4: config.strikt: unknown field"},
		{"no name", "cases:\n- {review: {object: {}}, expect: {decision: allow}}\n", "s.yaml:5: cases[0]: name is missing"},
		{"neither review nor steps", "cases:\n- {name: a}\n", "s.yaml:5: cases[0]: has neither review nor steps"},
		{"review and steps", "cases:\n- {name: a, review: {object: {}}, steps: []}\n", "has review and steps"},
		{"expect beside steps", "cases:\n- name: a\n  steps: [{object: {}, expect: {decision: allow}}]\n  expect: {decision: allow}\n", "s.yaml:7: cases[0].expect: belongs into each of the steps"},
		{"no expectation in the second step", "cases:\n- name: a\n  steps:\n  - {object: {}, expect: {decision: allow}}\n  - {object: {}}\n", "s.yaml:8: cases[0].steps[1]: expect is missing"},
		{"no object", "cases:\n- {name: a, review: {operation: UPDATE}, expect: {decision: allow}}\n", "UPDATE: object is missing"},
		{"no old object", "cases:\n- {name: a, review: {operation: DELETE, object: {}}, expect: {decision: allow}}\n", "DELETE: oldObject is missing"},
		{"an unknown operation", "cases:\n- {name: a, review: {operation: CONNECT, object: {}}, expect: {decision: allow}}\n", `have "CONNECT"`},
		{"allowed and denied", "cases:\n- {name: a, review: {object: {}}, expect: {decision: allow, deny: [x]}}\n", "what a policy denies is not allowed"},
		{"a stored object that cannot be read", "cases:\n- name: a\n  given:\n  - {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: e}, spec: {hosts: 3}}\n  review: {object: {}}\n  expect: {decision: allow}\n", "s.yaml:7: cases[0].given[0]: read ServiceEntry e"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(document(t, head+test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// A case whose objects are misspelt shows something else than it says, and so fails; its neighbours do not.
func TestMisspeltObjectsFail(t *testing.T) {
	const (
		head  = "apiVersion: tlsward.io/v1alpha1\nkind: Suite\nmetadata: {name: s}\ncases:\n"
		right = "- {name: right, review: {object: {apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: a}}}, expect: {decision: allow}}\n"
	)
	tests := []struct{ name, text, want string }{
		{"stored", "- name: a\n  given:\n  - {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: e, namespace: a}, spec: {host: a.example, trafficPolcy: {}}}\n" +
			"  review: {operation: DELETE, oldObject: {apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: a}}}\n  expect: {decision: allow}\n",
			"s.yaml:7: cases[0].given[0].spec.trafficPolcy: want trafficPolicy, got a field that DestinationRule does not have"},
		{"under review", "- name: a\n  review:\n    object:\n      apiVersion: networking.istio.io/v1\n      kind: ServiceEntry\n      metadata: {name: e, namespace: a}\n" +
			"      spec:\n        hosts: [a.example]\n        resoluton: NONE\n  expect: {decision: allow}\n", "s.yaml:13: cases[0].review.object.spec.resoluton: want resolution, got"},
		{"in a step", "- name: a\n  steps:\n  - {operation: DELETE, oldObject: {apiVersion: networking.istio.io/v1, kind: Serviceentry, metadata: {name: e, namespace: a}}, expect: {decision: allow}}\n",
			"s.yaml:7: cases[0].steps[0].oldObject.kind: want networking.istio.io/v1 ServiceEntry, got networking.istio.io/v1 Serviceentry"},
		{"like nothing", "- name: a\n  given:\n  - {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: e, namespace: a}, spec: {hosts: [a.example], frobnicate: 1}}\n" +
			"  review: {operation: DELETE, oldObject: {apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: a}}}\n  expect: {decision: allow}\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := Load(document(t, head+test.text+right))
			if err != nil {
				t.Fatal(err)
			}
			results, err := (&Runner{}).Run(t.Context(), s, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := results[0].Failure(); !strings.Contains(got, test.want) || results[0].Failed() != (test.want != "") {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if results[1].Failed() {
				t.Errorf("the case beside it: %s", results[1].Failure())
			}
		})
	}
}

func TestMisspeltFieldsMayBeWhatACaseTests(t *testing.T) {
	const text = "apiVersion: tlsward.io/v1alpha1\nkind: Suite\nmetadata: {name: s}\ncases:\n- name: a\n  review:\n    object: {apiVersion: networking.istio.io/v1, " +
		"kind: ServiceEntry, metadata: {name: e, namespace: a}, spec: {hosts: [a.example], resolution2: DNS}}\n  expect: {decision: allow, warn: [outside-model]}\n"
	s, err := Load(document(t, text))
	if err != nil || len(s.Cases[0].Misspelt) > 0 {
		t.Errorf("%v, %v", s.Cases, err)
	}
}

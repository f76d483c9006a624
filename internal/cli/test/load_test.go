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

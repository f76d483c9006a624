package v1alpha1

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const suiteHead = "apiVersion: tlsward.io/v1alpha1\nkind: Suite\nmetadata: {name: s, team: payments}\n"

func parseSuite(t *testing.T, text string) (*Suite, error) {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(suiteHead + text))
	if err != nil {
		t.Fatal(err)
	}
	return ParseSuite(raw)
}

func TestParseSuite(t *testing.T) {
	s, err := parseSuite(t, `
config: {strict: true}
cases:
- name: one review
  given: [{kind: Service}, null]
  review: {object: {kind: ServiceEntry}, oldObject: null}
  expect: {decision: deny, deny: [plaintext-egress], spec: null}
- name: steps
  steps:
  - {operation: DELETE, oldObject: {uid: 12345678901234567890}, expect: {decision: allow, warn: [double-tls]}}
`)
	if err != nil {
		t.Fatal(err)
	}
	if s.Name() != "s" || !s.Config.Strict || len(s.Config.Mutation.Upgrades) != 1 {
		t.Errorf("name %q, config %+v", s.Name(), s.Config)
	}
	have := [][]SuiteStep{s.Cases[0].Reviews(), s.Cases[1].Reviews()}
	want := [][]SuiteStep{
		{{SuiteReview: SuiteReview{Operation: "CREATE", Object: json.RawMessage(`{"kind":"ServiceEntry"}`)},
			Expect: &SuiteExpect{Decision: DecisionDeny, Deny: []string{"plaintext-egress"}}}},
		{{SuiteReview: SuiteReview{Operation: "DELETE", OldObject: json.RawMessage(`{"uid":12345678901234567890}`)},
			Expect: &SuiteExpect{Decision: DecisionAllow, Warn: []string{"double-tls"}}}},
	}
	if !reflect.DeepEqual(have, want) {
		t.Errorf("have %+v\nwant %+v", have, want)
	}
	if len(s.Cases[0].Given) != 2 {
		t.Errorf("given: %s", s.Cases[0].Given)
	}
}

func TestSuiteWithoutConfigHasTheDefaults(t *testing.T) {
	for _, config := range []string{"", "config:\n", "config: {apiVersion: tlsward.io/v1alpha1, kind: Config}\n"} {
		s, err := parseSuite(t, config+"cases: [{name: a, review: {object: {}}, expect: {decision: allow}}]")
		if err != nil || !reflect.DeepEqual(s.Config, DefaultConfig()) {
			t.Errorf("%q: have %+v, %v; want the defaults", config, s, err)
		}
	}
}

func TestBadSuiteNamesTheField(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no cases":               {"", "cases: there are none"},
		"misspelt":               {"case: []", "case: unknown field (known: apiVersion, cases, config, kind, metadata)"},
		"misspelt in a case":     {"cases: [{name: a, reviews: {}}]", "cases[0].reviews: unknown field"},
		"misspelt in a review":   {"cases: [{name: a, review: {obj: {}}}]", "cases[0].review.obj: unknown field"},
		"misspelt in a step":     {"cases: [{name: a, steps: [{objekt: {}}]}]", "cases[0].steps[0].objekt: unknown field (known: expect, object, oldObject, operation)"},
		"misspelt expectation":   {"cases: [{name: a, review: {object: {}}, expect: {decision: allow, denies: []}}]", "cases[0].expect.denies: unknown field"},
		"wrong type":             {"cases: [{name: [a]}]", "cases[0].name: want a string, got a list"},
		"misspelt in the Config": {"config: {strikt: true}", "config.strikt: unknown field"},
		"invalid Config":         {"config: {mesh: {rootNamespace: A_B}}", "config.mesh.rootNamespace: "},
		"another kind of Config": {"config: {kind: Suite}", `config.kind: want "Config", got "Suite"`},
		"another version":        {"config: {apiVersion: v2}", `config.apiVersion: want "tlsward.io/v1alpha1", got "v2"`},
		"no name":                {"cases: [{review: {object: {}}, expect: {decision: allow}}]", "cases[0]: name is missing"},
		"nothing to review":      {"cases: [{name: a}]", "cases[0]: has neither review nor steps"},
		"review and steps":       {"cases: [{name: a, review: {object: {}}, steps: []}]", "cases[0]: has review and steps, want one of them"},
		"expect beside steps":    {"cases: [{name: a, steps: [{object: {}}], expect: {decision: allow}}]", "cases[0].expect: belongs into each of the steps"},
		"step without expect":    {"cases: [{name: a, steps: [{object: {}, expect: {decision: allow}}, {object: {}}]}]", "cases[0].steps[1]: expect is missing"},
		"no object":              {"cases: [{name: a, review: {operation: UPDATE}, expect: {decision: allow}}]", "cases[0]: UPDATE: object is missing"},
		"a null object":          {"cases: [{name: a, review: {object: null}, expect: {decision: allow}}]", "cases[0]: CREATE: object is missing"},
		"no old object":          {"cases: [{name: a, review: {operation: DELETE, object: {}}, expect: {decision: allow}}]", "cases[0]: DELETE: oldObject is missing"},
		"unknown operation":      {"cases: [{name: a, review: {operation: CONNECT, object: {}}, expect: {decision: allow}}]", `cases[0]: operation: want CREATE, UPDATE or DELETE, have "CONNECT"`},
		"unknown decision":       {"cases: [{name: a, review: {object: {}}, expect: {decision: maybe}}]", `cases[0]: expect.decision: want allow or deny, have "maybe"`},
		"allowed and denied":     {"cases: [{name: a, review: {object: {}}, expect: {decision: allow, deny: [x]}}]", "cases[0]: expect: what a policy denies is not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseSuite(t, c.text)
			var fields FieldErrors
			if !errors.As(err, &fields) || !strings.HasPrefix(fields[0].Error(), c.want) {
				t.Errorf("have %v, want %q first", err, c.want)
			}
		})
	}
}

func TestParseSuiteWantsASuite(t *testing.T) {
	for text, want := range map[string]string{
		`{"apiVersion":"tlsward.io/v1alpha1","kind":"Config"}`: "kind: ",
		`{"apiVersion":"v1","kind":"Suite"}`:                   "apiVersion: ",
		`[]`:                                                   "want a mapping",
		`{`:                                                    "unexpected end",
	} {
		if _, err := ParseSuite([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: have %v, want %q", text, err, want)
		}
	}
}

func TestAllThatIsWrongInASuiteIsReported(t *testing.T) {
	_, err := parseSuite(t, "config: {mesh: {rootNamespace: A_B}}\ncases: [{}, {name: a, review: {operation: X}}]")
	var fields FieldErrors
	// One of the Config, two of the first case, two of the second.
	if !errors.As(err, &fields) || len(fields) != 5 || strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("have %v", err)
	}
}

package test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

func TestCompare(t *testing.T) {
	sent, mutated := []byte(`{"kind": "A", "spec": {"a": 1}}`), []byte(`{"kind": "A", "spec": {"a": 2}}`)
	allowed := func(o outcome) outcome { o.allowed = true; return o }
	tests := []struct {
		name   string
		expect v1alpha1.SuiteExpect
		step   v1alpha1.SuiteReview
		got    outcome
		want   []string
	}{
		{"allowed", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionAllow}, v1alpha1.SuiteReview{Object: sent}, allowed(outcome{object: sent}), nil},
		{"denied", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionDeny, Deny: []string{"x"}}, v1alpha1.SuiteReview{Object: sent}, outcome{deny: []string{"x"}}, nil},
		{"allowed, should be denied", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionDeny, Deny: []string{"x"}}, v1alpha1.SuiteReview{Object: sent}, allowed(outcome{object: sent, warn: []string{"y"}}),
			[]string{"decision: want deny, got allow", "deny: want [x], got []"}},
		{"denied, should be allowed", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionAllow, Warn: []string{"y"}, Spec: []byte(`{"a": 9}`)}, v1alpha1.SuiteReview{Object: sent}, outcome{deny: []string{"x", "z"}, object: sent},
			[]string{"decision: want allow, got deny", "deny: want [], got [x z]"}},
		{"cannot be read", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionAllow}, v1alpha1.SuiteReview{Object: sent}, outcome{refused: "read A: no"},
			[]string{"decision: want allow, got deny (read A: no)"}},
		{"denied by another policy", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionDeny, Deny: []string{"x"}}, v1alpha1.SuiteReview{Object: sent}, outcome{deny: []string{"y"}, object: sent},
			[]string{"deny: want [x], got [y]"}},
		{"sets have no order", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionDeny, Deny: []string{"y", "x", "y"}}, v1alpha1.SuiteReview{Object: sent}, outcome{deny: []string{"x", "y"}}, nil},
		{"a warning too few and one too many", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionAllow, Warn: []string{"x"}}, v1alpha1.SuiteReview{Object: sent}, allowed(outcome{object: sent, warn: []string{"y"}}),
			[]string{"warn: want [x], got [y]"}},
		{"warnings of a denial do not count", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionDeny, Deny: []string{"x"}}, v1alpha1.SuiteReview{Object: sent}, outcome{deny: []string{"x"}, warn: []string{"y"}}, nil},
		{"mutated as expected", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionAllow, Spec: []byte(`{"a": 2}`)}, v1alpha1.SuiteReview{Object: sent}, allowed(outcome{object: mutated}), nil},
		{"mutated otherwise", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionAllow, Spec: []byte(`{"a": 3}`)}, v1alpha1.SuiteReview{Object: sent}, allowed(outcome{object: mutated}),
			[]string{"spec.a: want 3, got 2"}},
		{"mutated, nothing said of it", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionAllow}, v1alpha1.SuiteReview{Object: sent}, allowed(outcome{object: mutated}),
			[]string{"spec.a: want 1, got 2"}},
		{"mutated and denied, nothing said of it", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionDeny, Deny: []string{"x"}}, v1alpha1.SuiteReview{Object: sent}, outcome{deny: []string{"x"}, object: mutated}, nil},
		{"mutated and denied, spec given", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionDeny, Deny: []string{"x"}, Spec: []byte(`{"a": 3}`)}, v1alpha1.SuiteReview{Object: sent}, outcome{deny: []string{"x"}, object: mutated},
			[]string{"spec.a: want 3, got 2"}},
		{"no spec where one is given", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionAllow, Spec: []byte(`{}`)}, v1alpha1.SuiteReview{Object: sent}, allowed(outcome{object: []byte(`{"kind": "A"}`)}),
			[]string{"spec: want {}, got nothing"}},
		{"a deletion has no object", v1alpha1.SuiteExpect{Decision: v1alpha1.DecisionAllow}, v1alpha1.SuiteReview{OldObject: sent}, allowed(outcome{}), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, m := range compare(v1alpha1.SuiteStep{SuiteReview: test.step, Expect: &test.expect}, test.got) {
				got = append(got, m.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestCompareJSON(t *testing.T) {
	tests := []struct{ name, want, got, mismatch string }{
		{"order of keys", `{"a": 1, "b": [1, {}]}`, `{"b": [1.0, {}], "a": 1}`, ""},
		{"a value", `{"a": {"b": [1, 2]}}`, `{"a": {"b": [1, 3]}}`, "spec.a.b[1]: want 2, got 3"},
		{"a list's length", `{"a": [1]}`, `{"a": [1, 2]}`, "spec.a: want [1], got [1,2]"},
		{"something too much", `{}`, `{"a": null}`, "spec.a: want nothing, got null"},
		{"something missing", `{"a": ""}`, `{}`, `spec.a: want "", got nothing`},
		{"no spec at all", `{}`, ``, "spec: want {}, got nothing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []byte
			if test.got != "" {
				got = []byte(test.got)
			}
			var text []string
			for _, m := range compareJSON("spec", []byte(test.want), got) {
				text = append(text, m.String())
			}
			if joined := strings.Join(text, "; "); joined != test.mismatch {
				t.Errorf("got %q, want %q", joined, test.mismatch)
			}
		})
	}
}

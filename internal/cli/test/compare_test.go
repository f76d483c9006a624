package test

import (
	"slices"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	sent, mutated := []byte(`{"kind": "A", "spec": {"a": 1}}`), []byte(`{"kind": "A", "spec": {"a": 2}}`)
	allowed := func(o outcome) outcome { o.allowed = true; return o }
	tests := []struct {
		name   string
		expect Expect
		step   Step
		got    outcome
		want   []string
	}{
		{"allowed", Expect{Decision: Allow}, Step{Object: sent}, allowed(outcome{object: sent}), nil},
		{"denied", Expect{Decision: Deny, Deny: []string{"x"}}, Step{Object: sent}, outcome{deny: []string{"x"}}, nil},
		{"allowed, should be denied", Expect{Decision: Deny, Deny: []string{"x"}}, Step{Object: sent}, allowed(outcome{object: sent, warn: []string{"y"}}),
			[]string{"decision: want deny, got allow", "deny: want [x], got []"}},
		{"denied, should be allowed", Expect{Decision: Allow, Warn: []string{"y"}, Spec: []byte(`{"a": 9}`)}, Step{Object: sent}, outcome{deny: []string{"x", "z"}, object: sent},
			[]string{"decision: want allow, got deny", "deny: want [], got [x z]"}},
		{"cannot be read", Expect{Decision: Allow}, Step{Object: sent}, outcome{refused: "read A: no"},
			[]string{"decision: want allow, got deny (read A: no)"}},
		{"denied by another policy", Expect{Decision: Deny, Deny: []string{"x"}}, Step{Object: sent}, outcome{deny: []string{"y"}, object: sent},
			[]string{"deny: want [x], got [y]"}},
		{"sets have no order", Expect{Decision: Deny, Deny: []string{"y", "x", "y"}}, Step{Object: sent}, outcome{deny: []string{"x", "y"}}, nil},
		{"a warning too few and one too many", Expect{Decision: Allow, Warn: []string{"x"}}, Step{Object: sent}, allowed(outcome{object: sent, warn: []string{"y"}}),
			[]string{"warn: want [x], got [y]"}},
		{"warnings of a denial do not count", Expect{Decision: Deny, Deny: []string{"x"}}, Step{Object: sent}, outcome{deny: []string{"x"}, warn: []string{"y"}}, nil},
		{"mutated as expected", Expect{Decision: Allow, Spec: []byte(`{"a": 2}`)}, Step{Object: sent}, allowed(outcome{object: mutated}), nil},
		{"mutated otherwise", Expect{Decision: Allow, Spec: []byte(`{"a": 3}`)}, Step{Object: sent}, allowed(outcome{object: mutated}),
			[]string{"spec.a: want 3, got 2"}},
		{"mutated, nothing said of it", Expect{Decision: Allow}, Step{Object: sent}, allowed(outcome{object: mutated}),
			[]string{"spec.a: want 1, got 2"}},
		{"mutated and denied, nothing said of it", Expect{Decision: Deny, Deny: []string{"x"}}, Step{Object: sent}, outcome{deny: []string{"x"}, object: mutated}, nil},
		{"mutated and denied, spec given", Expect{Decision: Deny, Deny: []string{"x"}, Spec: []byte(`{"a": 3}`)}, Step{Object: sent}, outcome{deny: []string{"x"}, object: mutated},
			[]string{"spec.a: want 3, got 2"}},
		{"no spec where one is given", Expect{Decision: Allow, Spec: []byte(`{}`)}, Step{Object: sent}, allowed(outcome{object: []byte(`{"kind": "A"}`)}),
			[]string{"spec: want {}, got nothing"}},
		{"a deletion has no object", Expect{Decision: Allow}, Step{OldObject: sent}, allowed(outcome{}), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, m := range test.expect.compare(test.step, test.got) {
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

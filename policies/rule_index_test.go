package policies

import (
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// guardFor compiles the bodies of rules, and reads their guard.
func guardFor(t *testing.T, bodies ...string) ruleIndex {
	t.Helper()
	text := "package p\n"
	for _, body := range bodies {
		text += "violation contains 1 if { " + body + " }\n"
	}
	compiler := ast.NewCompiler()
	module, err := ast.ParseModuleWithOpts("p.rego", text+helpers, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		t.Fatal(err)
	}
	if compiler.Compile(map[string]*ast.Module{"p.rego": module}); compiler.Failed() {
		t.Fatal(compiler.Errors)
	}
	return newRuleIndex(compiler.GetRulesExact(ast.MustParseRef("data.p.violation")))
}

const helpers = `
last(f) := f.hops[count(f.hops) - 1]
words := {"a", "b"}
`

func TestGuardReadsWhatABodyAsks(t *testing.T) {
	flow := `{"egress": [{"verdict": "originated"}, {"verdict": "plaintext", "cause": "a", "decidedByObject": false, "ports": [80, 443],
		"hops": [{"sni": "x", "verified": true}, {"sni": "", "verified": true}]}], "request": {"operation": "CREATE"}}`
	for body, want := range map[string]bool{
		`some f in input.egress; f.verdict == "plaintext"`:                            true,
		`some f in input.egress; f.verdict == "double-tls"`:                           false,
		`some f in input.egress; "double-tls" == f.verdict`:                           false,
		`some f in input.egress; f.verdict == "originated"; f.cause == "a"`:           false, // no one flow has both
		`some f in input.egress; f.verdict != "plaintext"; f.verdict != "originated"`: false,
		`some f in input.egress; f.cause in {"b", "c"}`:                               false,
		`some f in input.egress; f.cause in {"a", "c"}`:                               true,
		`some f in input.egress; 80 in f.ports`:                                       true,
		`some f in input.egress; 81 in f.ports`:                                       false,
		`some f in input.egress; f.decidedByObject`:                                   false, // false, or not there
		`some f in input.egress; not f.decidedByObject; f.cause`:                      true,
		`some f in input.egress; not f.verdict`:                                       false,
		`some f in input.egress; f.rule`:                                              false,
		`some f in input.egress; some h in f.hops; h.sni != ""`:                       true,
		`some f in input.egress; some i, h in f.hops; h.sni == "y"; i > 7`:            false,
		`some f in input.egress; some h in f.hops; not h.verified`:                    false,
		`f := input.egress[1]; f.verdict == "originated"`:                             false,
		`input.egress[_].verdict == "double-tls"`:                                     true, // read by nobody, so it may be
		`input.request.operation != "CREATE"`:                                         false,
		`input.request.operation != "DELETE"`:                                         true,
		`input.object.spec`:                                                           false,
		`input.egress[_].verdict == "originated" with input as {}`:                    true,
		// What is not understood may be true.
		`some f in input.egress; last(f).sni == "nothing"`:           true,
		`some f in input.egress; f.cause in words`:                   true,
		`some f in input.egress; startswith(f.verdict, "x")`:         true,
		`every f in input.egress { f.verdict == "nothing" }`:         true,
		`x := [f | some f in input.egress; f.verdict == ""]; x != 1`: true,
	} {
		if got := guardFor(t, body).mayMatch(ast.MustParseTerm(flow).Value); got != want {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
	}
}

func TestOneRuleIsEnough(t *testing.T) {
	g := guardFor(t, `input.a == 1`, `input.b == 2`)
	for input, want := range map[string]bool{`{"a": 1}`: true, `{"b": 2}`: true, `{"a": 2, "b": 1}`: false, `{}`: false} {
		if got := g.mayMatch(ast.MustParseTerm(input).Value); got != want {
			t.Errorf("%s: %v, want %v", input, got, want)
		}
	}
}

// A guard that lets everything pass is right, and worth nothing.
func TestBuiltinGuardsKeepPoliciesAway(t *testing.T) {
	e := engine(t)
	in := review(mesh.Originated, mesh.CauseNone)
	builtin, _ := matching(e.queriesByKind[in.Request.Kind], e.encoder.encode(&in))
	for _, g := range builtin {
		t.Errorf("%s is evaluated for a review of which there is nothing to say", g.policy.ID)
	}
	in = review(mesh.Plaintext, mesh.CauseDisabled)
	if builtin, _ = matching(e.queriesByKind[in.Request.Kind], e.encoder.encode(&in)); len(builtin) == 0 || len(builtin) > 2 {
		t.Errorf("%d policies are evaluated for plaintext", len(builtin))
	}
	if found, err := e.Evaluate(t.Context(), in); err != nil || len(found) == 0 || found[0].Action != v1alpha1.Deny {
		t.Errorf("got %v, %v", found, err)
	}
}

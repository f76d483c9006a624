package policies

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// guardFor compiles the bodies of rules, and reads their guard.
func guardFor(t *testing.T, bodies ...string) ruleIndex {
	t.Helper()
	_, index := compileBodies(t, bodies...)
	return index
}

func compileBodies(t *testing.T, bodies ...string) (*ast.Compiler, ruleIndex) {
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
	return compiler, newRuleIndex(compiler, compiler.GetRulesExact(ast.MustParseRef("data.p.violation")))
}

const helpers = `
last(f) := f.hops[count(f.hops) - 1]
words := {"a", "b"}
is_plain(f) if f.verdict == "plaintext"
is_plain(f) if { f.cause == "z"; not f.decidedByObject }
has_sni(f, sni) if { some h in f.hops; h.sni == sni }
has_some_sni(f) if { some h in f.hops; not h.sni == "" }
is_named(f) if not has_sni(f, "")
starts(f, _) if startswith(f.verdict, "orig")
by_input(f) if { input.request.operation == "DELETE"; f.verdict }
fallback(f) := true if { f.verdict == "nothing" } else := true
pairs(f) if { f.ports[i] == 80; f.names[i] == "b" }
same(f) if { x := f.ports[i]; y := f.names[i]; x == 443; y == "a" }
long(f) if count(f.ports) > 1
plain contains f if { some f in input.egress; is_plain(f) }
odd contains f if { some f in input.egress; not startswith(f.verdict, "p"); not is_plain(f) }
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
		`some f in input.egress; startswith(f.verdict, "x")`:                          false,
		`some f in input.egress; not startswith(f.verdict, "p")`:                      true,
		`some f in input.egress; f.cause == "a"; not startswith(f.verdict, "p")`:      false,
		`some f in input.egress; startswith(f.ports, "x")`:                            true, // an error, for the policy to tell
		`some f in input.egress; is_plain(f)`:                                         true,
		`some f in input.egress; is_plain(f); f.verdict == "originated"`:              false,
		`some f in input.egress; f.cause == "a"; not is_plain(f)`:                     false,
		`some f in input.egress; has_some_sni(f); f.verdict == "originated"`:          false,
		`some f in input.egress; f.cause == "a"; is_named(f)`:                         true, // of a second argument nothing is known
		`some f in input.egress; starts(f, 1); f.cause`:                               false,
		`some f in plain; f`:                                                          true,
		`input.request.operation == "CREATE"; some f in odd; f`:                       true,
		// What is not understood may be true.
		`some f in input.egress; by_input(f)`:                        true,
		`some f in input.egress; fallback(f)`:                        true,
		`some f in input.egress; f.cause; not long(f)`:               true,
		`some f in input.egress; last(f).sni == "nothing"`:           true,
		`some f in input.egress; f.cause in words`:                   true,
		`every f in input.egress { f.verdict == "nothing" }`:         true,
		`x := [f | some f in input.egress; f.verdict == ""]; x != 1`: true,
	} {
		if got := guardFor(t, body).mayMatch(newDocument(ast.MustParseTerm(flow).Value)); got != want {
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

// Whatever the index leaves out, the evaluator finds nothing in: compared over random inputs, with fields of wrong types and
// without them.
func TestIndexHidesNothing(t *testing.T) {
	bodies := []string{
		`some f in input.egress; is_plain(f)`, `some f in input.egress; not is_plain(f)`, `some f in input.egress; not has_sni(f, "x")`,
		`some f in input.egress; has_some_sni(f)`, `some f in input.egress; not has_some_sni(f)`, `some f in input.egress; not is_named(f)`,
		`some f in input.egress; is_named(f)`, `some f in input.egress; not starts(f, f)`, `some f in input.egress; not by_input(f)`,
		`some f in input.egress; not fallback(f)`, `some f in input.egress; not pairs(f)`, `some f in input.egress; not same(f)`,
		`some f in input.egress; not long(f)`, `some f in plain; f.cause == "z"`, `some f in odd; f`, `some f in input.egress; not f in plain`,
		`some f in input.egress; not is_plain(f.hops[0])`, `some f in input.egress; not startswith(f.verdict, "p")`,
		`some f in input.egress; not regex.match("^p", f.cause)`, `not is_plain(input.egress[0])`, `some f in input.egress; not is_plain(f.other)`,
	}
	random := rand.New(rand.NewPCG(7, 7))
	pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	for _, body := range bodies {
		compiler, index := compileBodies(t, body)
		query, err := rego.New(rego.Compiler(compiler), rego.Query("count(data.p.violation) > 0")).PrepareForEval(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		left := 0
		for range 300 {
			var flows []string
			for range random.IntN(3) {
				flows = append(flows, "{"+pick(`"verdict": "plaintext", `, `"verdict": "originated", `, `"verdict": 7, `, "")+
					pick(`"cause": "z", `, `"cause": "p", `, `"cause": null, `, "")+pick(`"decidedByObject": true, `, `"decidedByObject": false, `, "")+
					pick(`"hops": [{"sni": ""}, {"sni": "x"}], `, `"hops": [{"verdict": "plaintext"}], `, `"hops": [], `, `"hops": "x", `, "")+
					pick(`"names": ["a", "b"], `, `"names": ["b", "a"], `, "")+`"ports": `+pick("[80, 443]", "[443]", "[]", `{"x": 80}`)+"}")
			}
			input := ast.MustParseTerm(`{"request": {"operation": "` + pick("CREATE", "DELETE") + `"}, "egress": [` + strings.Join(flows, ", ") + "]}").Value
			found, err := query.Eval(t.Context(), rego.EvalParsedInput(input))
			if err != nil {
				t.Fatal(err)
			}
			may := index.mayMatch(newDocument(input))
			if found.Allowed() && !may {
				t.Errorf("%s: the index hides a violation for %v", body, input)
			}
			if !may {
				left++
			}
		}
		t.Logf("%3d of 300 left out: %s", left, body)
	}
}

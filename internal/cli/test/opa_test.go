package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/version"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
)

const (
	bundleDir  = "../../../policies/rego"
	schemasDir = "../../../policies/schemas"
)

// opaProgram is the plain opa program.
type opaProgram string

func buildOPA(t *testing.T) opaProgram {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "../../../test/opa/build.sh").Output()
	if err != nil {
		t.Fatalf("build opa: %v: %s", err, stderrOf(err))
	}
	opa := opaProgram(strings.TrimSpace(string(out)))
	if out := opa.run(t, "version"); !strings.Contains(out, "Version: "+version.Version+"\n") {
		t.Fatalf("test/opa/command is of another version than this program, %s: %s", version.Version, out)
	}
	return opa
}

func (o opaProgram) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), string(o), args...).Output()
	if err != nil {
		t.Fatalf("opa %s: %v: %s%s", strings.Join(args, " "), err, out, stderrOf(err))
	}
	return string(out)
}

func stderrOf(err error) string {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(exit.Stderr)
	}
	return ""
}

// TestThePublishedBundlePassesOPAsOwnChecks runs what the docs say that the plain program can do with the bundle.
func TestThePublishedBundlePassesOPAsOwnChecks(t *testing.T) {
	opa := buildOPA(t)
	opa.run(t, "check", "--strict", "--schema", schemasDir, bundleDir)
	opa.run(t, "check", "--strict", "--bundle", "--schema", schemasDir, bundleDir)
	if out := opa.run(t, "test", "--schema", schemasDir, bundleDir); !strings.Contains(out, "PASS: ") {
		t.Errorf("opa test: %s", out)
	}

	// The schemas are no ornament: without them this passes.
	misspelt := filepath.Join(t.TempDir(), "policy.rego")
	text, err := os.ReadFile(filepath.Join(bundleDir, "double-tls", "policy.rego"))
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(string(text), `f.verdict == "double-tls"`, `f.verdit == "double-tls"`, 1)
	if err := os.WriteFile(misspelt, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), string(opa), "check", "--schema", schemasDir, misspelt,
		filepath.Join(bundleDir, "tlsward.rego"), filepath.Join(bundleDir, "lib")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "undefined ref: f.verdit") {
		t.Errorf("a misspelt field: %v, %s", err, out)
	}
}

// judged is an input that a review of a Suite led to, with the params that it was judged with.
type judged struct {
	Name   string          `json:"name"`
	Input  *policies.Input `json:"input"`
	Params map[string]any  `json:"params"`
}

// everyInput returns what policies read of all reviews of the project's own Suites.
func everyInput(t *testing.T) []judged {
	t.Helper()
	found, err := Find(nil, suitesDir)
	if err != nil {
		t.Fatal(err)
	}
	var out []judged
	runner := Runner{}
	for _, s := range found.Suites {
		evaluator, err := runner.evaluator(t.Context(), s.Config)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range s.Cases {
			snap, err := evaluator.Snapshot(c.Given...)
			if err != nil {
				t.Fatal(err)
			}
			for i, step := range c.Steps {
				got, next, err := review(t.Context(), evaluator, snap, step)
				if err != nil {
					t.Fatalf("%s/%s: %v", s.Name, c.Name, err)
				}
				if got.input != nil {
					params := evaluator.Config.Params
					if params == nil {
						params = map[string]any{}
					}
					out = append(out, judged{fmt.Sprintf("%s/%s/%d", s.Name, c.Name, i+1), got.input, params})
				}
				snap = next
			}
		}
	}
	return out
}

// answers are violations as policies return them, by package, before a Config looks at them.
type answers map[string][]policies.Violation

const everyViolation = `{id: v | v := data.tlsward[id].violation}`

// TestThePlainProgramGivesTheSameAnswers holds the engine against the opa program, with the bundle as `opa build`
// packs it: on the inputs of all Suites at once, and on one of each Suite by itself, as a person would.
func TestThePlainProgramGivesTheSameAnswers(t *testing.T) {
	opa, inputs, engine := buildOPA(t), everyInput(t), engines{}
	dir := t.TempDir()
	bundle := filepath.Join(dir, "bundle.tar.gz")
	opa.run(t, "build", "--bundle", bundleDir, "--output", bundle)

	all := filepath.Join(dir, "all.json")
	writeJSON(t, all, map[string]any{"reviews": inputs})
	var together []answers
	parseJSON(t, opa.run(t, "eval", "--bundle", bundle, "--input", all, "--strict-builtin-errors", "--format", "raw",
		`[all | some r in input.reviews; doc := r.input; params := r.params
			all := `+everyViolation+` with input as doc with data.params as params]`), &together)
	if len(together) != len(inputs) {
		t.Fatalf("opa gave %d answers to %d inputs", len(together), len(inputs))
	}
	violations, alone := 0, map[string]bool{}
	for i, in := range inputs {
		e := engine.with(t, in.Params)
		want := evaluate(t, e, in)
		violations += len(want)
		if got := together[i].told(e); !slices.Equal(got, want) {
			t.Errorf("%s: opa gives\n%+v\nand this program\n%+v", in.Name, got, want)
		}
		if suite, _, _ := strings.Cut(in.Name, "/"); !alone[suite] && len(want) > 0 {
			alone[suite] = true
			if got := opa.one(t, bundle, in).told(e); !slices.Equal(got, want) {
				t.Errorf("%s alone: opa gives\n%+v\nand this program\n%+v", in.Name, got, want)
			}
		}
	}
	if violations < 100 || len(alone) < 16 {
		t.Errorf("only %d violations of %d inputs were compared, %d of them alone", violations, len(inputs), len(alone))
	}
	t.Logf("%d violations of %d inputs were compared, %d inputs alone", violations, len(inputs), len(alone))
}

// one evaluates an input as the docs say.
func (o opaProgram) one(t *testing.T, bundle string, in judged) answers {
	t.Helper()
	dir := t.TempDir()
	input, params := filepath.Join(dir, "input.json"), filepath.Join(dir, "params.json")
	writeJSON(t, input, in.Input)
	writeJSON(t, params, map[string]any{"params": in.Params})
	var got answers
	parseJSON(t, o.run(t, "eval", "--bundle", bundle, "--data", params, "--input", input, "--strict-builtin-errors",
		"--format", "raw", everyViolation), &got)
	return got
}

// engines are those that know params and nothing else of a Config.
type engines struct{ runner Runner }

func (e *engines) with(t *testing.T, params map[string]any) *policies.Engine {
	t.Helper()
	evaluator, err := e.runner.evaluator(t.Context(), &v1alpha1.Config{Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return evaluator.Engine
}

// evaluate returns the engine's answer; ceilings of namespaces are a Config's, too.
func evaluate(t *testing.T, e *policies.Engine, in judged) []policies.Violation {
	t.Helper()
	input := *in.Input
	input.Ceilings = nil
	found, err := e.Evaluate(t.Context(), input)
	if err != nil {
		t.Fatalf("%s: %v", in.Name, err)
	}
	return sorted(found)
}

// told returns the violations as the engine does: with their policy, and the weaker of the strongest action that it may have and
// the one that they bring.
func (a answers) told(e *policies.Engine) []policies.Violation {
	order := []v1alpha1.Action{v1alpha1.Off, v1alpha1.Audit, v1alpha1.Warn, v1alpha1.Deny}
	var all []policies.Violation
	for _, p := range e.Policies() {
		for _, v := range a[strings.ReplaceAll(p.ID, "-", "_")] {
			v.Policy = p.ID
			if v.Action == "" {
				v.Action = p.Action
			}
			v.Action = order[min(slices.Index(order, v.Action), slices.Index(order, p.Strongest))]
			all = append(all, v)
		}
	}
	return sorted(all)
}

func sorted(violations []policies.Violation) []policies.Violation {
	slices.SortFunc(violations, func(a, b policies.Violation) int {
		return strings.Compare(fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b))
	})
	return violations
}

func writeJSON(t *testing.T, path string, v any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func parseJSON(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

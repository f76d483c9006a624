package test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
)

const suitesDir = "../../../test/suites"

// TestSuites runs the project's own Suites.
func TestSuites(t *testing.T) {
	found, err := Find(nil, suitesDir)
	if err != nil {
		t.Fatal(err)
	}
	runner := Runner{}
	for _, s := range found.Suites {
		t.Run(filepath.Base(s.File), func(t *testing.T) {
			results, err := runner.Run(t.Context(), s, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				t.Run(r.Name, func(t *testing.T) {
					if r.Failed() {
						t.Errorf("%s:%d: %s", r.File, r.Line, r.Failure())
					}
				})
			}
		})
	}
}

// TestEveryPolicyHasASuite wants, for each policy, a case that it objects to, one that passes, and one that a careless
// version gets wrong.
func TestEveryPolicyHasASuite(t *testing.T) {
	engine, err := policies.New(t.Context(), v1alpha1.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range engine.Policies() {
		file := filepath.Join(suitesDir, p.ID+".yaml")
		if _, err := os.Stat(file); err != nil {
			file = filepath.Join(suitesDir, "model", p.ID+".yaml") // no webhook is asked about these
		}
		found, err := Find(nil, file)
		if err != nil || len(found.Suites) == 0 {
			t.Errorf("%s: no Suite %s.yaml: %v", p.ID, p.ID, err)
			continue
		}
		objects, passes, careless := 0, 0, 0
		for _, c := range found.Suites[0].Cases {
			expect := c.Steps[len(c.Steps)-1].Expect
			if slices.Contains(slices.Concat(expect.Deny, expect.Warn), p.ID) {
				objects++
			} else {
				passes++
			}
			if strings.HasPrefix(c.Name, "careless") {
				careless++
			}
		}
		if objects == 0 || passes == 0 || careless == 0 {
			t.Errorf("%s: %d cases that it objects to, %d that pass, %d for the careless", p.ID, objects, passes, careless)
		}
	}
}

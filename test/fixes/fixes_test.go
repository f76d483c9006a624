package fixes_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/tlsward/tlsward/internal/cli/test"
	"github.com/tlsward/tlsward/test/fixes"
	"github.com/tlsward/tlsward/webhook/admission"
)

// TestFixes plays every Suite. Each denial on the way is fixed as it says, until the review is admitted. SUITES names
// further files or directories.
func TestFixes(t *testing.T) {
	paths := []string{"../suites"}
	if more := os.Getenv("SUITES"); more != "" {
		paths = append(paths, more)
	}
	found, err := test.Find(nil, paths...)
	if err != nil {
		t.Fatal(err)
	}
	denials := 0
	for _, s := range found.Suites {
		judge, err := admission.NewEvaluator(context.Background(), s.Config)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range s.Cases {
			t.Run(s.Name+"/"+c.Name, func(t *testing.T) { denials += playCase(t, judge, s, c) })
		}
	}
	if denials == 0 {
		t.Error("no Suite denies anything")
	}
	t.Logf("%d denials fixed", denials)
}

func playCase(t *testing.T, judge *admission.Evaluator, s *test.Suite, c test.Case) (denials int) {
	snap, err := judge.Snapshot(c.Given...)
	if err != nil {
		t.Fatal(err)
	}
	p := &fixes.Player{Evaluator: judge, Mesh: snap}
	for _, step := range c.Steps {
		r := admission.Review{Operation: step.Operation, Object: step.Object, OldObject: step.OldObject}
		decision, err := p.Play(t.Context(), &r)
		if refused := (*admission.ObjectError)(nil); errors.As(err, &refused) {
			continue // it says what there is too much of, in words alone
		}
		if err != nil {
			t.Fatal(err)
		}
		if decision.Allowed {
			if err := p.Store(r); err != nil {
				t.Fatal(err)
			}
			continue
		}
		denials++
		if err := p.ApplyFixes(t.Context(), r, decision); err != nil && !errors.Is(err, fixes.ErrNoFix) {
			t.Error(err)
		}
	}
	return denials
}

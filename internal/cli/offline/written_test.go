package offline

import (
	"strings"
	"testing"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/webhook/admission"
)

// What is asked about as written is said to be so, and stays so.
func TestTake(t *testing.T) {
	for _, c := range []struct {
		name, manifests string
		mutated         bool
		want            string
		patched         int
	}{
		{"as written", unmutated, false, "tlsward: 1 object is taken as written, which the mutating webhook would complete, as check does: --mutated\n", 0},
		{"as completed", unmutated, true, "", 1},
		{"nothing to complete", "", false, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := load(t, c.manifests)
			m.Evaluator = &admission.Evaluator{Config: v1alpha1.DefaultConfig()}
			var errs strings.Builder
			if err := m.Take(c.mutated, cli.Streams{Err: &errs}); err != nil {
				t.Fatal(err)
			}
			if errs.String() != c.want || Completed(m.Objects) != c.patched {
				t.Errorf("%d completed, noted %q", Completed(m.Objects), errs.String())
			}
		})
	}
}

package admission

import (
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

// Exemptions of the cluster are in force beside those of the configuration, for what is judged and for what is filled in; the Evaluator
// that they were given to stays as it is.
func TestWithExemptions(t *testing.T) {
	config := v1alpha1.DefaultConfig()
	far := v1alpha1.Date{Time: time.Now().AddDate(1, 0, 0)}
	config.Exemptions = []v1alpha1.ExemptionSpec{{Policy: "plaintext-egress", Hosts: []string{"other.example"}, Reason: "a", Expires: far}}
	e, err := NewEvaluator(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	beside := e.WithExemptions([]v1alpha1.ExemptionSpec{{Policy: "plaintext-egress", Hosts: []string{"shop.example.com"}, Reason: "b", Expires: far}})
	if same := e.WithExemptions(nil); same != e {
		t.Error("without any there is another Evaluator")
	}
	snap := mesh.New(mesh.DefaultSettings(), fixture.Objects(t, fixture.Entry)...)
	for _, c := range []struct {
		by   *Evaluator
		want bool
	}{{e, false}, {beside, true}, {e, false}} {
		d, err := c.by.Validate(t.Context(), snap, Review{Operation: policies.Create, Object: fixture.JSON(t, fixture.DisabledRule)})
		if err != nil {
			t.Fatal(err)
		}
		if d.Allowed != c.want {
			t.Errorf("allowed %v, want %v", d.Allowed, c.want)
		}
	}
	if len(beside.Config.Exemptions) != 2 || len(e.Config.Exemptions) != 1 {
		t.Errorf("%d and %d exemptions", len(beside.Config.Exemptions), len(e.Config.Exemptions))
	}
}

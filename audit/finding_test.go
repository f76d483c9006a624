package audit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// What is stored is judged from what the mesh knows of it as it would be from its whole text.
func TestJudgeSaysWhatTheWebhookWould(t *testing.T) {
	files, err := filepath.Glob("../test/suites/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	judged := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range strings.Split(string(raw), "\n---\n") {
			if suite, err := v1alpha1.ParseSuite([]byte(asJSON(t, text))); err != nil {
				t.Fatalf("%s: %v", file, err)
			} else {
				judged += compareSuite(t, file, suite)
			}
		}
	}
	if judged < 500 {
		t.Errorf("only %d objects were judged", judged)
	}
}

func asJSON(t *testing.T, text string) string {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// compareSuite judges the object under review of each case both ways, and returns how many there were.
func compareSuite(t *testing.T, file string, suite *v1alpha1.Suite) int {
	t.Helper()
	config := suite.Config
	evaluator, err := admission.NewEvaluator(t.Context(), config)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	judged := 0
	for _, c := range suite.Cases {
		var stored []*mesh.Object
		for _, raw := range c.Given {
			if o, err := mesh.Decode(raw); err == nil && o != nil {
				stored = append(stored, o)
			}
		}
		if slices.ContainsFunc(stored, mutators.IsCompanion) {
			continue // a review is judged as if it had gone, an audit while it is there
		}
		for _, step := range c.Reviews() {
			if step.Object == nil {
				continue
			}
			o, err := mesh.Decode(step.Object)
			if err != nil || o == nil {
				continue
			}
			before, err := evaluator.Snapshot(stored...)
			if err != nil {
				t.Fatal(err)
			}
			after := before.With(o)
			if after.Get(o.Ref) == nil || before.IsTerminating(o.Namespace) {
				continue // of another revision
			}
			judged++
			got := lines(audit.Judge(t.Context(), evaluator.Standing(after), after.Get(o.Ref)))
			decision, err := evaluator.Validate(t.Context(), before.Without(o.Ref), admission.Review{Operation: policies.Create, Object: step.Object})
			var limit *mesh.LimitError
			if errors.As(err, &limit) {
				continue
			}
			var want []audit.Finding
			for _, v := range decision.Violations {
				want = append(want, audit.Finding{Violation: v, Object: o.Ref})
			}
			if want := lines(want, err); got != want {
				t.Errorf("%s: %s: got\n%s\nwant\n%s", file, c.Name, got, want)
			}
		}
	}
	return judged
}

func lines(found []audit.Finding, err error) string {
	var b strings.Builder
	for _, f := range found {
		f.Since, f.Until = time.Time{}, time.Time{} // the webhook knows no age
		raw, _ := json.Marshal(f)
		fmt.Fprintf(&b, "%s\n", raw)
	}
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	return b.String()
}

func TestCount(t *testing.T) {
	finding := func(kind, namespace, policy string, action v1alpha1.Action) audit.Finding {
		return audit.Finding{Violation: policies.Violation{Policy: policy, Action: action}, Object: mesh.Ref{Kind: kind, Namespace: namespace, Name: "x"}}
	}
	counts := audit.Count([]audit.Finding{
		finding("ServiceEntry", "shop", "tls-pending", v1alpha1.Warn), finding("Sidecar", "shop", "tls-pending", v1alpha1.Warn),
		finding("ServiceEntry", "till", "tls-pending", v1alpha1.Deny), {Violation: policies.Violation{Policy: "p"}, Object: mesh.Ref{Kind: "Namespace", Name: "x"}},
	})
	want := map[audit.Group]int{{"shop", "tls-pending", v1alpha1.Warn}: 2, {"till", "tls-pending", v1alpha1.Deny}: 1, {"x", "p", ""}: 1}
	if fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", counts, want)
	}
}

// What waits for its partner is overdue after a while, from its creation on; what is exempt never is, nor what has no age.
func TestOverdue(t *testing.T) {
	config := v1alpha1.DefaultConfig()
	config.PendingGrace = v1alpha1.Duration(time.Hour)
	created := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	exemption := v1alpha1.ExemptionSpec{Policy: "tls-pending", Reason: "later", Expires: v1alpha1.Date{Time: time.Now().AddDate(0, 1, 0)}}
	for _, tc := range []struct {
		name       string
		created    time.Time
		exemptions []v1alpha1.ExemptionSpec
		after      time.Duration
		want       bool
	}{
		{name: "within the grace", created: created, after: time.Hour},
		{name: "after it", created: created, after: time.Hour + time.Second, want: true},
		{name: "exempt", created: created, exemptions: []v1alpha1.ExemptionSpec{exemption}, after: 2 * time.Hour},
		{name: "of a file", after: 2 * time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config.Exemptions = tc.exemptions
			e, err := admission.NewEvaluator(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			o, err := mesh.Decode([]byte(`{"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "bank", "namespace": "shop"},
				"spec": {"hosts": ["api.bank.example"], "resolution": "DNS", "ports": [{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 443}]}}`))
			if err != nil {
				t.Fatal(err)
			}
			o.Created = tc.created
			snap, err := e.Snapshot(o)
			if err != nil {
				t.Fatal(err)
			}
			found, err := audit.Judge(t.Context(), e.Standing(snap), o)
			if err != nil || len(found) == 0 {
				t.Fatal(found, err)
			}
			for _, f := range found {
				if f.Policy != "tls-pending" || f.Overdue(created.Add(tc.after)) != tc.want {
					t.Errorf("got %v, until %s", f, f.Until)
				}
			}
		})
	}
}

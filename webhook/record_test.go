package webhook

import (
	"context"
	"errors"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

func TestDecisionsAreRecorded(t *testing.T) {
	var recorded []DecisionRecord
	f := newFixture(t, Options{Cache: newCache(t, fixture.Entry), OnDecision: func(_ context.Context, d DecisionRecord) { recorded = append(recorded, d) }})
	f.Use(testEvaluator(t))
	server := start(t, f.Register)
	for _, r := range []*admissionv1.AdmissionRequest{
		create(t, fixture.GoodRule), create(t, fixture.DisabledRule), create(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"),
	} {
		server.review(t, "/validate", r)
		server.review(t, "/mutate", r)
	}
	if len(recorded) != 2 {
		t.Fatalf("%d decisions were recorded, want 2: those of /validate that policies judge", len(recorded))
	}
	if good := recorded[0]; len(good.Violations) != 0 || good.Err != nil || good.UID == "" || good.Time.IsZero() {
		t.Errorf("a good rule: %+v", good)
	}
	bad := recorded[1]
	if len(bad.Violations) == 0 || bad.Input.Request.Kind != "DestinationRule" || len(bad.Input.Egress) == 0 || bad.Input.Object == nil {
		t.Errorf("a bad rule: %+v", bad)
	}
}

// Careless: what is recorded are the facts of the moment of telling, when the mesh has moved on.
func TestADecisionIsRecordedWithItsInput(t *testing.T) {
	var recorded []DecisionRecord
	store := newCache(t, fixture.Entry)
	f := newFixture(t, Options{Cache: store, OnDecision: func(_ context.Context, d DecisionRecord) { recorded = append(recorded, d) }})
	f.Use(testEvaluator(t))
	input := policies.Input{Request: policies.Request{Kind: "DestinationRule", Name: "judged"}}
	r := &ctrladmission.Request{AdmissionRequest: *create(t, fixture.GoodRule)}
	f.record(t.Context(), r, admission.Decision{Allowed: true, Input: &input}, nil)
	f.record(t.Context(), r, admission.Decision{Input: &input}, errors.New("no answer"))
	f.record(t.Context(), r, admission.Decision{}, errors.New("cannot be read"))
	f.record(t.Context(), r, admission.Decision{Allowed: true}, nil)
	if len(recorded) != 3 {
		t.Fatalf("%d decisions were recorded, want 3: nothing is judged in the last", len(recorded))
	}
	for i, name := range []string{"judged", "judged", r.Name} {
		if got := recorded[i].Input.Request.Name; got != name || (recorded[i].Err != nil) != (i > 0) {
			t.Errorf("decision %d: got the input of %q, %v, want that of %q", i, got, recorded[i].Err, name)
		}
	}
}

// What could not be judged is recorded with its facts, too: they are what a person needs to see why.
func TestWhatCouldNotBeDecidedIsRecordedWithItsInput(t *testing.T) {
	evaluator, err := admission.NewEvaluator(t.Context(), v1alpha1.DefaultConfig(), policies.Files{"broken.rego": dividing})
	if err != nil {
		t.Fatal(err)
	}
	var recorded []DecisionRecord
	f := newFixture(t, Options{Cache: newCache(t, fixture.Entry), OnDecision: func(_ context.Context, d DecisionRecord) { recorded = append(recorded, d) }})
	f.Use(evaluator)
	r := create(t, fixture.GoodRule)
	r.UserInfo.Username = ""
	start(t, f.Register).review(t, "/validate", r)
	if len(recorded) != 1 || recorded[0].Err == nil || len(recorded[0].Input.Egress) == 0 {
		t.Errorf("got %+v", recorded)
	}
}

// dividing is a policy that cannot decide on who has no name.
const dividing = `# METADATA
# title: Broken
# description: It divides by nothing.
# custom:
#   id: broken
#   action: deny
#   kinds: [DestinationRule]
package tlsward.broken

violation contains {"message": sprintf("%d", [1 / count(input.request.userInfo.username)])}
`

// Where the configuration lets a policy that cannot decide warn, nobody is refused, and all the rest tells of it.
func TestAPolicyThatCannotDecideMayWarn(t *testing.T) {
	cfg := v1alpha1.DefaultConfig()
	cfg.Evaluation.OnError = v1alpha1.Warn
	evaluator, err := admission.NewEvaluator(t.Context(), cfg, policies.Files{"broken.rego": dividing})
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, Options{Cache: newCache(t, fixture.Entry)})
	f.Use(evaluator)
	r := create(t, fixture.GoodRule)
	r.UserInfo.Username = ""
	got := start(t, f.Register).review(t, "/validate", r)
	if !got.Allowed || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "could not decide") {
		t.Errorf("%+v", got)
	}
	if n := f.count(t, "tlsward_undecided_total", "webhook=validate", "reason=broken"); n != 1 {
		t.Errorf("%v undecided counted, want 1 that names the policy", n)
	}
	if !strings.Contains(f.log.String(), "divide by zero") {
		t.Errorf("the log lacks the reason: %s", f.log)
	}
}

package webhook

import (
	"context"
	"errors"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
)

func TestDecisionsAreTold(t *testing.T) {
	var told []Decided
	f := newFixture(t, HandlerOptions{Store: newStore(t, entry), Decided: func(_ context.Context, d Decided) { told = append(told, d) }})
	f.Use(testJudge(t))
	server := start(t, f.Routes(), nil)
	for _, r := range []*admissionv1.AdmissionRequest{
		create(t, goodRule), create(t, disabledRule), create(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"),
	} {
		server.review(t, "/validate", r)
		server.review(t, "/mutate", r)
	}
	if len(told) != 2 {
		t.Fatalf("%d decisions were told, want 2: those of /validate that policies judge", len(told))
	}
	if good := told[0]; len(good.Violations) != 0 || good.Err != nil || good.UID == "" || good.Time.IsZero() {
		t.Errorf("a good rule: %+v", good)
	}
	bad := told[1]
	if len(bad.Violations) == 0 || bad.Input.Request.Kind != "DestinationRule" || len(bad.Input.Egress) == 0 || bad.Input.Object == nil {
		t.Errorf("a bad rule: %+v", bad)
	}
}

// Careless: what is told are the facts of the moment of telling, when the mesh has moved on.
func TestADecisionIsToldWithWhatItWasJudgedBy(t *testing.T) {
	var told []Decided
	store := newStore(t, entry)
	f := newFixture(t, HandlerOptions{Store: store, Decided: func(_ context.Context, d Decided) { told = append(told, d) }})
	f.Use(testJudge(t))
	input := policies.Input{Request: policies.Request{Kind: "DestinationRule", Name: "judged"}}
	r := create(t, goodRule)
	f.tell(t.Context(), r, Decision{Allowed: true, Input: &input}, nil)
	f.tell(t.Context(), r, Decision{Input: &input}, errors.New("no answer"))
	f.tell(t.Context(), r, Decision{}, errors.New("cannot be read"))
	f.tell(t.Context(), r, Decision{Allowed: true}, nil)
	if len(told) != 3 {
		t.Fatalf("%d decisions were told, want 3: nothing is judged in the last", len(told))
	}
	for i, name := range []string{"judged", "judged", r.Name} {
		if got := told[i].Input.Request.Name; got != name || (told[i].Err != nil) != (i > 0) {
			t.Errorf("decision %d: got the input of %q, %v, want that of %q", i, got, told[i].Err, name)
		}
	}
}

// What could not be judged is told with its facts, too: they are what a person needs to see why.
func TestWhatCouldNotBeJudgedIsToldWithItsFacts(t *testing.T) {
	judge, err := NewJudge(t.Context(), v1alpha1.DefaultConfig(), policies.Files{"broken.rego": dividing})
	if err != nil {
		t.Fatal(err)
	}
	var told []Decided
	f := newFixture(t, HandlerOptions{Store: newStore(t, entry), Decided: func(_ context.Context, d Decided) { told = append(told, d) }})
	f.Use(judge)
	r := create(t, goodRule)
	r.UserInfo.Username = ""
	start(t, f.Routes(), nil).review(t, "/validate", r)
	if len(told) != 1 || told[0].Err == nil || len(told[0].Input.Egress) == 0 {
		t.Errorf("got %+v", told)
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
	judge, err := NewJudge(t.Context(), cfg, policies.Files{"broken.rego": dividing})
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, HandlerOptions{Store: newStore(t, entry)})
	f.Use(judge)
	r := create(t, goodRule)
	r.UserInfo.Username = ""
	got := start(t, f.Routes(), nil).review(t, "/validate", r)
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

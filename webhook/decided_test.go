package webhook

import (
	"context"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
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

package webhook

import (
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

func TestIsProbe(t *testing.T) {
	request := func(kind, name string, operation admissionv1.Operation) *ctrladmission.Request {
		return &ctrladmission.Request{AdmissionRequest: admissionv1.AdmissionRequest{Kind: metav1.GroupVersionKind{Kind: kind}, Name: name, Operation: operation}}
	}
	cases := []struct {
		name    string
		request *ctrladmission.Request
		want    bool
	}{
		{"the probe", request("AuthorizationPolicy", ProbeName, admissionv1.Create), true},
		{"another name", request("AuthorizationPolicy", "frontend", admissionv1.Create), false},
		{"another kind", request("DestinationRule", ProbeName, admissionv1.Create), false},
		{"one that got stored is deleted", request("AuthorizationPolicy", ProbeName, admissionv1.Delete), false},
	}
	for _, c := range cases {
		if got := isProbe(c.request); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if v := probeRefused(); v.Allowed || v.decision != "deny" || v.Result.Message == "" {
		t.Errorf("the probe is not refused: %+v", v)
	}
}

package webhook

import (
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// ProbeName is the name of an AuthorizationPolicy that is refused under every configuration. The program sends one as
// a dry-run, to see that the API server asks it and heeds the answer.
const ProbeName = "tlsward-probe"

// isProbe reports whether a review is of the object that is always refused.
func isProbe(r *ctrladmission.Request) bool {
	return r.Name == ProbeName && r.Kind.Kind == "AuthorizationPolicy" && r.Operation == admissionv1.Create
}

// probeRefused is the answer to a probe that the policies in force would let pass.
func probeRefused() outcome {
	return denied(http.StatusForbidden, metav1.StatusReasonForbidden,
		"the name "+ProbeName+" is kept for the check that refusals arrive", "deny")
}

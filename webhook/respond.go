package webhook

import (
	"encoding/json"
	"errors"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/webhook/admission"
)

// allowed is the answer to what concerns nobody here.
func allowed() *admissionv1.AdmissionResponse { return &admissionv1.AdmissionResponse{Allowed: true} }

// patched allows a review with a patch; an empty one is none.
func patched(patch []jsonpatch.Operation) (*admissionv1.AdmissionResponse, error) {
	answer := allowed()
	if len(patch) == 0 {
		return answer, nil
	}
	raw, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	kind := admissionv1.PatchTypeJSONPatch
	answer.Patch, answer.PatchType = raw, &kind
	return answer, nil
}

// answerOf returns the answer that a decision about object makes.
func answerOf(object string, d admission.Decision) *admissionv1.AdmissionResponse {
	answer := &admissionv1.AdmissionResponse{
		Allowed:          d.Allowed,
		Warnings:         admission.Warnings(d.Violations),
		AuditAnnotations: admission.AuditAnnotations(d.Violations),
	}
	if !d.Allowed {
		answer.Result = denial(http.StatusForbidden, metav1.StatusReasonForbidden, admission.DenialMessage(object, d))
	}
	return answer
}

// undecided refuses what could not be judged. An object that cannot be read is told so; what went wrong in here is
// told too, since the person who reads it is the one whose change is stuck.
func undecided(object string, err error) *admissionv1.AdmissionResponse {
	var invalid *admission.ObjectError
	if errors.As(err, &invalid) {
		return &admissionv1.AdmissionResponse{
			Result: denial(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, admission.Clip(invalid.Error(), admission.MaxDenial)),
		}
	}
	return &admissionv1.AdmissionResponse{
		Result: denial(http.StatusInternalServerError, metav1.StatusReasonInternalError,
			admission.Clip("could not decide on "+object+", so it is refused: "+err.Error(), admission.MaxDenial)),
	}
}

func denial(code int32, reason metav1.StatusReason, message string) *metav1.Status {
	return &metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message}
}

// writeReview writes the answer. An error means that the client has gone.
func writeReview(w http.ResponseWriter, response *admissionv1.AdmissionResponse) error {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // messages are for terminals
	return encoder.Encode(&admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: reviewVersion, Kind: reviewKind},
		Response: response,
	})
}

package webhook

import (
	"encoding/json"
	"errors"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gomodules.xyz/jsonpatch/v2"
)

// allowed is the answer to what concerns nobody here.
func allowed() *admissionv1.AdmissionResponse { return &admissionv1.AdmissionResponse{Allowed: true} }

// patched allows a review with a patch; an empty one is none.
func patched(patch []jsonpatch.Operation) (*admissionv1.AdmissionResponse, error) {
	response := allowed()
	if len(patch) == 0 {
		return response, nil
	}
	raw, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	kind := admissionv1.PatchTypeJSONPatch
	response.Patch, response.PatchType = raw, &kind
	return response, nil
}

// decided turns a decision about object into an answer.
func decided(object string, d Decision) *admissionv1.AdmissionResponse {
	response := &admissionv1.AdmissionResponse{
		Allowed:          d.Allowed,
		Warnings:         Warnings(d.Violations),
		AuditAnnotations: auditAnnotations(d.Violations),
	}
	if !d.Allowed {
		response.Result = denial(http.StatusForbidden, metav1.StatusReasonForbidden, DenialMessage(object, d.Violations))
	}
	return response
}

// undecided refuses what could not be judged. An object that cannot be read is told so; what went wrong in here is
// told too, since the person who reads it is the one whose change is stuck.
func undecided(object string, err error) *admissionv1.AdmissionResponse {
	var invalid *ObjectError
	if errors.As(err, &invalid) {
		return &admissionv1.AdmissionResponse{
			Result: denial(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, clip(invalid.Error(), maxDenial)),
		}
	}
	return &admissionv1.AdmissionResponse{
		Result: denial(http.StatusInternalServerError, metav1.StatusReasonInternalError,
			clip("could not decide on "+object+", so it is refused: "+err.Error(), maxDenial)),
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

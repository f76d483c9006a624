package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/tlsward/tlsward/webhook/admission"
)

// maxBody bounds the body of a request, in bytes. etcd takes objects up to 1.5 MiB, an UPDATE carries two of them.
const maxBody = 3 << 20

// reviewVersion and reviewKind head every AdmissionReview.
const (
	reviewVersion = "admission.k8s.io/v1"
	reviewKind    = "AdmissionReview"
)

// badRequest is a request that is no AdmissionReview: it is answered with an HTTP status.
type badRequest struct {
	status int
	reason string
}

// Error gives the reason.
func (e *badRequest) Error() string { return e.reason }

func bad(status int, format string, args ...any) *badRequest {
	return &badRequest{status: status, reason: fmt.Sprintf(format, args...)}
}

// readRequest reads the AdmissionReview of an HTTP request. Its errors are *badRequest.
func readRequest(w http.ResponseWriter, r *http.Request, buffer *bytes.Buffer) (*admissionv1.AdmissionRequest, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, bad(http.StatusMethodNotAllowed, "want POST, got %s", r.Method)
	}
	// Most requests carry the plain type: parsing it costs more than comparing.
	if given := r.Header.Get("Content-Type"); given != "application/json" {
		if media, _, err := mime.ParseMediaType(given); err != nil || media != "application/json" {
			return nil, bad(http.StatusUnsupportedMediaType, "want Content-Type application/json, got %q", given)
		}
	}
	if r.ContentLength > maxBody {
		return nil, bad(http.StatusRequestEntityTooLarge, "the body is over %d bytes", maxBody)
	}
	if r.ContentLength > 0 {
		buffer.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	if _, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, bad(http.StatusRequestEntityTooLarge, "the body is over %d bytes", maxBody)
		}
		return nil, bad(http.StatusBadRequest, "read the body: %v", err)
	}
	return decodeReview(buffer.Bytes())
}

// decodeReview reads an AdmissionReview. The request's objects are copies of parts of body.
func decodeReview(body []byte) (*admissionv1.AdmissionRequest, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, bad(http.StatusBadRequest, "the body is empty")
	}
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(body, &review); err != nil {
		return nil, bad(http.StatusBadRequest, "the body is no AdmissionReview: %v", err)
	}
	switch {
	case review.APIVersion != reviewVersion || review.Kind != reviewKind:
		return nil, bad(http.StatusBadRequest, "want %s %s, got %q %q",
			reviewVersion, reviewKind, review.APIVersion, review.Kind)
	case review.Request == nil:
		return nil, bad(http.StatusBadRequest, "the AdmissionReview has no request")
	case review.Request.UID == "":
		return nil, bad(http.StatusBadRequest, "the request has no uid")
	case review.Request.Operation == "":
		return nil, bad(http.StatusBadRequest, "the request has no operation")
	}
	return review.Request, nil
}

// reviewOf returns the part of a request that is decided on.
func reviewOf(r *admissionv1.AdmissionRequest) admission.Review {
	return admission.Review{
		Operation: string(r.Operation),
		Object:    present(r.Object.Raw),
		OldObject: present(r.OldObject.Raw),
		Username:  r.UserInfo.Username,
		Groups:    r.UserInfo.Groups,
		Namespace: r.Namespace,
		DryRun:    r.DryRun != nil && *r.DryRun,
	}
}

// present returns nil for a JSON null, which is how the API server writes "no object".
func present(raw []byte) []byte {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// discard reads the little that may be left of a body, so that the connection can be used again.
func discard(body io.Reader) { _, _ = io.CopyN(io.Discard, body, 64<<10) }

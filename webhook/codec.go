package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"sync"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// maxBody bounds the body of a request, in bytes, as an admission.Webhook does: etcd takes objects of 1.5 MiB, the API
// server requests of twice that, an UPDATE brings two objects, and the rest of a review is less than 1 MiB
// (controller-runtime, pkg/webhook/admission/http.go).
const maxBody = 7 << 20

// reviewType heads every AdmissionReview.
var reviewType = metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}

// codec reads the AdmissionReview of an HTTP request, has the webhook handle it, and writes the answer. What is no
// AdmissionReview is answered with an HTTP status.
//
// An admission.Webhook would do it with ServeHTTP. That answers 200 to what is no AdmissionReview, refuses JSON with a
// charset, and reads every review twice, which costs as much as all else that is done for one that comes again
// (docs/adr/0014-controller-runtime.md).
type codec struct {
	hook *ctrladmission.Webhook
	// awaitSeat waits until the review may be computed; decoding it is the first of that.
	awaitSeat func(context.Context) error
	// refuse answers what is no AdmissionReview; shed one that has no turn.
	refuse  func(http.ResponseWriter, error)
	shed    func(http.ResponseWriter, types.UID, *busyError)
	buffers *sync.Pool
}

func (w *Webhooks) codec(e endpoint, hook *ctrladmission.Webhook) codec {
	return codec{
		hook: hook, awaitSeat: w.awaitSeat, buffers: &w.buffers,
		refuse: func(rw http.ResponseWriter, err error) {
			status := statusOf(err)
			w.metrics.refused.WithLabelValues(e.name, strconv.Itoa(status)).Inc()
			http.Error(rw, err.Error(), status)
		},
		shed: func(rw http.ResponseWriter, uid types.UID, err *busyError) { w.shed(rw, e, uid, "late", err) },
	}
}

// ServeHTTP implements http.Handler.
func (c codec) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer discard(r.Body)
	request, err := c.read(w, r)
	var late *lateError
	switch {
	case errors.As(err, &late):
		c.shed(w, late.uid, &late.busyError)
	case err != nil:
		c.refuse(w, err)
	default:
		response := c.hook.Handle(r.Context(), ctrladmission.Request{AdmissionRequest: *request})
		writeReview(w, &response.AdmissionResponse)
	}
}

// writeReview writes the answer to a review.
func writeReview(w http.ResponseWriter, response *admissionv1.AdmissionResponse) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // messages are for terminals
	// An error means that the client has gone.
	_ = encoder.Encode(&admissionv1.AdmissionReview{TypeMeta: reviewType, Response: response})
}

// lateError says that a review did not have its turn in time.
type lateError struct {
	busyError
	uid types.UID
}

// badRequest is what is no AdmissionReview.
type badRequest struct {
	status int
	reason string
}

// Error returns the reason.
func (e *badRequest) Error() string { return e.reason }

func bad(status int, format string, args ...any) *badRequest {
	return &badRequest{status: status, reason: fmt.Sprintf(format, args...)}
}

// statusOf returns the HTTP status for an error of read.
func statusOf(err error) int {
	var request *badRequest
	if errors.As(err, &request) {
		return request.status
	}
	return http.StatusBadRequest
}

// read reads the AdmissionReview of an HTTP request. Its errors are *badRequest and *lateError.
func (c codec) read(w http.ResponseWriter, r *http.Request) (*admissionv1.AdmissionRequest, error) {
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
	buffer := c.buffers.Get().(*bytes.Buffer)
	defer func() {
		if buffer.Cap() <= 64<<10 { // a rare giant must not stay for good
			c.buffers.Put(buffer)
		}
	}()
	if err := readBody(w, r, buffer); err != nil {
		return nil, err
	}
	if err := c.awaitSeat(r.Context()); err != nil {
		return nil, &lateError{busyError{lateMessage}, uidOf(buffer.Bytes())}
	}
	return decodeReview(buffer.Bytes())
}

// readBody reads at most maxBody bytes.
func readBody(w http.ResponseWriter, r *http.Request, buffer *bytes.Buffer) error {
	buffer.Reset()
	if r.ContentLength > maxBody {
		return bad(http.StatusRequestEntityTooLarge, "the body is over %d bytes", maxBody)
	}
	if r.ContentLength > 0 {
		buffer.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	if _, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return bad(http.StatusRequestEntityTooLarge, "the body is over %d bytes", maxBody)
		}
		return bad(http.StatusBadRequest, "read the body: %v", err)
	}
	return nil
}

// decodeReview returns the request of an AdmissionReview. The request's objects are copies of parts of body.
func decodeReview(body []byte) (*admissionv1.AdmissionRequest, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, bad(http.StatusBadRequest, "the body is empty")
	}
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(body, &review); err != nil {
		return nil, bad(http.StatusBadRequest, "the body is no AdmissionReview: %v", err)
	}
	switch {
	case review.TypeMeta != reviewType:
		return nil, bad(http.StatusBadRequest, "want %s %s, got %q %q",
			reviewType.APIVersion, reviewType.Kind, review.APIVersion, review.Kind)
	case review.Request == nil:
		return nil, bad(http.StatusBadRequest, "the AdmissionReview has no request")
	case review.Request.UID == "":
		return nil, bad(http.StatusBadRequest, "the request has no uid")
	case review.Request.Operation == "":
		return nil, bad(http.StatusBadRequest, "the request has no operation")
	}
	return review.Request, nil
}

// discard reads the little that may be left of a body, so that the connection can be used again.
func discard(body io.Reader) { _, _ = io.CopyN(io.Discard, body, 64<<10) }

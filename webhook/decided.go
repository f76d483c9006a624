package webhook

import (
	"context"
	"time"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/tlsward/tlsward/policies"
)

// Decided is one decision of /validate.
type Decided struct {
	// UID is the review's.
	UID  string
	Time time.Time
	// Input is what policies read of the review. Where the review could not be read it holds the request alone.
	Input policies.Input
	// Violations are all of them, those of action audit included.
	Violations []policies.Violation
	// Err says why nothing could be decided; nil where it could.
	Err error
}

// tell passes a decision on. Reviews that no policy judges are none.
func (h *Handler) tell(ctx context.Context, r *admissionv1.AdmissionRequest, result Decision, err error) {
	if h.decided == nil || result.Input == nil && err == nil {
		return
	}
	d := Decided{UID: string(r.UID), Time: time.Now(), Violations: result.Violations, Err: err}
	if result.Input != nil {
		d.Input = *result.Input
	} else {
		d.Input.Request = policies.Request{
			Operation: string(r.Operation), Kind: r.Kind.Kind, Namespace: r.Namespace, Name: r.Name,
			UserInfo: policies.UserInfo{Username: r.UserInfo.Username, Groups: r.UserInfo.Groups},
		}
	}
	h.decided(ctx, d)
}

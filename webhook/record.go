package webhook

import (
	"context"
	"time"

	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// DecisionRecord is one decision of /validate, as for a decision log.
type DecisionRecord struct {
	// UID is the review's.
	UID  string
	Time time.Time
	// Input is what policies read of the review. Where the review could not be read it holds the request alone.
	Input policies.Input
	// Violations are all of them, those of action audit included.
	Violations []policies.Violation
	// Err is why nothing could be decided; nil where it could.
	Err error
}

// record passes a decision to the decision log. What no policy looks at is not recorded.
func (w *Webhooks) record(ctx context.Context, r *ctrladmission.Request, d admission.Decision, err error) {
	if w.onDecision == nil || d.Input == nil && err == nil {
		return
	}
	record := DecisionRecord{UID: string(r.UID), Time: time.Now(), Violations: d.Violations, Err: err}
	if d.Input != nil {
		record.Input = *d.Input
	} else {
		record.Input.Request = policies.Request{
			Operation: string(r.Operation), Kind: r.Kind.Kind, Namespace: r.Namespace, Name: r.Name,
			UserInfo: policies.UserInfo{Username: r.UserInfo.Username, Groups: r.UserInfo.Groups},
		}
	}
	idle(ctx, func() { w.onDecision(ctx, record) })
}

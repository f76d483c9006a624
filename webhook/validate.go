package webhook

import (
	"context"
	"errors"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/webhook/admission"
)

// validate answers with the decision on an object.
func (w *Webhooks) validate(ctx context.Context, e *admission.Evaluator, r *ctrladmission.Request) (outcome, error) {
	d, err := w.decider.Validate(ctx, e, reviewOf(r))
	w.record(ctx, r, d, err)
	if err != nil {
		return outcome{}, err
	}
	if d.Allowed && isProbe(r) {
		return probeRefused(), nil
	}
	w.decider.Assume(d)
	w.countViolations(r, d)
	if len(d.Violations) > 0 {
		w.logViolations(r, d)
	}
	return outcomeOf(objectName(r), d), nil
}

// outcomeOf returns the answer that a decision about object makes.
func outcomeOf(object string, d admission.Decision) outcome {
	o := outcome{decision: "allow", Response: ctrladmission.Response{AdmissionResponse: admissionv1.AdmissionResponse{
		Allowed:          d.Allowed,
		Warnings:         admission.Warnings(d.Violations),
		AuditAnnotations: admission.AuditAnnotations(d.Violations),
	}}}
	switch {
	case !d.Allowed:
		o.Result = failure(http.StatusForbidden, metav1.StatusReasonForbidden, admission.DenialMessage(object, d))
		o.decision = "deny"
	case len(o.Warnings) > 0:
		o.decision = "warn"
	}
	return o
}

// refused denies what could not be decided. An object that cannot be read is told so; what went wrong in here is told
// too, since the person who reads it is the one whose change is stuck.
func refused(object string, err error) outcome {
	var invalid *admission.ObjectError
	if errors.As(err, &invalid) {
		return denied(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, invalid.Error(), "invalid")
	}
	var busy *busyError
	if errors.As(err, &busy) {
		o := denied(http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests, "not decided on "+object+": "+busy.Error(), "shed")
		o.Result.Details = &metav1.StatusDetails{RetryAfterSeconds: 1} // clients wait, and try again by themselves
		return o
	}
	return denied(http.StatusInternalServerError, metav1.StatusReasonInternalError,
		"could not decide on "+object+", so it is refused: "+err.Error(), "undecided")
}

// allowed is the answer to what concerns nobody here.
func allowed() outcome {
	return outcome{Response: ctrladmission.Allowed(""), decision: "allow"}
}

func denied(code int32, reason metav1.StatusReason, message, decision string) outcome {
	o := outcome{decision: decision}
	o.Result = failure(code, reason, admission.Clip(message, admission.MaxDenial))
	return o
}

func failure(code int32, reason metav1.StatusReason, message string) *metav1.Status {
	return &metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message}
}

// countViolations counts what was found, and what could not be decided and only warns.
func (w *Webhooks) countViolations(r *ctrladmission.Request, d admission.Decision) {
	kind := kindLabel(r.Kind.Kind)
	for _, v := range d.Violations {
		w.metrics.violations.WithLabelValues(v.Policy, kind, string(v.Action)).Inc()
		if v.Undecided {
			w.metrics.undecided.WithLabelValues("validate", v.Policy).Inc()
			w.log.Error("could not decide, and warned", "uid", r.UID, "object", objectName(r), "reason", v.Policy,
				"error", admission.Clip(v.Message, 1024))
		}
	}
}

// logViolations writes one line: who asked for what, and by which policies it was refused, warned of or noted. Never the object.
func (w *Webhooks) logViolations(r *ctrladmission.Request, d admission.Decision) {
	log := w.log.With("uid", r.UID, "object", objectName(r), "namespace", r.Namespace, "operation", r.Operation, "user", r.UserInfo.Username,
		"dryRun", r.DryRun != nil && *r.DryRun)
	if d.Unconfirmed != "" {
		log = log.With("unconfirmed", d.Unconfirmed)
	}
	warned, audited := admission.PoliciesThat(v1alpha1.Warn, d.Violations), admission.PoliciesThat(v1alpha1.Audit, d.Violations)
	message := "noted"
	switch {
	case !d.Allowed:
		message, log = "denied", log.With("policies", admission.PoliciesThat(v1alpha1.Deny, d.Violations))
	case len(warned) > 0:
		message = "warned"
	}
	if len(warned) > 0 {
		log = log.With("warned", warned)
	}
	if len(audited) > 0 {
		log = log.With("audited", audited)
	}
	log.Info(message)
}

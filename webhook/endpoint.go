package webhook

import (
	"context"
	"net/http"

	"github.com/go-logr/logr"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"
	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/tlsward/tlsward/webhook/admission"
)

// endpoint is one of the webhooks.
type endpoint struct {
	// name is its path, and how metrics and the log call it.
	name string
	// decide decides a request by an evaluator.
	decide func(context.Context, *admission.Evaluator, *ctrladmission.Request) (outcome, error)
	// undecided returns the answer where decide could not.
	undecided func(object string, err error) outcome
}

// outcome is an answer, and how metrics call it: allow, patch, warn, deny, invalid or undecided.
type outcome struct {
	ctrladmission.Response
	decision string
}

// register adds an endpoint with its middleware. A request passes it from the bottom of the list up.
func (w *Webhooks) register(s ctrlwebhook.Server, e endpoint) {
	handler := http.Handler(w.codec(e, &ctrladmission.Webhook{
		Handler: w.handler(e),
		// The default puts the request into the logger of every review, for lines that are not written.
		LogConstructor: func(base logr.Logger, _ *ctrladmission.Request) logr.Logger { return base },
	}))
	handler = w.queued(e, handler)
	handler = withDeadline(w.timeout, handler)
	handler = w.timed(e.name, handler)
	s.Register("/"+e.name, handler)
}

// handler returns what the admission.Webhook calls.
func (w *Webhooks) handler(e endpoint) ctrladmission.Handler {
	return ctrladmission.HandlerFunc(func(ctx context.Context, r ctrladmission.Request) ctrladmission.Response {
		o := w.inTime(ctx, e, &r)
		w.metrics.reviews.WithLabelValues(e.name, kindLabel(r.Kind.Kind), operationLabel(string(r.Operation)), o.decision).Inc()
		return o.Response
	})
}

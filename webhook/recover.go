package webhook

import (
	"context"
	"fmt"
	"runtime/debug"

	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// recovered decides a request. A panic is counted, logged with its stack, and answered as what could not be decided.
//
// admission.Webhook recovers panics too, but not on another goroutine, which decisions run on; and it would refuse a
// mutation, and answer with what the panic said.
func (w *Webhooks) recovered(ctx context.Context, e endpoint, r *ctrladmission.Request) (o outcome) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		w.metrics.panics.WithLabelValues(e.name).Inc()
		w.log.Error("panic", "webhook", e.name, "uid", r.UID, "object", objectName(r), "operation", r.Operation,
			"cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		o = w.failed(ctx, e, r, "panic", fmt.Errorf("an internal error; the log of tlsward has it under %s", r.UID))
	}()
	return w.decide(ctx, e, r)
}

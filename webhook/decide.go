package webhook

import (
	"context"
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"
	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// decide decides a request, unless the policies or the mesh are not known yet.
func (w *Webhooks) decide(ctx context.Context, e endpoint, r *ctrladmission.Request) outcome {
	evaluator := w.evaluator.Load()
	if evaluator == nil {
		return w.failed(ctx, e, r, "not-ready", errors.New("the policies are not loaded yet"))
	}
	if err := w.meshKnown(); err != nil {
		return w.failed(ctx, e, r, "not-ready", err)
	}
	if r.SubResource != "" && !isStatusOfEntry(r) && !writesMetadata(r) {
		return allowed()
	}
	o, err := e.decide(ctx, evaluator, r)
	if err != nil {
		return w.failed(ctx, e, r, reasonOf(err), err)
	}
	return o
}

// meshKnown returns why reviews cannot be decided yet; once they can, they always can.
func (w *Webhooks) meshKnown() error {
	if w.ready == nil || w.wasReady.Load() {
		return nil
	}
	if err := w.ready(); err != nil {
		return fmt.Errorf("the mesh is not known yet: %w", err)
	}
	w.wasReady.Store(true)
	return nil
}

// failed returns the answer to a request that could not be decided. An object that cannot be read is its author's
// fault, and no failure. What has no answer since it has no seat is refused, whatever its kind.
func (w *Webhooks) failed(ctx context.Context, e endpoint, r *ctrladmission.Request, reason string, err error) outcome {
	busy := seatOf(ctx).isWaiting()
	if busy {
		reason, err = "busy", &busyError{lateMessage}
	}
	var invalid *admission.ObjectError
	if !errors.As(err, &invalid) {
		w.metrics.undecided.WithLabelValues(e.name, reason).Inc()
		w.log.Error("could not decide", "webhook", e.name, "uid", r.UID, "object", objectName(r),
			"operation", r.Operation, "user", r.UserInfo.Username, "reason", reason, "error", admission.Clip(err.Error(), 1024))
	}
	if !busy && failsOpen(r) {
		return leftAlone(objectName(r), err)
	}
	return e.undecided(objectName(r), err)
}

// isStatusOfEntry reports whether a request writes the status of a ServiceEntry, which holds the addresses that Istio has
// allocated to its hosts.
func isStatusOfEntry(r *ctrladmission.Request) bool {
	return r.SubResource == "status" && r.Kind.Group == "networking.istio.io" && r.Kind.Kind == mesh.KindServiceEntry
}

// writesMetadata reports whether a request for a subresource may write the labels and the annotations of its object, as the status of
// Kubernetes' own kinds may (pkg/registry/core/service, serviceStatusStrategy; pkg/registry/core/namespace, namespaceStatusStrategy and
// namespaceFinalizeStrategy): whoever may write it moves connections. That of custom resources leaves them alone.
func writesMetadata(r *ctrladmission.Request) bool {
	switch {
	case r.Kind.Group != "" || r.Operation != admissionv1.Update:
		return false
	case r.SubResource == "status":
		return r.Kind.Kind == mesh.KindService || r.Kind.Kind == mesh.KindNamespace
	}
	return r.SubResource == "finalize" && r.Kind.Kind == mesh.KindNamespace
}

// failsOpen reports whether a request is admitted where nothing can be decided: of kinds of Kubernetes itself, without which
// no workload runs, and of what Istio writes (docs/adr/0017-services-and-namespaces-fail-open.md).
func failsOpen(r *ctrladmission.Request) bool {
	return isStatusOfEntry(r) ||
		r.Kind.Group == "" && (r.Kind.Kind == mesh.KindService || r.Kind.Kind == mesh.KindNamespace)
}

// reasonOf returns the metric's word for an error.
func reasonOf(err error) string {
	var policy *policies.PolicyError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "timeout"
	case errors.As(err, &policy):
		return policy.Policy
	default:
		return "error"
	}
}

package webhook

import (
	"context"
	"errors"

	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/tlsward/tlsward/webhook/admission"
)

// mutate answers with the patch for an object.
func (w *Webhooks) mutate(ctx context.Context, e *admission.Evaluator, r *ctrladmission.Request) (outcome, error) {
	patch, err := w.decider.Mutate(ctx, e, reviewOf(r))
	if err != nil {
		return outcome{}, err
	}
	o := allowed()
	if len(patch) > 0 {
		o.Patches, o.decision = patch, "patch"
	}
	return o, nil
}

// leftAlone admits an object that could not be mutated as it is: validation judges what comes of it.
func leftAlone(_ string, err error) outcome {
	o := allowed()
	var invalid *admission.ObjectError
	if !errors.As(err, &invalid) {
		o.decision = "undecided"
	}
	return o
}

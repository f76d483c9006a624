package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"

	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/tlsward/tlsward/webhook/admission"
)

// validateExemption answers whether an Exemption can be obeyed.
func (w *Webhooks) validateExemption(_ context.Context, e *admission.Evaluator, r *ctrladmission.Request) (outcome, error) {
	warnings, err := e.ValidateExemption(reviewOf(r), time.Now())
	var invalid *admission.ObjectError
	switch {
	case errors.As(err, &invalid):
		return outcome{}, &admission.ObjectError{Err: fmt.Errorf("%s is refused: %w", objectName(r), invalid.Err)}
	case err != nil:
		return outcome{}, err
	}
	o := allowed()
	if len(warnings) > 0 {
		o.Warnings, o.decision = warnings, "warn"
	}
	return o, nil
}

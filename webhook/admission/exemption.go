package admission

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
)

// ReadExemption returns what an Exemption, in JSON, lets pass. It is an error if that cannot be obeyed: it is wrong in itself, or
// names a policy that engine does not have; of which nil knows nothing.
func ReadExemption(engine *policies.Engine, raw []byte) (v1alpha1.ExemptionSpec, error) {
	e, err := v1alpha1.ReadExemption(raw)
	if err != nil {
		return v1alpha1.ExemptionSpec{}, err
	}
	if engine == nil {
		return e.Spec, nil
	}
	return e.Spec, engine.CheckExemption(e.Spec)
}

// ReadStoredExemption does so of an object as clients have it, which may be any that somebody has stored.
func ReadStoredExemption(engine *policies.Engine, object json.Marshaler) (v1alpha1.ExemptionSpec, error) {
	raw, err := object.MarshalJSON()
	if err != nil {
		return v1alpha1.ExemptionSpec{}, fmt.Errorf("write it as JSON: %w", err)
	}
	return ReadExemption(engine, raw)
}

// ValidateExemption returns what an Exemption's author should know of it. One that cannot be obeyed is an *ObjectError: with a misspelt
// policy it would let nothing pass, in silence. What leaves the spec alone is none: finalizers may always be taken away.
func (e *Evaluator) ValidateExemption(r Review, now time.Time) (warnings []string, err error) {
	if len(r.Object) == 0 || changesNoSpec(r) {
		return nil, nil
	}
	spec, err := ReadExemption(e.Engine, r.Object)
	if err != nil {
		return nil, &ObjectError{err}
	}
	if spec.Expires.Over(now) {
		warnings = append(warnings, "its last day, spec.expires, is over: it lets nothing pass")
	}
	return warnings, nil
}

// WithExemptions returns an Evaluator with these exemptions beside those of its configuration.
func (e *Evaluator) WithExemptions(more []v1alpha1.ExemptionSpec) *Evaluator {
	if len(more) == 0 {
		return e
	}
	config := *e.Config
	config.Exemptions = slices.Concat(e.Config.Exemptions, more)
	other := &Evaluator{Config: &config}
	if e.Engine != nil {
		other.Engine = e.Engine.WithExemptions(config.Exemptions)
	}
	return other
}

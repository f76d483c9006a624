package exemptions

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// maxMessage is how much is told of why an Exemption is refused, in bytes: a condition takes 32 KiB.
const maxMessage = 4 << 10

// stored is an Exemption as the API server has it.
type stored struct {
	name       string
	generation int64
	spec       v1alpha1.ExemptionSpec
	refused    error // why it cannot be obeyed
	status     v1alpha1.ExemptionStatus
}

// counts are how many violations each exemption lets pass, by its policy and its text; nil where that is not known.
type counts map[audit.Exempted]int

// countsOf returns what exemptions let pass of what an audit found.
func countsOf(found *audit.Found) counts {
	c := counts{}
	for _, list := range found.Findings {
		for _, f := range list {
			if f.Exempt != "" {
				c[audit.Exempted{Policy: f.Policy, Note: f.Exempt}]++
			}
		}
	}
	return c
}

// statusOf returns the status that an Exemption should have. What is not known stays as it was.
func statusOf(s stored, known counts, now time.Time) v1alpha1.ExemptionStatus {
	status := *s.status.DeepCopy()
	// Conditions of others are theirs.
	status.Conditions = slices.DeleteFunc(status.Conditions, func(c metav1.Condition) bool { return c.Type != v1alpha1.ConditionInForce })
	condition := conditionOf(s, now)
	condition.LastTransitionTime = metav1.NewTime(now.UTC().Truncate(time.Second))
	meta.SetStatusCondition(&status.Conditions, condition)
	switch {
	case condition.Status != metav1.ConditionTrue:
		status.LetsPass, status.UnneededSince = 0, nil
	case known != nil:
		status.LetsPass = int32(min(known[audit.Exempted{Policy: s.spec.Policy, Note: policies.ExemptionNote(&s.spec)}], 1<<30))
		status.UnneededSince = unneededSince(status, now)
	}
	return status
}

// unneededSince returns since when nothing needs an Exemption of this status, nil while something does.
func unneededSince(status v1alpha1.ExemptionStatus, now time.Time) *metav1.Time {
	switch {
	case status.LetsPass > 0:
		return nil
	case !status.UnneededSince.IsZero():
		return status.UnneededSince
	}
	since := metav1.NewTime(now.UTC().Truncate(time.Second))
	return &since
}

func conditionOf(s stored, now time.Time) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionInForce, Status: metav1.ConditionFalse, ObservedGeneration: s.generation}
	switch {
	case s.refused != nil:
		c.Reason, c.Message = v1alpha1.ReasonRefused, admission.Clip(s.refused.Error(), maxMessage)
	case s.spec.Expires.Over(now):
		c.Reason, c.Message = v1alpha1.ReasonExpired, "its last day is over: it lets nothing pass any more"
	default:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonInForce, s.spec.Note()
	}
	return c
}

package admission

import (
	"slices"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/assume"
)

// Decision is the answer to a review. It is never changed.
type Decision struct {
	// Allowed is false if any violation's action is deny.
	Allowed bool
	// Violations are all of them, sorted.
	Violations []policies.Violation
	// Input is what policies read of the review; nil where no policy looks at it.
	Input *policies.Input
	// Unconfirmed says, for a denial, on which write in flight it depends; "" for none.
	Unconfirmed string

	// write is what the API server does next; nil where nothing will be stored.
	write *assume.Write
}

// notReviewed is the decision on what no policy looks at.
func notReviewed() Decision { return Decision{Allowed: true} }

// decisionOn returns the decision that follows from violations.
func decisionOn(input *policies.Input, violations []policies.Violation) Decision {
	denied := slices.ContainsFunc(violations, func(v policies.Violation) bool { return v.Action == v1alpha1.Deny })
	return Decision{Allowed: !denied, Violations: violations, Input: input}
}

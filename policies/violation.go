package policies

import (
	"cmp"
	"slices"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// Violation is one reason against the object under review.
type Violation struct {
	Policy  string          `json:"policy"`
	Action  v1alpha1.Action `json:"action"`
	Message string          `json:"message"`
	// Host, Port and Client identify the flow that the violation is about. They are empty where it is about the object
	// itself.
	Host   string `json:"host,omitempty"`
	Port   uint32 `json:"port,omitempty"`
	Client string `json:"client,omitempty"`
	// Fix is YAML that removes the violation, or a sentence.
	Fix string `json:"fix,omitempty"`
	// DecidedBy is the object and field that decided, as from mesh.Decision.String.
	DecidedBy string `json:"decidedBy,omitempty"`
	// Exempt describes the exemption that lowered the action, with its last day.
	Exempt string `json:"exempt,omitempty"`
	// Undecided is true for the warning that takes the place of a policy's error.
	Undecided bool `json:"undecided,omitempty"`
}

// severity is a sort key of actions: off, audit, warn, deny. It is -1 for an unknown action.
func severity(a v1alpha1.Action) int {
	return slices.Index([]v1alpha1.Action{v1alpha1.Off, v1alpha1.Audit, v1alpha1.Warn, v1alpha1.Deny}, a)
}

// weaker returns the weaker of two actions.
func weaker(a, b v1alpha1.Action) v1alpha1.Action {
	if severity(b) < severity(a) {
		return b
	}
	return a
}

// Sort orders violations by action, strongest first, then by policy, host, port, client, message, fix and decidedBy.
func Sort(vs []Violation) {
	slices.SortFunc(vs, func(a, b Violation) int {
		return cmp.Or(
			cmp.Compare(severity(b.Action), severity(a.Action)),
			cmp.Compare(a.Policy, b.Policy),
			cmp.Compare(a.Host, b.Host),
			cmp.Compare(a.Port, b.Port),
			cmp.Compare(a.Client, b.Client),
			cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Fix, b.Fix),
			cmp.Compare(a.DecidedBy, b.DecidedBy),
		)
	})
}

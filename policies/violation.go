package policies

import (
	"cmp"
	"slices"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// Violation is one reason against an object, with the action that the Config gives it.
type Violation struct {
	Policy  string          `json:"policy"`
	Action  v1alpha1.Action `json:"action"`
	Message string          `json:"message"`
	// Host, Port and Client name the flow that is wrong; they are empty where the object itself is.
	Host   string `json:"host,omitempty"`
	Port   uint32 `json:"port,omitempty"`
	Client string `json:"client,omitempty"`
	// Fix is the YAML, or the sentence, that mends it.
	Fix string `json:"fix,omitempty"`
	// DecidedBy names the object and the field that decided, as mesh.Decision.String.
	DecidedBy string `json:"decidedBy,omitempty"`
	// Exempt says which exemption lowered this violation, and until when.
	Exempt string `json:"exempt,omitempty"`
	// Undecided is true for the warning that stands for a policy that could not decide.
	Undecided bool `json:"undecided,omitempty"`
}

// severity orders actions from the weakest to the strongest. An action that is none of them is the weakest.
func severity(a v1alpha1.Action) int {
	return slices.Index([]v1alpha1.Action{v1alpha1.Off, v1alpha1.Audit, v1alpha1.Warn, v1alpha1.Deny}, a)
}

// weaker gives the weaker of two actions.
func weaker(a, b v1alpha1.Action) v1alpha1.Action {
	if severity(b) < severity(a) {
		return b
	}
	return a
}

// sortViolations puts denials first, then orders by policy, host, port, client and message: the same every time.
func sortViolations(vs []Violation) {
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

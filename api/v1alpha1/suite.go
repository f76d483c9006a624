package v1alpha1

import "encoding/json"

// Suite is a file of test cases: apiVersion tlsward.io/v1alpha1, kind Suite.
type Suite struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Metadata holds the Suite's name. What else is there is for people.
	Metadata map[string]any `json:"metadata,omitempty"`
	// Config is what the cases are decided by, where that differs from the defaults. Its apiVersion and kind may be
	// left out.
	Config *Config `json:"config,omitempty"`
	// Cases are one or more.
	Cases []SuiteCase `json:"cases"`
}

// Name returns metadata.name.
func (s *Suite) Name() string {
	name, _ := s.Metadata["name"].(string)
	return name
}

// SuiteCase is what is stored, one or more reviews, and what is expected of them. It has either Review and Expect, or
// Steps.
type SuiteCase struct {
	// Name says what the case shows; `tlsward test --run` finds it by that.
	Name string `json:"name"`
	// Given lists the objects that are stored, exactly as they are: they are never mutated, and may be older than the
	// webhooks.
	Given []json.RawMessage `json:"given,omitempty"`
	// Review is the one review of the case; or there are steps.
	Review *SuiteReview `json:"review,omitempty"`
	// Expect is the answer that the review must get.
	Expect *SuiteExpect `json:"expect,omitempty"`
	// Steps are reviews in the order in which they are decided. An object that is admitted is stored, as it was
	// mutated, before the next.
	Steps []SuiteStep `json:"steps,omitempty"`
}

// Reviews returns the reviews of the case in their order: its steps, or the one that it has instead.
func (c SuiteCase) Reviews() []SuiteStep {
	if c.Review == nil {
		return c.Steps
	}
	return []SuiteStep{{SuiteReview: *c.Review, Expect: c.Expect}}
}

// SuiteReview is what an API server would ask to be admitted.
type SuiteReview struct {
	// Operation is CREATE, UPDATE or DELETE; CREATE if unset.
	Operation string `json:"operation,omitempty"`
	// Object is the object to be stored, on CREATE and UPDATE. One without creationTimestamp is the newest of the mesh.
	Object json.RawMessage `json:"object,omitempty"`
	// OldObject is the stored object, on DELETE, and where it matters on UPDATE.
	OldObject json.RawMessage `json:"oldObject,omitempty"`
}

// SuiteStep is one of several reviews of a case, with what is expected of it.
type SuiteStep struct {
	SuiteReview
	// Expect is the answer that the step must get.
	Expect *SuiteExpect `json:"expect"`
}

// SuiteExpect is the answer that a review must get.
type SuiteExpect struct {
	// Decision is that of the validating webhook on the object as the mutating webhook left it: allow or deny.
	Decision string `json:"decision"`
	// Deny lists the ids of the policies that deny: the exact set, none if unset.
	Deny []string `json:"deny,omitempty"`
	// Warn lists the ids of the policies that warn: the exact set, none if unset. It counts for admitted reviews only.
	Warn []string `json:"warn,omitempty"`
	// Spec is the whole spec of the object after mutation. If it is unset, an admitted object must not be changed.
	Spec json.RawMessage `json:"spec,omitempty"`
}

// The decisions on a review.
const (
	DecisionAllow = "allow"
	DecisionDeny  = "deny"
)

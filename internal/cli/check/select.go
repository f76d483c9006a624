package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/policies"
)

// ownPolicies returns what is judged without Rego.
func ownPolicies() []policies.Policy {
	return []policies.Policy{
		{ID: ReviewLimit, Action: v1alpha1.Deny, Title: "The review is larger than any may be",
			Description: "The object touches more of the mesh than a review may, and the webhook refuses it."},
		{ID: UnknownField, Action: v1alpha1.Deny, Title: "A field that the object's kind does not have",
			Description: "The API server refuses the object where it is asked to be strict, and drops the field otherwise."},
	}
}

// checkOnly returns an error if an id is that of no policy.
func checkOnly(ids []string, all []policies.Policy) error {
	var known []string
	for _, p := range slices.Concat(all, ownPolicies()) {
		known = append(known, p.ID)
	}
	slices.Sort(known)
	for _, id := range ids {
		if !slices.Contains(known, id) {
			return fmt.Errorf("--policy: %q is none of %s", id, strings.Join(known, ", "))
		}
	}
	return nil
}

// only returns the findings of some policies; all of them for none.
func only(findings []Finding, ids []string) []Finding {
	if len(ids) == 0 {
		return findings
	}
	return slices.DeleteFunc(findings, func(f Finding) bool { return !slices.Contains(ids, f.Policy) })
}

// fails reports whether a finding makes the command fail.
func (o Options) fails(f Finding) bool {
	return f.Action == v1alpha1.Deny || f.Action == v1alpha1.Warn && o.FailOn == string(v1alpha1.Warn)
}

func checkFailOn(value string) error {
	if value == "" || value == string(v1alpha1.Deny) || value == string(v1alpha1.Warn) {
		return nil
	}
	return fmt.Errorf("--fail-on: want warn or deny, have %q", value)
}

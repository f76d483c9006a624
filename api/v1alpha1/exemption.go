package v1alpha1

import "strings"

// Exemption lets violations of a policy pass, for a reason and until a day.
type Exemption struct {
	Policy string `json:"policy"`
	// Namespaces and Hosts are what it is for; all if unset.
	Namespaces []string `json:"namespaces,omitempty"`
	Hosts      []string `json:"hosts,omitempty"`
	Reason     string   `json:"reason"`
	// Expires is the last day on which it holds.
	Expires Date `json:"expires"`
}

func (e Exemption) validate(f *FieldErrors, field string) {
	if !policyIDPattern.MatchString(e.Policy) {
		f.add(field+".policy", "%q is not a policy id", e.Policy)
	}
	if strings.TrimSpace(e.Reason) == "" {
		f.add(field+".reason", "an exemption needs a reason")
	}
	if e.Expires.IsZero() {
		f.add(field+".expires", "an exemption needs its last day, as 2027-01-31")
	}
	f.addUnlessMatch(field+".namespaces", e.Namespaces, namespacePattern, "a namespace")
	f.addUnlessMatch(field+".hosts", e.Hosts, hostPattern, `a host name, "*" or "*.name"`)
}

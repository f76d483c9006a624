package v1alpha1

import (
	"slices"
	"strings"
	"time"
)

// Exemption lets violations of a policy pass, for a reason and until a day.
type Exemption struct {
	// Policy is the policy's id.
	Policy string `json:"policy"`
	// Namespaces are those of the objects that it is for; all if unset.
	Namespaces []string `json:"namespaces,omitempty"`
	// Hosts are those of the connections that it is for: host names, "*." and a name, or "*". All if unset.
	Hosts []string `json:"hosts,omitempty"`
	// Reason is told wherever the exemption lets something pass.
	Reason string `json:"reason"`
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

// Note says until when and why it lets something pass.
func (e Exemption) Note() string {
	return "exempted until " + e.Expires.Format(time.DateOnly) + ": " + e.Reason
}

// AppliesIn reports whether the exemption is in force for objects of a namespace.
func (e Exemption) AppliesIn(namespace string, now time.Time) bool {
	return !e.Expires.Over(now) && (len(e.Namespaces) == 0 || slices.Contains(e.Namespaces, namespace))
}

// CoversHost reports whether the exemption is for a host, regardless of case. Without hosts it is for all; else
//
//  1. "*" covers every host.
//  2. "db.example.com" covers itself.
//  3. "*.example.com" covers the hosts below example.com, itself and other wildcards ("*.db.example.com") included, and
//     not example.com.
func (e Exemption) CoversHost(host string) bool {
	return len(e.Hosts) == 0 || slices.ContainsFunc(e.Hosts, func(pattern string) bool { return coversHost(pattern, host) })
}

func coversHost(pattern, host string) bool {
	pattern, host = strings.ToLower(pattern), strings.ToLower(host)
	if pattern == "*" || pattern == host {
		return host != ""
	}
	suffix, wildcard := strings.CutPrefix(pattern, "*.")
	return wildcard && strings.HasSuffix(host, "."+suffix)
}

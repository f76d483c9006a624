package v1alpha1

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	// A namespace is an RFC 1123 label.
	namespacePattern = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	// A cluster or trust domain: labels with dots between; a trust domain may hold an underscore (SPIFFE).
	domainPattern = regexp.MustCompile(`^[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*$`)
	// A policy's id names its folder and, with underscores, its Rego package.
	policyIDPattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	// A host is a name, "*", or "*." and a name, in lower case as Istio compares them.
	hostPattern = regexp.MustCompile(`^(\*|(\*\.)?[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*)$`)
)

// Validate returns all that is wrong with a configuration whose defaults are set: FieldErrors.
func (c *Config) Validate() error { return c.validate().orNil() }

func (c *Config) validate() FieldErrors {
	var f FieldErrors
	c.Mesh.validate(&f)
	c.Mutation.validate(&f)
	if c.Enforcement != "" && !slices.Contains(ceilings, c.Enforcement) {
		f.add("enforcement", "want one of deny, warn, audit, got %q", string(c.Enforcement))
	}
	if c.PendingGrace < 0 {
		f.add("pendingGrace", "want more than 0, got %s", time.Duration(c.PendingGrace))
	}
	for _, id := range slices.Sorted(maps.Keys(c.Policies)) {
		c.Policies[id].validate(&f, id)
	}
	for i, e := range c.Exemptions {
		e.validate(&f, fmt.Sprintf("exemptions[%d]", i))
	}
	c.Evaluation.validate(&f)
	return f
}

// addUnlessMatch adds a finding for every value that does not match the pattern.
func (f *FieldErrors) addUnlessMatch(field string, values []string, want *regexp.Regexp, what string) {
	for i, v := range values {
		if !want.MatchString(v) {
			f.add(fmt.Sprintf("%s[%d]", field, i), "%q is not %s", v, what)
		}
	}
}

func (m Mesh) validate(f *FieldErrors) {
	if m.RootNamespace != "" && !namespacePattern.MatchString(m.RootNamespace) {
		f.add("mesh.rootNamespace", "%q is not a namespace", m.RootNamespace)
	}
	if m.TrustDomain != "" && !domainPattern.MatchString(m.TrustDomain) {
		f.add("mesh.trustDomain", "%q is not a trust domain", m.TrustDomain)
	}
	if m.ClusterDomain != "" && !domainPattern.MatchString(m.ClusterDomain) {
		f.add("mesh.clusterDomain", "%q is not a domain", m.ClusterDomain)
	}
	f.addUnlessMatch("mesh.trustDomainAliases", m.TrustDomainAliases, domainPattern, "a trust domain")
	for i, cidr := range m.InternalAddresses {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			f.add(fmt.Sprintf("mesh.internalAddresses[%d]", i), "%q is not a range of addresses, as 10.0.0.0/8", cidr)
		}
	}
	for i, g := range m.IngressGateways {
		field := fmt.Sprintf("mesh.ingressGateways[%d]", i)
		if !namespacePattern.MatchString(g.Namespace) {
			f.add(field+".namespace", "%q is not a namespace", g.Namespace)
		}
		if len(g.Labels) == 0 {
			f.add(field+".labels", "want the labels of the gateway's pods")
		}
	}
	if m.Revision != "" && !namespacePattern.MatchString(m.Revision) {
		f.add("mesh.revision", "%q is not a revision", m.Revision)
	}
}

func (m Mutation) validate(f *FieldErrors) {
	if m.Existing != "" && m.Existing != Report && m.Existing != Complete {
		f.add("mutation.existing", "want report or complete, got %q", string(m.Existing))
	}
	seen := map[uint32]bool{}
	for i, u := range m.Upgrades {
		field := fmt.Sprintf("mutation.upgrades[%d]", i)
		validatePort(f, field+".port", u.Port)
		validatePort(f, field+".targetPort", u.TargetPort)
		if u.Port == u.TargetPort {
			f.add(field, "port and targetPort are both %d: nothing would change", u.Port)
		}
		if seen[u.Port] {
			f.add(field+".port", "%d is upgraded twice", u.Port)
		}
		seen[u.Port] = true
	}
	for i, o := range m.Origination {
		o.validate(f, fmt.Sprintf("mutation.origination[%d]", i))
	}
}

func validatePort(f *FieldErrors, field string, n uint32) {
	if n < 1 || n > 65535 {
		f.add(field, "want a port from 1 to 65535, got %d", n)
	}
}

// originatingModes lists the modes of Istio's ClientTLSSettings that originate TLS.
var originatingModes = []string{"SIMPLE", "MUTUAL", "ISTIO_MUTUAL"}

// tlsFields lists the fields of ClientTLSSettings in networking/v1 of istio.io/api v1.31.
var tlsFields = []string{"mode", "clientCertificate", "privateKey", "caCertificates", "credentialName",
	"subjectAltNames", "sni", "insecureSkipVerify", "caCrl"}

func (o Origination) validate(f *FieldErrors, field string) {
	if len(o.Hosts) == 0 {
		f.add(field+".hosts", `want at least one host; "*" stands for all`)
	}
	f.addUnlessMatch(field+".hosts", o.Hosts, hostPattern, `a host name, "*" or "*.name"`)
	for _, name := range slices.Sorted(maps.Keys(o.TLS)) {
		if !slices.Contains(tlsFields, name) {
			f.add(field+".tls."+name, "unknown field (known: %s)", strings.Join(tlsFields, ", "))
		}
	}
	mode, _ := o.TLS["mode"].(string)
	if !slices.Contains(originatingModes, mode) {
		f.add(field+".tls.mode", "want one of %s, got %v", strings.Join(originatingModes, ", "), quoted(o.TLS["mode"]))
	}
	if mode == "MUTUAL" && o.TLS["credentialName"] == nil && (o.TLS["clientCertificate"] == nil || o.TLS["privateKey"] == nil) {
		f.add(field+".tls", "MUTUAL without credentialName, or clientCertificate and privateKey: Istio starts no TLS by that")
	}
}

func quoted(v any) string {
	if v == nil {
		return "nothing"
	}
	return fmt.Sprintf("%q", fmt.Sprint(v))
}

// actions lists every Action.
var actions = []Action{Deny, Warn, Audit, Off}

// ceilings are what Enforcement may be.
var ceilings = []Action{Deny, Warn, Audit}

func (p PolicyConfig) validate(f *FieldErrors, id string) {
	field := "policies." + id
	if !policyIDPattern.MatchString(id) {
		f.add(field, "%q is not a policy id (lower case words joined by hyphens)", id)
	}
	if !slices.Contains(actions, p.Action) {
		f.add(field+".action", "want one of deny, warn, audit, off, got %q", string(p.Action))
	}
	f.addUnlessMatch(field+".namespaces", p.Namespaces, namespacePattern, "a namespace")
}

package mesh

import (
	"fmt"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// tlsSetting is the tls of a rule for one port and subset, and where it is written.
type tlsSetting struct {
	settings *networking.ClientTLSSettings // nil: none is set
	decision Decision                      // where it stands, or where it would have to
	bySubset bool                          // a subset's own policy decides
}

// tlsFor returns a rule's TLS for a port and subset (pilot/pkg/networking/util/util.go GetPortLevelTrafficPolicy,
// MergeSubsetTrafficPolicy). The first that applies counts, even where it has no tls:
//  1. the subset's portLevelSettings for the port;
//  2. the subset's tls;
//  3. the rule's portLevelSettings for the port;
//  4. the rule's tls.
//
// For instance, port 80 of edition.cnn.com has no TLS, and port 8080 has:
//
//	host: edition.cnn.com
//	trafficPolicy:
//	  tls: {mode: SIMPLE}
//	  portLevelSettings:
//	  - port: {number: 80}
//	    connectionPool: {tcp: {maxConnections: 10}}
func (m *consolidatedRule) tlsFor(number uint32, subsetName string) tlsSetting {
	top := policyTLS(m.policy, number, "spec.trafficPolicy")
	top.decision = m.decisionOn(top, number)
	s, ok := m.subset(subsetName)
	if subsetName == "" || !ok || s.TrafficPolicy == nil {
		return top
	}
	own := m.subsetTLS(number, subsetName)
	if own.settings == nil && portLevelIndex(s.TrafficPolicy, number) < 0 {
		return top
	}
	return own
}

// subsetTLS returns what a subset's own trafficPolicy has for a port.
func (m *consolidatedRule) subsetTLS(number uint32, name string) tlsSetting {
	s, _ := m.subset(name)
	own := policyTLS(s.GetTrafficPolicy(), number, fmt.Sprintf("spec.subsets[%d].trafficPolicy", s.index))
	own.decision.Object, own.bySubset = s.from.Ref, true
	return own
}

// policyTLS returns what a trafficPolicy, which is written at path, has for a port.
func policyTLS(policy *networking.TrafficPolicy, number uint32, path string) tlsSetting {
	if i := portLevelIndex(policy, number); i >= 0 {
		field := fmt.Sprintf("%s.portLevelSettings[%d].tls", path, i)
		return tlsSetting{settings: policy.PortLevelSettings[i].Tls, decision: Decision{Field: field}}
	}
	return tlsSetting{settings: policy.GetTls(), decision: Decision{Field: path + ".tls"}}
}

// sameTLS reports whether two settings are the same to the proxy.
func sameTLS(a, b *networking.ClientTLSSettings) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Mode == b.Mode && a.Sni == b.Sni && a.CredentialName == b.CredentialName && a.CaCertificates == b.CaCertificates &&
		a.ClientCertificate == b.ClientCertificate && a.PrivateKey == b.PrivateKey && a.CaCrl == b.CaCrl &&
		slices.Equal(a.SubjectAltNames, b.SubjectAltNames) && a.InsecureSkipVerify.GetValue() == b.InsecureSkipVerify.GetValue()
}

// asksForTLS reports whether a rule sets a TLS mode other than DISABLE anywhere.
func asksForTLS(spec *networking.DestinationRule) bool {
	policies := []*networking.TrafficPolicy{spec.TrafficPolicy}
	for _, sub := range spec.Subsets {
		policies = append(policies, sub.GetTrafficPolicy())
	}
	for _, p := range policies {
		if p.GetTls().GetMode() != networking.ClientTLSSettings_DISABLE {
			return true
		}
		for _, entry := range p.GetPortLevelSettings() {
			if entry.GetTls().GetMode() != networking.ClientTLSSettings_DISABLE {
				return true
			}
		}
	}
	return false
}

// sniOf returns the SNIs that a rule sets anywhere.
func sniOf(spec *networking.DestinationRule) []string {
	policies := []*networking.TrafficPolicy{spec.TrafficPolicy}
	for _, sub := range spec.Subsets {
		policies = append(policies, sub.GetTrafficPolicy())
	}
	var names []string
	for _, p := range policies {
		names = append(names, p.GetTls().GetSni())
		for _, entry := range p.GetPortLevelSettings() {
			names = append(names, entry.GetTls().GetSni())
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

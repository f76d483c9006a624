package mesh

import (
	"fmt"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// fillPolicy returns what a person wrote with what a BackendTLSPolicy fills in, field by field and port by port
// (pilot/pkg/model/destination_rule.go mergeBackendPolicyTrafficPolicy). An entry of portLevelSettings that a person wrote without
// tls still takes the place of the tls of the whole host, for its port:
//
//	# written                                                   # BackendTLSPolicy, for the whole host
//	portLevelSettings:                                          validation: {hostname: edition.cnn.com}
//	- {port: {number: 80}, loadBalancer: {simple: RANDOM}}      # port 80 is in plaintext
func fillPolicy(written, backend *networking.TrafficPolicy) *networking.TrafficPolicy {
	filled := &networking.TrafficPolicy{
		ConnectionPool: backend.ConnectionPool, OutlierDetection: backend.OutlierDetection, LoadBalancer: backend.LoadBalancer,
		Tls: backend.Tls, Tunnel: backend.Tunnel, ProxyProtocol: backend.ProxyProtocol, RetryBudget: backend.RetryBudget,
		PortLevelSettings: fillPorts(written.PortLevelSettings, backend.PortLevelSettings),
	}
	setIfWritten(&filled.ConnectionPool, written.ConnectionPool)
	setIfWritten(&filled.OutlierDetection, written.OutlierDetection)
	setIfWritten(&filled.LoadBalancer, written.LoadBalancer)
	setIfWritten(&filled.Tls, written.Tls)
	setIfWritten(&filled.Tunnel, written.Tunnel)
	setIfWritten(&filled.ProxyProtocol, written.ProxyProtocol)
	setIfWritten(&filled.RetryBudget, written.RetryBudget)
	return filled
}

func setIfWritten[T any](field **T, written *T) {
	if written != nil {
		*field = written
	}
}

// fillPorts returns the entries that a person wrote, those of backend filled in, and then those for other ports
// (mergeBackendPolicyPortLevelSettings). Of several written for one port the last is filled.
func fillPorts(written, backend []*networking.TrafficPolicy_PortTrafficPolicy) []*networking.TrafficPolicy_PortTrafficPolicy {
	filled := slices.Clone(written)
	for _, b := range backend {
		i := len(written) - 1
		for ; i >= 0 && filled[i].GetPort().GetNumber() != b.GetPort().GetNumber(); i-- {
		}
		if i < 0 {
			filled = append(filled, b)
			continue
		}
		entry := &networking.TrafficPolicy_PortTrafficPolicy{
			Port: filled[i].GetPort(), ConnectionPool: b.ConnectionPool, OutlierDetection: b.OutlierDetection, LoadBalancer: b.LoadBalancer, Tls: b.Tls,
		}
		setIfWritten(&entry.ConnectionPool, filled[i].GetConnectionPool())
		setIfWritten(&entry.OutlierDetection, filled[i].GetOutlierDetection())
		setIfWritten(&entry.LoadBalancer, filled[i].GetLoadBalancer())
		setIfWritten(&entry.Tls, filled[i].GetTls())
		filled[i] = entry
	}
	return filled
}

// decisionOn returns where the settings that a rule has for a port stand, or would have to: in the trafficPolicy that goes before the
// others or, where a BackendTLSPolicy has been filled in, where that or another rule has them.
func (m *consolidatedRule) decisionOn(set tlsSetting, number uint32) Decision {
	decision := Decision{Object: m.first.Ref, Field: set.decision.Field}
	if m.policyFrom != nil {
		decision.Object = m.policyFrom.Ref
	}
	if !slices.ContainsFunc(m.from, func(o *Object) bool { return o.made != nil }) {
		return decision
	}
	for _, o := range m.from {
		if found, ok := o.decisionOn(set.settings, number); ok {
			return found
		}
	}
	return decision
}

// decisionOn returns where these settings stand in a rule, for a port; ok is false where they do not.
func (o *Object) decisionOn(settings *networking.ClientTLSSettings, number uint32) (decision Decision, ok bool) {
	if settings == nil {
		return Decision{}, false
	}
	if o.made != nil {
		i := slices.IndexFunc(o.made.sources, func(source madeSource) bool { return source.tls == settings })
		if i < 0 {
			return Decision{}, false
		}
		return Decision{Object: o.made.sources[i].policy, Field: "spec.validation"}, true
	}
	policy := ruleSpec(o).TrafficPolicy
	for i, entry := range policy.GetPortLevelSettings() {
		if entry.GetTls() == settings && entry.GetPort().GetNumber() == number {
			return Decision{Object: o.Ref, Field: fmt.Sprintf("spec.trafficPolicy.portLevelSettings[%d].tls", i)}, true
		}
	}
	if policy.GetTls() == settings {
		return Decision{Object: o.Ref, Field: "spec.trafficPolicy.tls"}, true
	}
	return Decision{}, false
}

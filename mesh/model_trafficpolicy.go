package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// policyFor returns the trafficPolicy of a rule, or of one of its subsets, as written; nil where there is none, or no
// rule.
func (m *consolidatedRule) policyFor(subsetName string) *networking.TrafficPolicy {
	if m == nil {
		return nil
	}
	if subsetName == "" {
		return m.policy
	}
	sub, _ := m.subset(subsetName)
	return sub.GetTrafficPolicy()
}

// loadBalancerFor returns the load balancer that a rule has for a port and subset; nil rule, nil policy.
func (m *consolidatedRule) loadBalancerFor(number uint32, subsetName string) *networking.LoadBalancerSettings {
	if m == nil {
		return nil
	}
	lb := m.policy.GetLoadBalancer()
	if i := portLevelIndex(m.policy, number); i >= 0 {
		lb = m.policy.PortLevelSettings[i].LoadBalancer
	}
	sub, ok := m.subset(subsetName)
	if subsetName == "" || !ok {
		return lb
	}
	if i := portLevelIndex(sub.TrafficPolicy, number); i >= 0 {
		return sub.TrafficPolicy.PortLevelSettings[i].LoadBalancer
	}
	if own := sub.TrafficPolicy.GetLoadBalancer(); own != nil {
		return own
	}
	return lb
}

// portLevelIndex returns the index of the first entry for this port, or -1.
func portLevelIndex(policy *networking.TrafficPolicy, number uint32) int {
	return slices.IndexFunc(policy.GetPortLevelSettings(), func(p *networking.TrafficPolicy_PortTrafficPolicy) bool {
		return p.GetPort() != nil && p.GetPort().Number == number
	})
}

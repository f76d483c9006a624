package mesh

import networking "istio.io/api/networking/v1alpha3"

// usesAutoMTLS reports whether Istio starts mutual TLS by itself where nothing sets TLS: towards a service inside the
// mesh, and where connections follow the client's own only if every endpoint takes it
// (pilot/pkg/model/push_context.go BestEffortInferServiceMTLSMode).
func (s *Snapshot) usesAutoMTLS(svc scopedService, p port, rule *consolidatedRule, subsetName string) bool {
	if svc.external || svc.atWaypoint {
		return false
	}
	policy := rule.policyFor(subsetName)
	if !svc.isOriginalDst() && !isPassthroughLoadBalancer(policy.GetLoadBalancer()) {
		return true
	}
	known := false
	for _, e := range s.endpointsFor(svc.host, svc.namespace, p.sameNumberOrName) {
		if e.number != p.number {
			continue
		}
		if !e.acceptsMTLS {
			return false
		}
		known = true
	}
	return known
}

// applyAutoMTLS is what Istio does by itself towards services inside the mesh. Where connections follow the client's
// own there is no choice by endpoint: all of them take it.
func (c *Cluster) applyAutoMTLS(how discoveryType, accounts []string, number uint32, subsetName string) {
	if how != discoveryOriginalDst {
		c.AutoMTLS = true
		return
	}
	c.Cause, c.Hop.TLS = CauseNone, networking.ClientTLSSettings_ISTIO_MUTUAL.String()
	c.setIstioMutualNames(&networking.ClientTLSSettings{}, accounts, number, subsetName)
}

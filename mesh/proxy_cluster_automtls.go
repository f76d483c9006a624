package mesh

import networking "istio.io/api/networking/v1alpha3"

// usesAutoMTLS reports whether Istio starts mutual TLS where nothing sets TLS (pilot/pkg/model/push_context.go
// BestEffortInferServiceMTLSMode): towards a service inside the mesh and, where connections go on to their original
// destination, only if every endpoint accepts it.
func (s *Snapshot) usesAutoMTLS(svc scopedService, p port, rule *consolidatedRule, subsetName string) bool {
	if s.settings.NoAutoMTLS || svc.meshExternal || svc.atWaypoint {
		return false
	}
	policy := rule.policyFor(subsetName)
	if !svc.isOriginalDst() && !isPassthroughLoadBalancer(policy.GetLoadBalancer()) {
		return true
	}
	return s.allAcceptMTLS(svc, p)
}

// allAcceptMTLS reports whether a port has endpoints that are known here, and each takes the mesh's own mutual TLS.
func (s *Snapshot) allAcceptMTLS(svc scopedService, p port) bool {
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

// applyAutoMTLS sets what usesAutoMTLS means for a cluster. Where connections go on to their original destination,
// Envoy cannot choose by endpoint, and all of them get mutual TLS.
func (c *Cluster) applyAutoMTLS(how discoveryType, accounts []string, number uint32, subsetName string) {
	if how != discoveryOriginalDst {
		c.AutoMTLS, c.identities = true, accounts
		return
	}
	c.Cause, c.Hop.TLS = CauseNone, networking.ClientTLSSettings_ISTIO_MUTUAL.String()
	c.setIstioMutualNames(&networking.ClientTLSSettings{}, accounts, number, subsetName)
}

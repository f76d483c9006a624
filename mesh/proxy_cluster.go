package mesh

// Cluster is the Envoy cluster outbound|port|subset|host of one proxy: its TLS, and where its endpoints are.
type Cluster struct {
	// Hop is the hop to the host, with the TLS that the proxy starts on it.
	Hop Hop
	// Cause is why no TLS is started, CauseNone where it is.
	Cause Cause
	// TargetPorts are the effective ports, ascending; empty if Istio builds no endpoints.
	TargetPorts []uint32
	// AutoMTLS is true where nothing sets TLS and Istio starts mutual TLS towards those endpoints that accept it (auto
	// mTLS). Hop.TLS is "" then.
	AutoMTLS bool
	// everywhere reports whether all of its endpoints take the mutual TLS of AutoMTLS.
	everywhere bool
	// identities are the names by which that mutual TLS checks its servers; any identity of the mesh will do where there are none.
	identities []string
	// Protocol is the port's declared protocol, Family its class.
	Protocol string
	Family   Family

	subset  string
	rule    *consolidatedRule
	service scopedService
	lookup  ruleLookup
}

// Originated reports whether the proxy starts TLS.
func (c Cluster) Originated() bool { return c.Hop.TLS != "" }

// Cluster returns one cluster of a client's proxy. ok is false where Istio builds none: the client does not know the
// host or the port, the port is UDP, or no rule for it has the subset.
func (s *Snapshot) Cluster(client Client, host string, number uint32, subsetName string) (Cluster, bool) {
	svc, ok := s.serviceFor(client, host)
	if !ok {
		return Cluster{}, false
	}
	return s.cluster(client, svc, number, subsetName)
}

// cluster returns the cluster for a service that the client's proxy knows (pilot/pkg/networking/core/cluster.go
// buildOutboundClusters).
func (s *Snapshot) cluster(client Client, svc scopedService, number uint32, subsetName string) (Cluster, bool) {
	p, ok := svc.port(number)
	if !ok || p.family() == FamilyUDP {
		return Cluster{}, false
	}
	c := Cluster{
		Protocol: p.protocol, Family: p.family(), service: svc, subset: subsetName,
		Hop: Hop{From: client.String(), To: svc.host, Port: number, Protocol: p.protocol, Names: []string{}},
	}
	c.lookup = s.destinationRules(client, svc)
	c.rule = c.lookup.ruleFor(client)
	if _, has := c.rule.subset(subsetName); subsetName != "" && !has {
		return Cluster{}, false
	}
	r, ok := s.upstreamOf(client, svc, p, c.rule, subsetName)
	if !ok {
		return Cluster{}, false
	}
	if c.TargetPorts = r.ports; len(c.TargetPorts) > 0 {
		c.Hop.Port = c.TargetPorts[0]
	}
	switch {
	case client.Kind == ClientZtunnel:
		c.Cause = CauseZtunnel
		return c, subsetName == ""
	case c.rule == nil:
		c.Cause = c.lookup.causeOfNoRule(client)
	default:
		c.applyTLS(client, s.serviceAccounts(svc), number, subsetName)
	}
	if (c.Cause == CauseNoRule || c.Cause == CauseUnselected || c.Cause == CauseUnset) && s.usesAutoMTLS(svc, p, c.rule, subsetName) {
		c.applyAutoMTLS(r.discovery, s.serviceAccounts(svc), number, subsetName)
		c.everywhere = c.AutoMTLS && (s.allAcceptMTLS(svc, p) || s.outsideAcceptsMTLS(svc.service))
	}
	return c, true
}

// causeOfNoRule returns why no rule applies to a client: there is none, or those that there are have a workloadSelector.
func (l ruleLookup) causeOfNoRule(client Client) Cause {
	if len(l.found.all) == 0 {
		return CauseNoRule
	}
	if client.Kind == ClientWaypoint {
		return CauseSelectorAtWaypoint
	}
	return CauseUnselected
}

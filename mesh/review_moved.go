package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// addSentOn adds the flows to names outside the mesh that routes lead to the hosts that a rule covers, where it, or another rule for the
// same host, has connections go on to where the client itself connected:
//
//	host: web.shop.svc.cluster.local
//	trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}, tls: {mode: DISABLE}}
func (r *review) addSentOn(pattern string) {
	sendsOn := slices.ContainsFunc(r.versions(), hasPassthrough)
	for _, set := range r.after.rules.Prefix(pattern + "\x00") {
		sendsOn = sendsOn || slices.ContainsFunc(set.rules, hasPassthrough)
	}
	if !sendsOn {
		return
	}
	for host := range r.after.hostsCoveredBy(pattern) {
		if r.stopped() {
			return
		}
		r.addNamesRoutedTo(host, r.clients, r.addMoved)
	}
}

// hasPassthrough reports whether a rule has a load balancer that sends connections on, for all ports and subsets or for some.
func hasPassthrough(rule *Object) bool {
	spec := ruleSpec(rule)
	if isPassthroughPolicy(spec.TrafficPolicy) {
		return true
	}
	return slices.ContainsFunc(spec.Subsets, func(s *networking.Subset) bool { return isPassthroughPolicy(s.GetTrafficPolicy()) })
}

func isPassthroughPolicy(policy *networking.TrafficPolicy) bool {
	return isPassthroughLoadBalancer(policy.GetLoadBalancer()) ||
		slices.ContainsFunc(policy.GetPortLevelSettings(), func(p *networking.TrafficPolicy_PortTrafficPolicy) bool {
			return isPassthroughLoadBalancer(p.GetLoadBalancer())
		})
}

// addMoved adds the flows of clients to a name, which declared, the same or a wildcard, declares, that were under TLS, or did
// not leave by a route, and that now leave otherwise, or end at a third party's.
func (r *review) addMoved(declared, name string, clients []Client, ports []uint32) {
	for _, client := range clients {
		for _, number := range ports {
			if r.stopped() {
				return
			}
			hops, earlier := r.after.connectionHops(client, name, number), r.before.connectionHops(client, name, number)
			r.add(r.routedInside(hops, earlier, client, declared, name, number)...)
			was := egressVerdict(earlier)
			switch {
			case isUnrouted(hops):
				continue
			case len(earlier) > 0 && was == "":
				markUnrouted(hops)
			case was != Originated || slices.EqualFunc(hops, earlier, hop.sameOnTheWire):
				continue
			}
			r.add(slices.DeleteFunc(r.leaving(hops, was), func(c change) bool { return c.hop.kind == HopGateway })...)
		}
	}
}

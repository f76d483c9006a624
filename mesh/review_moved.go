package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// addSentOn adds the flows to names outside the mesh that routes lead to the hosts that a rule covers, where it, or another rule for the
// same host, has connections go on to where the client itself connected, or has subsets, without which a route to one leads nowhere:
//
//	host: web.shop.svc.cluster.local
//	trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}, tls: {mode: DISABLE}}
func (r *review) addSentOn(pattern string) {
	mayMove := func(rule *Object) bool { return hasPassthrough(rule) || len(ruleSpec(rule).Subsets) > 0 }
	sendsOn := slices.ContainsFunc(r.versions(), mayMove)
	for _, set := range r.after.rules.Prefix(pattern + "\x00") {
		sendsOn = sendsOn || slices.ContainsFunc(set.rules, mayMove)
	}
	if !sendsOn {
		return
	}
	for host := range r.after.hostsCoveredBy(pattern) {
		if r.stopped() {
			return
		}
		r.addNamesRoutedTo(host, r.clientsWithOwn, r.addMoved)
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

// clientsWithOwn returns the clients of a host, those of the object's own namespace among them, and of namespaces to which the service
// under review is or was exported by name: to them alone its destinations may be others.
func (r *review) clientsWithOwn(host string) []Client {
	list := r.clients(host)
	for _, namespace := range r.ownScopes() {
		for _, c := range r.after.clientsIn(namespace, host) {
			if !slices.ContainsFunc(list, func(have Client) bool { return have.compare(c) == 0 }) {
				list = append(list, c)
			}
		}
	}
	return append(list, r.combinedClients(host, list)...)
}

// ownScopes returns the namespaces to which the services of the object under review are or were exported by name; for other objects
// its own.
func (r *review) ownScopes() []string {
	var scopes []string
	for _, o := range r.versions() {
		switch o.Kind {
		case KindService, KindServiceEntry:
			for _, svc := range r.after.settings.servicesOf(o) {
				scopes = append(scopes, svc.exportScopes()...)
			}
		}
	}
	scopes = append(scopes, r.reviewed().Namespace)
	slices.Sort(scopes)
	return slices.DeleteFunc(slices.Compact(scopes), func(scope string) bool { return scope == "*" })
}

package mesh

import (
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// destinationRule adds the flows of the hosts that the rule covers, for the clients whose lookup comes to it, and the
// hops to an egress gateway that it governs.
func (r *review) destinationRule() {
	if r.limitRules(); r.stopped() {
		return
	}
	var patterns []string
	for _, o := range r.versions() {
		patterns = append(patterns, r.after.settings.qualify(ruleSpec(o).Host, o.Namespace))
	}
	external := false
	for i, pattern := range slices.Compact(patterns) {
		known, governs := r.addCoveredHosts(pattern, sniOf(ruleSpec(r.reviewed())))
		external = external || governs
		r.addSentOn(pattern)
		if r.object != nil && i == 0 {
			toGateway := r.addGovernedGatewayHops(pattern)
			if !known {
				r.clients(pattern) // whoever declares the host should not have to pay for too many selectors
			}
			if !known && !toGateway {
				r.addUnknownHost(pattern)
			}
		}
	}
	if r.object != nil && external {
		r.judgeCredentialForGateway()
		r.addOffPath(patterns[0])
	}
}

// addCoveredHosts adds the flows of the hosts that pattern, the host of a rule that sets these SNIs, covers. It reports whether
// there are any, and whether any of them is external.
func (r *review) addCoveredHosts(pattern string, sni []string) (known, external bool) {
	for class := range r.hostClassesBySNI(pattern, sni) {
		known = true
		if !r.after.isExternal(class.host) {
			continue
		}
		external = true
		r.addHostClass(class, func(host string) {
			r.addHost(host, func(c Client) bool { return r.reached(c, host) })
		})
	}
	return known, external
}

// reached reports whether a client's lookup for host comes to the rule's namespace, before or after the review.
func (r *review) reached(c Client, host string) bool {
	for _, s := range []*Snapshot{r.after, r.before} {
		svc, ok := s.serviceFor(c, host)
		if ok && s.lookupReaches(c, svc, r.reviewed().Namespace) {
			return true
		}
	}
	return false
}

// addGovernedGatewayHops adds the hops to an egress gateway that the rule governs: on each port of its Gateways'
// servers, for each subset of the rule or, without subsets, for the rule; where routes lead to a subset, on their ports
// alone. It reports whether host is a gateway's Service.
func (r *review) addGovernedGatewayHops(host string) bool {
	gateways := r.after.gatewaysBehind(host)
	if len(gateways) == 0 {
		return false
	}
	names := []string{""}
	if subsets := ruleSpec(r.object).Subsets; len(subsets) > 0 {
		names = names[:0]
		for _, sub := range subsets {
			names = append(names, sub.GetName())
		}
	}
	client := r.governedClient()
	for _, name := range names {
		routed := r.after.routedPorts(host, name)
		for _, number := range serverPorts(gateways) {
			if len(routed) > 0 && !routed[number] && !routed[0] {
				continue
			}
			h := hop{kind: HopGateway, client: client, host: host, port: number, subset: name, gateways: gateways}
			h.servers = mergedServersOn(gateways, number)
			h.cluster, h.exists = r.after.gatewayCluster(client, host, number, name, h.servers)
			h.servers = h.servers.takingSNI(h.cluster.Hop.SNI)
			h.payload = h.servers.payload()
			if h.exists && h.cluster.rule != nil && slices.Contains(h.cluster.rule.from, r.object) {
				r.addGatewayHop(h)
			}
		}
	}
	return true
}

// routedPorts returns the ports on which routes of the mesh lead to a subset of a Service, 0 for one that they do not name.
func (s *Snapshot) routedPorts(host, subset string) map[uint32]bool {
	ports := map[uint32]bool{}
	for _, v := range s.virtualServicesWithDestination(host) {
		if !slices.Contains(v.gateways, meshGateway) {
			continue
		}
		for d := range s.allDestinations(v) {
			if d.GetSubset() == subset && s.settings.destinationHost(v, d) == host {
				ports[d.GetPort().GetNumber()] = true
			}
		}
	}
	return ports
}

// governedClient returns a client that the rule selects in its own namespace.
func (r *review) governedClient() Client {
	return Client{
		Kind: ClientSidecar, Namespace: r.object.Namespace, Labels: ruleSpec(r.object).GetWorkloadSelector().GetMatchLabels(),
	}
}

// addUnknownHost adds a flow that stands for a rule whose host nothing declares. A Service of the cluster is never
// unknown: not every one is part of the mesh.
func (r *review) addUnknownHost(hostname string) {
	suffix := ".svc." + r.after.settings.ClusterDomain
	if strings.HasSuffix(hostname, suffix) || host.IsWildcard(hostname) && strings.HasSuffix(suffix, hostname[1:]) {
		return
	}
	f := Flow{Path: Path{
		Client: Client{Kind: ClientSidecar, Namespace: r.object.Namespace}, Host: hostname, Hops: []Hop{}, Verdict: Unknown, Cause: CauseUnknownHost,
	}, HopKind: HopEgress, DecidedByObject: true, Rule: &r.object.Ref}
	if known := r.after.hostsInAnyCase(hostname); len(known) > 0 {
		f.Cause, f.Related = CauseCaseMismatch, known[0]
	}
	r.flows = append(r.flows, f)
}

// addOffPath adds a flow that stands for a rule whose TLS no client has.
func (r *review) addOffPath(host string) {
	if r.repeatsOther || !asksForTLS(ruleSpec(r.object)) || slices.ContainsFunc(r.flows, func(f Flow) bool { return f.DecidedByObject || f.Ignored }) {
		return
	}
	r.flows = append(r.flows, Flow{Path: Path{
		Client: Client{Kind: ClientSidecar, Namespace: r.object.Namespace}, Host: host, Hops: []Hop{}, Verdict: Unknown, Cause: CauseOffPath,
	}, HopKind: HopEgress, Rule: &r.object.Ref, Ignored: true})
}

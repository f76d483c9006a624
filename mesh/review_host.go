package mesh

import (
	"cmp"
	"slices"
)

// host adds all flows to host of the clients for which touched is true.
func (r *review) host(host string, touched func(Client) bool) {
	ports := r.after.Ports(host)
	if len(ports) == 0 || !r.after.isExternal(host) {
		return
	}
	clients := slices.DeleteFunc(r.clients(host), func(c Client) bool { return !touched(c) })
	for _, client := range clients {
		for _, number := range ports {
			r.client(client, host, number)
		}
	}
	r.addRoutesTo(host, clients)
	for _, v := range r.after.gatewayVirtualServicesForHost(host) {
		for _, h := range r.after.gatewayRouteHops(v) {
			if h.host == host && touched(h.client) {
				r.add(h, r.clusterBefore(h))
			}
		}
	}
	r.addPossibleClients(host, clients, touched)
}

// hostClass adds the flows of host, the first of a class of hosts, each of which stands for so many others too.
func (r *review) hostClass(host string, also int, touched func(Client) bool) {
	from := len(r.flows)
	r.host(host, touched)
	for i := range r.flows[from:] {
		r.flows[from+i].OtherHosts += also
	}
}

// clients returns the clients of host in both snapshots.
func (r *review) clients(host string) []Client {
	list := r.after.Clients(host)
	seen := map[string]bool{}
	for _, c := range list {
		seen[c.String()] = true
	}
	for _, c := range r.before.Clients(host) {
		gone := c.Kind == ClientWaypoint && !r.after.WaypointServes(c, host)
		if !seen[c.String()] && !gone {
			list = append(list, c)
		}
	}
	return list
}

// client adds the flows of one client to one host and port:
//  1. the hop to the host's own cluster, unless routes send everything to gateways;
//  2. the hops out of gateways;
//  3. the clusters of all subsets, whether or not routes lead there.
func (r *review) client(client Client, host string, number uint32) {
	svc, ok := r.after.serviceFor(client, host)
	if !ok || !svc.external {
		return
	}
	p, ok := svc.port(number)
	if !ok || p.family() == FamilyUDP {
		return
	}
	hops, earlier := r.after.hops(client, host, number), r.before.hops(r.clientBefore(client, host), host, number)
	was := egressVerdict(earlier)
	if isUnrouted(earlier) {
		markUnrouted(hops)
	}
	if r.onlyRoutes {
		if r.usesReviewedRoute(hops) || r.usesReviewedRoute(earlier) || isUnrouted(earlier) {
			r.addRouted(hops, was)
		}
		return
	}
	if isUnrouted(hops) {
		r.add(hops[0], was)
		if !r.after.isRouteDestination(host, number) {
			return
		}
	}
	for _, h := range hops {
		switch {
		case h.kind == HopEgress && h.client.Kind == ClientGateway:
			r.add(h, was)
		case h.kind == HopEgress && h.host == host && h.port == number && h.subset == "":
			r.add(h, cmp.Or(was, r.clusterBefore(h)))
		}
	}
	if allThroughGateways(hops) {
		return
	}
	if len(hops) > 1 || hops[0].route != nil {
		direct := r.after.directHop(client, svc, number, "", p.family())
		r.add(direct, r.clusterBefore(direct))
	}
	r.addSubsets(client, svc, p)
}

// clientBefore returns the proxy that the same pods had for a host before the review: which waypoint stands for a
// host is a label of its ServiceEntry.
func (r *review) clientBefore(client Client, host string) Client {
	switch client.Kind {
	case ClientZtunnel:
		return r.before.ClientOf(client.Namespace, nil, host)
	case ClientWaypoint:
		if before := r.before.waypointClients(host); len(before) > 0 && !r.before.WaypointServes(client, host) {
			return before[0]
		}
	}
	return client
}

// addSubsets adds the clusters of all subsets of the rule that applies to the client.
func (r *review) addSubsets(client Client, svc scopedService, p port) {
	if client.Kind == ClientZtunnel {
		return
	}
	rule := r.after.destinationRules(client, svc).ruleFor(client)
	if rule == nil {
		return
	}
	for _, sub := range rule.subsets {
		h := r.after.directHop(client, svc, p.number, sub.Name, p.family())
		if h.exists {
			r.add(h, r.clusterBefore(h))
		}
	}
}

// clusterBefore returns the verdict of the hop's cluster before the review; "" if there was none.
func (r *review) clusterBefore(h hop) Verdict {
	svc, ok := r.before.serviceFor(h.client, h.host)
	if !ok {
		return ""
	}
	was := r.before.directHop(h.client, svc, h.port, h.subset, h.payload)
	if !was.exists {
		return ""
	}
	return was.verdict()
}

package mesh

import (
	"cmp"
	"iter"
	"slices"

	"github.com/tlsward/tlsward/mesh/host"
)

// addHost adds the flows to a host of the clients for which touched is true: by the clusters of the host, by routes for
// other hosts, and out of gateways. Those of clients that may exist are added where they lose their TLS: for their sake a
// review has to answer for nothing else.
func (r *review) addHost(host string, touched func(Client) bool) {
	if r.add(r.leftToWildcard(host)...); r.stopped() || !r.isExternal(host) && !r.isTakenFromWildcard(host) {
		return
	}
	clients, possible := r.touchedClients(host, touched)
	r.add(r.changesTo(host, clients, r.hostChanges)...)
	r.add(r.changesByRoutes(host, clients)...)
	r.add(r.gatewayChanges(host, touched)...)
	r.add(losses(r.changesTo(host, possible, r.hostChanges))...)
	r.add(losses(r.changesByRoutes(host, possible))...)
	r.add(losses(r.gatewayChangesElsewhere(host, touched))...)
}

// isExternal reports whether a host is outside the mesh, and has any port.
func (r *review) isExternal(host string) bool {
	return r.after.isExternal(host) && len(r.after.Ports(host)) > 0
}

// hostClasses returns the classes of the hosts that a pattern covers, with no SNI of their own to tell apart.
func (r *review) hostClasses(pattern string) iter.Seq[hostClass] {
	if !host.IsWildcard(pattern) {
		return r.after.hostClasses(pattern, nil, r.lists)
	}
	if r.classes[pattern] == nil {
		r.hostClassesBySNI(pattern, nil)
	}
	return slices.Values(r.classes[pattern])
}

// hostClassesBySNI returns the classes of the hosts that a pattern covers, with these SNIs to tell apart.
func (r *review) hostClassesBySNI(pattern string, sni []string) iter.Seq[hostClass] {
	if !host.IsWildcard(pattern) {
		return r.after.hostClasses(pattern, sni, r.lists)
	}
	classes := slices.Collect(r.after.hostClasses(pattern, sni, r.lists))
	if r.classes == nil {
		r.classes = map[string][]hostClass{}
	}
	if r.classes[pattern] == nil {
		r.classes[pattern] = withoutSNI(classes)
	}
	return slices.Values(classes)
}

// addHostClass adds the flows of the first host of a class, which stand for the others too.
func (r *review) addHostClass(class hostClass, add func(host string)) {
	from := len(r.flows)
	add(class.host)
	for i := range r.flows[from:] {
		r.flows[from+i].OtherHosts += class.others
	}
}

// hostChanges returns the changes of one client for one port of a host:
//  1. the hop to the host's own cluster, unless routes send everything to gateways;
//  2. the hops out of gateways;
//  3. the clusters of all subsets, whether or not routes lead there.
//
// Here they are, for port 80, the cluster of the host and the one of v1, which leaves in plaintext if a route leads there:
//
//	host: edition.cnn.com
//	trafficPolicy: {tls: {mode: SIMPLE}}
//	subsets: [{name: v1, trafficPolicy: {tls: {mode: DISABLE}}}]
func (r *review) hostChanges(client Client, host string, number uint32) []change {
	svc, p, ok := r.externalPort(client, host, number)
	if !ok {
		return r.passedOn(client, host, number)
	}
	hops, earlier := r.hopsThenAndNow(client, host, number)
	was := egressVerdict(earlier)
	list := r.passedOn(client, host, number)
	if isUnrouted(hops) {
		list = append(list, change{hop: hops[0], before: was})
		if !r.after.isRouteDestination(host, number) {
			return list
		}
	}
	for _, h := range hops {
		switch {
		case h.kind == HopEgress && h.client.Kind == ClientGateway:
			list = append(list, change{hop: h, before: was})
		case h.kind == HopEgress && h.host == host && h.port == number && h.subset == "":
			list = append(list, change{hop: h, before: cmp.Or(was, r.clusterBefore(h))})
		}
	}
	list = r.withLostVerification(list, earlier, client, host, host)
	if allThroughGateways(hops) {
		return list
	}
	unrouted := r.subsetChanges(client, svc, p)
	if len(hops) > 1 || hops[0].route != nil {
		unrouted = append(unrouted, r.clusterChange(r.after.directHop(client, svc, number, "", p.family())))
		// Requests that routes lead elsewhere leave nothing in plaintext here.
		if p.family() == FamilyHTTP && !r.after.isRouteDestination(host, number) {
			unrouted = slices.DeleteFunc(unrouted, func(c change) bool { return c.hop.verdict() == Plaintext && !c.losesTLS() })
		}
	}
	return append(list, unrouted...)
}

// externalPort returns what a client knows of an external host and one of its ports.
func (r *review) externalPort(client Client, host string, number uint32) (scopedService, port, bool) {
	svc, ok := r.after.serviceFor(client, host)
	if !ok || !r.after.leavesMesh(svc.service) {
		return svc, port{}, false
	}
	p, ok := svc.port(number)
	return svc, p, ok && p.family() != FamilyUDP
}

// hopsThenAndNow returns the hops of a client for a port of a host after and before the review.
func (r *review) hopsThenAndNow(client Client, host string, number uint32) (hops, earlier []hop) {
	hops, earlier = r.after.hops(client, host, number), r.hopsBefore(client, host, number)
	if endsAtGateway(earlier) {
		earlier = r.beforeTaken(hops, earlier, r.clientBefore(client, host), host, number)
	}
	if isUnrouted(earlier) {
		markUnrouted(hops)
	}
	return hops, earlier
}

// hopsBefore returns the hops by which a client sent to a port of a host before the review. What it sent to a host that it did
// not know then, the closest wildcard over it took. That a namespace declares such a host for its own clients is its own to
// say: these have none.
//
//	# namespace egress, exported to all, with a rule        # namespace shop, under review: without one
//	hosts: ["*.example.com"]                                 hosts: [api.example.com]
func (r *review) hopsBefore(client Client, host string, number uint32) []hop {
	before := r.clientBefore(client, host)
	if _, known := r.before.serviceFor(before, host); known || client.Namespace == r.reviewed().Namespace {
		return r.before.hops(before, host, number)
	}
	return r.before.connectionHops(before, host, number)
}

// serviceBefore returns the service by which a client sent to a host before the review: its own, or that of the closest wildcard.
func (r *review) serviceBefore(client Client, host string) scopedService {
	before := r.clientBefore(client, host)
	if svc, ok := r.before.serviceFor(before, host); ok {
		return svc
	}
	for _, wide := range r.before.externalWildcardsOver(host) {
		if svc, ok := r.before.serviceFor(before, wide); ok {
			return svc
		}
	}
	return scopedService{}
}

// serviceOfHopsBefore returns the service by which hopsBefore has what a client sent to a port of a host, inside the mesh too; nil
// where a route alone took it.
func (r *review) serviceOfHopsBefore(client Client, host string, number uint32) *service {
	if own := r.serviceBefore(client, host); own.service != nil {
		return own.service
	}
	before := r.clientBefore(client, host)
	wide, _ := r.before.serviceFor(before, r.before.wildcardListenedFor(before, host, number))
	return wide.service
}

// isTakenFromWildcard reports whether a host that nothing declared before the review was that of a wildcard outside the mesh.
func (r *review) isTakenFromWildcard(host string) bool {
	return len(r.before.services.At(host)) == 0 && len(r.after.Ports(host)) > 0 && len(r.before.externalWildcardsOver(host)) > 0
}

// subsetChanges returns the clusters of all subsets of the rule that applies to the client.
func (r *review) subsetChanges(client Client, svc scopedService, p port) []change {
	if client.Kind == ClientZtunnel {
		return nil
	}
	rule := r.after.destinationRules(client, svc).ruleFor(client)
	if rule == nil {
		return nil
	}
	var list []change
	for _, sub := range rule.subsets {
		if h := r.after.directHop(client, svc, p.number, sub.Name, p.family()); h.exists {
			list = append(list, r.clusterChange(h))
		}
	}
	return list
}

// newDestination returns the changes of a client's connections to the hosts of a VirtualService, whose routes lead to a
// cluster that was not there before. Here requests for a.example, which are under TLS wherever they leave, and led nowhere
// by the route, leave in plaintext:
//
//	# stored                                              # under review
//	hosts: [a.example]                                    hosts: [b.example]
//	http: [{route: [{destination: {host: b.example}}]}]   ports: [{number: 80, name: http, protocol: HTTP}]
func (r *review) newDestination(v *virtualService, client Client, to hop) []change {
	var list []change
	for _, pattern := range v.hosts {
		for class := range r.after.hostClasses(pattern, nil, r.lists) {
			if r.stopped() {
				return nil
			}
			for _, number := range r.after.Ports(class.host) {
				hops, earlier := r.hopsThenAndNow(client, class.host, number)
				list = append(list, r.newDestinationFrom(client, class.host, class.host, number, hops, earlier, to)...)
			}
		}
		if len(r.after.services.At(pattern)) > 0 {
			continue
		}
		for _, wide := range r.after.externalWildcardsOver(pattern) {
			for _, number := range r.after.Ports(wide) {
				hops, earlier := r.after.connectionHops(client, pattern, number), r.before.connectionHops(client, pattern, number)
				list = append(list, r.newDestinationFrom(client, wide, pattern, number, hops, earlier, to)...)
			}
		}
	}
	return list
}

// newDestinationFrom returns the changes of a client's connections to a port of a name, which declared, the same or a wildcard,
// declares, that a route leads to a cluster. Its hops were earlier before the review.
func (r *review) newDestinationFrom(client Client, declared, name string, number uint32, hops, earlier []hop, to hop) []change {
	svc, p, ok := r.externalPort(client, declared, number)
	if !ok || declared == to.host {
		return nil
	}
	if !slices.ContainsFunc(earlier, func(h hop) bool { return h.kind == HopEgress && h.exists || h.kind == HopGateway }) {
		earlier = []hop{r.before.directHop(client, svc, number, "", p.family())} // as it was before the route
	}
	hops = slices.DeleteFunc(hops, func(h hop) bool {
		return h.kind != HopEgress || h.host != to.host || h.port != to.port || h.subset != to.subset
	})
	list := askedFor(name, routedChanges(hops, egressVerdict(earlier)))
	return withLedBy(losses(r.withLostVerification(list, earlier, client, declared, name)))
}

// withLedBy sets the VirtualServices that lead to the hops of changes.
func withLedBy(list []change) []change {
	for i, c := range list {
		if c.hop.route != nil && c.losesTLS() {
			by := c.hop.route.by()
			list[i].led = &by
		}
	}
	return list
}

// leftBefore reports whether what a client sends to a host left the mesh before the review.
func (r *review) leftBefore(client Client, host string) bool {
	svc, ok := r.before.serviceFor(r.clientBefore(client, host), host)
	return ok && r.before.leavesMesh(svc.service)
}

// changesByRoutes returns the changes of what routes for other hosts bring to a host: requests to a port for TLS, which
// nobody encrypts if the proxy does not, whatever loses its TLS, and what the routes led nowhere before.
func (r *review) changesByRoutes(host string, clients []Client) []change {
	var list []change
	for _, v := range r.routesToDestination(host) {
		for _, client := range clients {
			if r.stopped() {
				return nil
			}
			for _, h := range r.after.meshRouteHops(v, client, host) {
				c := r.clusterChange(h)
				if h.payload == FamilyHTTP && h.cluster.Family == FamilyTLS || c.losesTLS() {
					list = append(list, c)
				}
				if c.before == "" || !r.leftBefore(client, host) {
					list = append(list, r.newDestination(v, client, h)...)
				}
			}
		}
	}
	return list
}

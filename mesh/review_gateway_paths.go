package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// gatewayPaths is the review of what comes through the pods of one Gateway, from whatever client and by whoever's route: other
// Gateways configure the same pods, and the server with the name closest to a connection's takes it. Here those to
// edition.cnn.com are taken from the first by the second:
//
//	metadata: {name: egress, namespace: istio-system}   metadata: {name: mine, namespace: team}
//	spec:                                               spec:
//	  selector: {istio: egressgateway}                    selector: {istio: egressgateway}
//	  servers:                                            servers:
//	  - hosts: ["*.cnn.com"]                              - hosts: [edition.cnn.com]
type gatewayPaths struct {
	*review
	gateway *Object
	names   []string // the hosts of its servers, before and after the review
	// completes reports whether the object under review is where a stored route leads, and not the Gateway or a route.
	completes bool
}

// addGatewayPaths adds the flows that lose their TLS, or its check, on the way through the pods of Gateways.
func (r *review) addGatewayPaths(gateways ...Ref) {
	for _, ref := range gateways {
		p := gatewayPaths{review: r}
		for _, s := range []*Snapshot{r.before, r.after} {
			if g := s.gateway(ref); g != nil {
				p.gateway = g
				p.names = append(p.names, serverNames(g)...)
			}
		}
		if p.gateway != nil {
			p.add()
		}
	}
}

// addGatewayPathsTo adds the flows that lose their TLS, or its check, on the way through gateways whose stored routes lead to a
// destination, which the object under review makes.
func (r *review) addGatewayPathsTo(destination string) {
	if r.object == nil {
		return
	}
	for _, v := range r.routesToDestination(destination) {
		for _, name := range v.gateways {
			if r.stopped() {
				return
			}
			g := r.after.gateway(parseGatewayName(name))
			if name == meshGateway || g == nil {
				continue
			}
			p := gatewayPaths{review: r, gateway: g, names: v.hosts, completes: true}
			if len(v.spec.Tls)+len(v.spec.Tcp) > 0 { // see addPathsOfBytes
				p.names = serverNames(g)
			}
			p.add()
		}
	}
}

// serverNames returns the hosts of a Gateway's servers, without the namespaces for which they are.
func serverNames(g *Object) []string {
	var names []string
	for _, srv := range gatewaySpec(g).Servers {
		names = append(names, newGatewayServer(g, srv).sniHosts()...)
	}
	return names
}

// add adds the flows of all hosts that routes of the mesh send through the pods, as far as the Gateway may take them.
func (p gatewayPaths) add() {
	seen := map[string]bool{}
	for _, service := range p.after.routedServicesOf(p.gateway) {
		isTaken := p.takesFrom(service)
		for _, v := range p.after.virtualServicesWithDestination(service) {
			if !slices.Contains(v.gateways, meshGateway) || !isTaken(v) {
				continue
			}
			for _, pattern := range v.hosts {
				if !seen[pattern] {
					seen[pattern] = true
					p.addHosts(pattern)
				}
			}
		}
	}
}

// addHosts adds the flows of the hosts that pattern covers, and of the Gateway's own that wildcards cover.
func (p gatewayPaths) addHosts(pattern string) {
	for class := range p.after.hostClasses(pattern, nil, p.lists) {
		if p.stopped() {
			return
		}
		p.addHostClass(class, func(host string) {
			p.review.add(losses(p.changesTo(host, p.clients(host), p.changes))...)
		})
	}
	for _, name := range p.names {
		if host.Covers(pattern, name) {
			p.review.add(losses(p.undeclaredHostChanges(name))...)
		}
	}
}

// changes returns the changes of one client for one port of a host, where a server is known to take what it sends.
func (p gatewayPaths) changes(client Client, host string, number uint32) []change {
	if _, _, ok := p.externalPort(client, host, number); !ok {
		return nil
	}
	hops, earlier := p.hopsThenAndNow(client, host, number)
	if !slices.ContainsFunc(hops, func(h hop) bool { return h.kind == HopGateway && len(h.servers) > 0 }) {
		return nil
	}
	list := p.withLostVerification(reroutedChanges(hops, earlier), earlier, client, host, host)
	if p.completes {
		withLedBy(list)
	}
	return append(list, p.routedInside(hops, earlier, client, host, host, number)...)
}

// takesFrom returns a function that reports whether the Gateway may take what a route sends to a Service:
//  1. it has a host in common with the route;
//  2. it has the SNI of the hop from the sidecar, which is one for all hosts of the route; or
//  3. its servers leave others of the pods no place on their port.
func (p gatewayPaths) takesFrom(service string) func(*virtualService) bool {
	if p.takesAnyName("*."+service) || p.displaces(service) {
		return func(*virtualService) bool { return true }
	}
	subsets := map[string]bool{}
	for name, sni := range p.after.serverNamesOfRules(service) {
		subsets[name] = slices.ContainsFunc(sni, p.takesAnyName)
	}
	return func(v *virtualService) bool {
		if slices.ContainsFunc(v.hosts, p.takesAnyName) || subsets[""] {
			return true
		}
		for d := range p.after.allDestinations(v) {
			if subsets[d.GetSubset()] && p.after.settings.destinationHost(v, d) == service {
				return true
			}
		}
		return false
	}
}

// takesAnyName reports whether a server of the Gateway is for a name, or for some that a wildcard covers.
func (p gatewayPaths) takesAnyName(name string) bool {
	return slices.ContainsFunc(p.names, func(own string) bool { return host.Matches(own, name) })
}

// displaces reports whether the review changes which servers other Gateways have on the pods behind a Service.
func (p gatewayPaths) displaces(service string) bool {
	before, after := p.before.gatewaysBehind(service), p.after.gatewaysBehind(service)
	for _, number := range serverPorts([]*Object{p.gateway}) {
		if !slices.EqualFunc(p.othersOn(before, number), p.othersOn(after, number), gatewayServer.isSame) {
			return true
		}
	}
	return false
}

// othersOn returns the servers of a port that other Gateways have.
func (p gatewayPaths) othersOn(gateways []*Object, number uint32) []gatewayServer {
	own := p.gateway.Namespace + "/" + p.gateway.Name
	return slices.DeleteFunc(mergedServersOn(gateways, number), func(srv gatewayServer) bool { return srv.gateway == own })
}

// isSame reports whether two servers are the same one of a Gateway that has not changed.
func (srv gatewayServer) isSame(other gatewayServer) bool {
	return srv.gateway == other.gateway && srv.name == other.name && slices.Equal(srv.hosts, other.hosts)
}

// serverNamesOfRules returns the SNIs that DestinationRules for a host set, by the subset, "" for none.
func (s *Snapshot) serverNamesOfRules(hostname string) map[string][]string {
	names := map[string][]string{}
	add := func(subset string, policy *networking.TrafficPolicy) {
		names[subset] = append(names[subset], policy.GetTls().GetSni())
		for _, port := range policy.GetPortLevelSettings() {
			names[subset] = append(names[subset], port.GetTls().GetSni())
		}
	}
	for _, pattern := range s.ruleHostsCovering(hostname) {
		for _, set := range s.rules.Prefix(pattern + "\x00") {
			for _, o := range set.rules {
				add("", ruleSpec(o).TrafficPolicy)
				for _, subset := range ruleSpec(o).Subsets {
					add(subset.GetName(), subset.GetTrafficPolicy())
				}
			}
		}
	}
	return names
}

// endsAtGateway reports whether hops lead to gateways, and nothing of it leaves the mesh there.
func endsAtGateway(hops []hop) bool {
	return nothingLeaves(hops) && slices.ContainsFunc(hops, func(h hop) bool { return h.kind == HopGateway })
}

// beforeTaken returns the earlier hops of a client, which ended at a gateway, as they were without the routes by which they
// leave now or, where these would be nowhere then either, without the Gateways of these routes. So two writes, the first of
// which takes connections and leads them nowhere, are no way out of TLS.
func (r *review) beforeTaken(hops, earlier []hop, client Client, host string, number uint32) []hop {
	var routes, gateways []Ref
	for _, h := range hops {
		if h.kind == HopGateway || h.client.Kind != ClientGateway || h.route == nil {
			continue
		}
		routes = append(routes, h.route.by())
		for _, name := range h.route.virtualService.gateways {
			gateways = append(gateways, parseGatewayName(name))
		}
	}
	without := r.before
	for _, refs := range [][]Ref{routes, gateways} {
		for _, ref := range refs {
			without = without.Without(ref)
		}
		list := without.hops(client, host, number)
		if !nothingLeaves(list) && slices.ContainsFunc(list, func(h hop) bool { return h.kind == HopGateway && len(h.servers) > 0 }) {
			return list
		}
	}
	return earlier
}

package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// gateway adds the hops to a Gateway that the review changes by stored routes, since its servers decide which SNI they accept,
// what it lets out of the mesh by those routes that it did not before, and what loses its TLS on the way through its pods.
func (r *review) gateway(ref Ref) {
	bound := byGateway + ref.Namespace + "/" + ref.Name + "\x00"
	seen, requests := map[string]bool{}, r.requestsReview()
	for _, s := range []*Snapshot{r.after, r.before} { // a route of the Gateway API may be attached no more
		for _, v := range s.virtualServices.Prefix(bound) {
			if s == r.after {
				r.add(r.newGatewayEgress(ref, v)...)
				requests.addTaken(v, "")
			}
			for _, pattern := range v.hosts {
				if !seen[pattern] {
					seen[pattern] = true
					for class := range r.after.hostClasses(pattern, nil, r.lists) {
						r.addHopsToGateways(class.host)
					}
				}
			}
		}
	}
	r.addGatewayPaths(ref)
}

// newGatewayEgress returns the hops by v out of a Gateway, as the review leaves it, that it did not have before.
func (r *review) newGatewayEgress(ref Ref, v *virtualService) []change {
	if r.after.gateway(ref) == nil {
		return nil
	}
	name := ref.Namespace + "/" + ref.Name
	had := map[flowKey]bool{}
	if r.before.gateway(ref) != nil {
		for _, h := range r.waysBefore().hopsOf(v, name) {
			had[h.key()] = true
		}
	}
	var list []change
	for _, h := range r.waysAfter().hopsOf(v, name) {
		list = append(list, change{hop: h, before: r.waysBefore().verdict(h, r.clusterBefore)})
	}
	list = r.withOpened(list)
	return slices.DeleteFunc(list, func(c change) bool { return had[c.hop.key()] && c.opened == nil })
}

// addHopsToGateways adds the hops to gateways of all clients of a host.
func (r *review) addHopsToGateways(host string) {
	for _, client := range r.clients(host) {
		if r.stopped() {
			return
		}
		for _, number := range r.after.Ports(host) {
			for _, h := range r.after.hops(client, host, number) {
				if h.kind == HopGateway {
					r.addGatewayHop(h)
				}
			}
		}
	}
}

// gatewayChanges returns the changes of what gateways send to a host, by the routes of VirtualServices for it.
func (r *review) gatewayChanges(host string, touched func(Client) bool) []change {
	var hops []hop
	for _, v := range r.after.gatewayVirtualServicesForHost(host) {
		hops = append(hops, r.after.gatewayRouteHops(v)...)
	}
	return r.clusterChanges(hopsTo(host, hops, touched))
}

// gatewayChangesElsewhere returns the changes of what gateways send to a host where nothing tells the namespace of
// their pods, for each namespace that they may be in.
func (r *review) gatewayChangesElsewhere(host string, touched func(Client) bool) []change {
	routes := append(r.after.gatewayVirtualServicesForHost(host), r.after.virtualServicesWithDestination(host)...)
	if !slices.ContainsFunc(routes, (*virtualService).bindsGateway) {
		return nil
	}
	namespaces := append(r.before.clientNamespaces(host), r.after.clientNamespaces(host)...)
	slices.Sort(namespaces)
	namespaces = slices.Compact(namespaces)
	var hops []hop
	for _, v := range routes {
		ways := r.after.gatewayRoutesOf(v)
		for _, name := range v.gateways {
			if r.stopped() || name == meshGateway || r.after.knowsGatewayPods(name, v) {
				continue
			}
			client := r.after.clientOfGateway(name, v)
			for _, client.Namespace = range namespaces {
				hops = append(hops, ways.hopsOf(name, client)...)
			}
		}
	}
	return r.clusterChanges(hopsTo(host, hops, touched))
}

// hopsTo returns the hops to a host of clients for which touched is true.
func hopsTo(host string, hops []hop, touched func(Client) bool) []hop {
	return slices.DeleteFunc(hops, func(h hop) bool { return h.host != host || !touched(h.client) })
}

// serverRef returns a server of a Gateway, or the listener of which that was made.
func serverRef(g *Object, index int) *ServerRef {
	if g.listener != nil {
		return &ServerRef{Gateway: g.listener.source, Index: g.listener.index}
	}
	return &ServerRef{Gateway: g.Ref, Index: index}
}

// onlyServer returns the plaintext server of a hop to a gateway that can be changed for it alone: of the namespace of the object
// under review, the only one of its port on the pods or beside servers for mutual TLS alone, to which those for other hosts lead, and
// routes of one VirtualService lead there. nil where there is none.
func (r *review) onlyServer(h hop) *ServerRef {
	var found *ServerRef
	var plain gatewayServer
	others := false
	for _, g := range h.gateways {
		for i, srv := range gatewaySpec(g).Servers {
			switch {
			case srv.GetPort().GetNumber() != h.port:
			case srv.GetTls().GetMode() == networking.ServerTLSSettings_ISTIO_MUTUAL:
				others = true
			case found != nil || g.Namespace != r.reviewed().Namespace:
				return nil
			default:
				found, plain = serverRef(g, i), newGatewayServer(g, srv)
			}
		}
	}
	routes := slices.DeleteFunc(r.after.virtualServicesWithDestination(h.host), func(v *virtualService) bool {
		return !slices.Contains(v.gateways, meshGateway) || !r.after.routesToPort(v, h.host, h.port) || others && !plain.matchesHostsOf(v)
	})
	if len(routes) != 1 {
		return nil
	}
	return found
}

package mesh

import "slices"

// maxRoutesTaken is how many VirtualServices of others routedInside looks behind for what connections were without them.
const maxRoutesTaken = 16

// routedInside returns the changes of a client's hops to what name asks for that a third party's routes lead to servers inside
// the mesh, and that were under TLS: the server whose name was checked is not theirs. declared is the host, the same or a
// wildcard over it, that a ServiceEntry declares, and earlier are the hops before the review.
//
// A third party is a namespace that is neither the client's nor the only one that declares the host: these may decide that a
// stub or a proxy of their own stands for the server. Whether the pods of a Service are there, and take mutual TLS, is not
// known here; a Service without a selector may lead anywhere. Here everybody's requests for the host of namespace default go
// to a Service of team-a, mirrors included:
//
//	metadata: {name: x, namespace: team-a}
//	spec:
//	  hosts: [api.example.com]
//	  http: [{route: [{destination: {host: proxy.team-a.svc.cluster.local}}]}]
//
// So they do where it has no hosts, and the owner's VirtualService delegates to it.
func (r *review) routedInside(hops, earlier []hop, client Client, declared, name string, number uint32) []change {
	c := takenConnection{review: r, client: client, declared: declared, name: name, number: number}
	var list []change
	var before []hop // as they were, which earlier need not be
	for i, h := range hops {
		if h.route == nil || !c.isOfThirdParty(h.route) || !c.endsInside(hops[i:]) {
			continue
		}
		if before == nil {
			before = r.before.connectionHops(r.clientBefore(client, name), name, number)
		}
		to, ok := r.hopInside(h)
		if !ok || r.after.lacksSubset(h.client, to.cluster.service, h.port, h.subset) || c.wasLedTo(h, before) {
			continue
		}
		if egressVerdict(earlier) != Originated && !c.wasUnderTLS() {
			return nil
		}
		svc := r.declaredByOther(client, declared, h.route.author.Namespace)
		lost := &LostVerification{Host: name, Service: svc.ref, Names: append([]string{}, to.checkedNames(name)...)}
		list = append(list, change{hop: to, before: Originated, lost: lost})
	}
	return list
}

// takenConnection is what a client sends to a port of a name, which routes of others may take.
type takenConnection struct {
	*review
	client         Client
	declared, name string
	number         uint32
}

// isOfThirdParty reports whether the author of a route, a delegate too, is neither of the client's namespace, nor of the only
// one that declares the host, nor of the root namespace, which is the mesh's own. To whom a VirtualService under review
// delegates for clients of its own namespace is its own to say.
func (c takenConnection) isOfThirdParty(to *routeDestination) bool {
	author, root := to.author.Namespace, to.virtualService.Ref
	if author == c.client.Namespace || author == c.after.settings.RootNamespace ||
		root == c.reviewed().Ref && root.Namespace == c.client.Namespace {
		return false
	}
	return c.declaredByOther(c.client, c.declared, author) != nil
}

// endsInside reports whether the first of hops leads to a server inside the mesh. Pods that no Gateway selects are no
// gateway's, whatever a VirtualService is bound to; nor are those of an egress gateway outside the root namespace from which
// nothing goes on.
func (c takenConnection) endsInside(hops []hop) bool {
	h := hops[0]
	if h.payload == FamilyTLS || h.kind != HopGateway {
		return h.payload != FamilyTLS && h.kind == hopInside
	}
	if len(h.gateways) == 0 {
		return true
	}
	_, namespace, _ := c.after.settings.parseServiceHost(h.host)
	return namespace != c.after.settings.RootNamespace && !goesOn(hops)
}

// goesOn reports whether anything leaves the gateway to which the first of hops leads.
func goesOn(hops []hop) bool {
	for _, h := range hops[1:] {
		if h.client.Kind != ClientGateway {
			return false
		}
		if h.kind == HopEgress || h.kind == hopInside {
			return true
		}
	}
	return false
}

// wasLedTo reports whether one of the hops before the review led some of the same connections to the destination of a hop
// already, by a route of a third party.
func (c takenConnection) wasLedTo(h hop, before []hop) bool {
	svc, ok := c.before.serviceFor(h.client, h.host)
	if !ok || svc.alias || !svc.hasPort(h.port) {
		return false
	}
	return slices.ContainsFunc(before, func(was hop) bool {
		return was.kind == h.kind && was.host == h.host && was.port == h.port && len(was.gateways) == len(h.gateways) &&
			was.route != nil && c.isOfThirdParty(was.route) && !c.before.lacksSubset(was.client, svc, was.port, was.subset)
	})
}

// wasUnderTLS reports whether the connections were under TLS before the review, or would have been without the routes by which
// others kept all of them from leaving. Where these are too many to tell, they were.
func (c takenConnection) wasUnderTLS() bool {
	s, client := c.before, c.clientBefore(c.client, c.name)
	for range maxRoutesTaken {
		hops := s.connectionHops(client, c.name, c.number)
		if !nothingLeaves(hops) {
			return egressVerdict(hops) == Originated
		}
		i := slices.IndexFunc(hops, func(h hop) bool { return h.route != nil && c.isOfThirdParty(h.route) })
		if i < 0 {
			return false
		}
		s = s.Without(hops[i].route.by())
	}
	return true
}

// lacksSubset reports whether no rule of a service has a subset for a client: Istio makes no cluster of it, and nothing is sent there,
// until a rule adds it (addSentOn).
func (s *Snapshot) lacksSubset(client Client, svc scopedService, number uint32, subset string) bool {
	if subset == "" {
		return false
	}
	_, exists := s.cluster(client, svc, number, subset)
	return !exists
}

// hopInside returns the hop of a route to a destination inside the mesh, as the proxy sends it; ok is false where the client
// knows no such service or port. A subset counts as there, since a rule may add it at any time.
func (r *review) hopInside(h hop) (to hop, ok bool) {
	svc, ok := r.after.serviceFor(h.client, h.host)
	p, has := svc.port(h.port)
	if !ok || !has || svc.alias {
		return hop{}, false
	}
	to = r.after.directHop(h.client, svc, h.port, h.subset, h.payload)
	if !to.exists {
		shown := Hop{From: h.client.String(), To: h.host, Port: h.port, Protocol: p.protocol, Names: []string{}}
		to.cluster = Cluster{Hop: shown, Protocol: p.protocol, Family: p.family(), service: svc}
	}
	to.route = h.route
	if to.cluster.Hop.TLS == "" && !to.cluster.everywhere {
		to.passesOn = CauseRoutedInside
	}
	return to, true
}

// addRoutesTo adds the flows that stored routes lead to a host, which the object under review declares: those of third parties, and
// those by which connections go on to where the client itself connected.
func (r *review) addRoutesTo(destination string) {
	if r.object == nil {
		return
	}
	r.addGatewayPathsTo(destination)
	if r.isExternal(destination) && !slices.ContainsFunc(r.after.services.At(destination), func(svc *service) bool { return !r.after.leavesMesh(svc) }) {
		return // see newDestination
	}
	r.addNamesRoutedTo(destination, r.clientsWithOwn, r.addMoved)
}

// addNamesRoutedTo calls add with each name, of hosts outside the mesh or below their wildcards, that routes of sidecars lead to
// a destination, with the host that declares it, the clients of that, and its ports.
func (r *review) addNamesRoutedTo(destination string, clients func(host string) []Client, add func(declared, name string, clients []Client, ports []uint32)) {
	for _, v := range r.routesToDestination(destination) {
		if !slices.Contains(v.gateways, meshGateway) {
			continue
		}
		for _, pattern := range v.hosts {
			for class := range r.after.hostClasses(pattern, nil, r.lists) {
				if class.host != destination && r.after.isExternal(class.host) {
					r.addHostClass(class, func(host string) { add(host, host, clients(host), r.after.Ports(host)) })
				}
			}
			if len(r.after.services.At(pattern)) > 0 {
				continue
			}
			for _, wide := range r.after.externalWildcardsOver(pattern) {
				add(wide, pattern, clients(wide), r.after.Ports(wide))
			}
		}
	}
}

// routesToDestination returns the VirtualServices whose routes lead to a host, or to a Service of type ExternalName that stands
// for it.
func (r *review) routesToDestination(host string) []*virtualService {
	list := r.after.virtualServicesWithDestination(host)
	for _, alias := range r.after.aliases.Prefix(resolvedName(host) + "\x00") {
		list = append(list, r.after.virtualServicesWithDestination(alias)...)
	}
	return list
}

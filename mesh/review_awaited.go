package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// awaitedReview is the review of an entry, or of a rule, as to what objects of other namespaces take of its hosts. They were
// there first: while nobody declared the host, they took nothing. Who declares it is not refused for a stranger's fault, and
// is told. Here everybody's requests for the partner go to team-a as soon as the entry of namespace default and its rule are there:
//
//	kind: VirtualService                                       kind: ServiceEntry
//	metadata: {name: v, namespace: team-a}                     metadata: {name: new, namespace: default}
//	spec:                                                      spec:
//	  hosts: ["*.partner.example"]                               hosts: [new.partner.example]
//	  http:                                                      ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
//	  - route: [{destination: {host: sink.team-a.svc.cluster.local}}]
//
// So does an entry for bytes with a wide range of addresses, on a port that nobody used before.
type awaitedReview struct {
	*review
	found int
	// ranges are those of each port that was asked for: see takingRanges.
	ranges map[uint32][]takenBy
}

// awaited adds the flows that objects of other namespaces take of the hosts that the entry or the rule under review is for.
func (r *review) awaited() {
	if r.object == nil || r.object.Kind != KindServiceEntry && r.object.Kind != KindDestinationRule {
		return
	}
	ar := &awaitedReview{review: r, ranges: map[uint32][]takenBy{}}
	for _, name := range ar.hosts() {
		if r.stopped() || ar.found >= maxTakenHosts {
			return
		}
		if r.isExternal(name) {
			ar.addHost(name)
		}
	}
}

// hosts returns the hosts of the entry under review, or those that the host of the rule covers, one of each class.
func (r *awaitedReview) hosts() []string {
	if entry, ok := r.object.Spec.(*networking.ServiceEntry); ok {
		return entry.Hosts
	}
	var list []string
	for class := range r.hostClasses(r.after.settings.qualify(ruleSpec(r.object).Host, r.object.Namespace)) {
		list = append(list, class.host)
	}
	return list
}

// addHost adds what is taken of a host, and of names below a wildcard that routes are for.
func (r *awaitedReview) addHost(declared string) {
	names := r.namesAwaited(declared)
	for _, number := range r.after.Ports(declared) {
		taking := r.takingRanges(number)
		if len(names) == 0 && len(taking) == 0 {
			continue
		}
		for _, client := range r.after.Clients(declared) {
			svc, p, ok := r.externalPort(client, declared, number)
			if r.stopped() || !ok || p.family() == FamilyTLS || client.Kind == ClientGateway {
				continue
			}
			for _, name := range names {
				r.spend(1)
				r.addRouted(takenConnection{review: r.review, client: client, declared: declared, name: name, number: number}, svc, p)
			}
			r.addListened(client, svc, p, taking)
		}
	}
}

// namesAwaited returns the host, where VirtualServices of other namespaces than those that declare it cover it, and names below a
// wildcard that such are for.
func (r *awaitedReview) namesAwaited(declared string) []string {
	var names []string
	for _, pattern := range r.after.virtualServiceHostsCovering(declared) {
		for _, v := range r.after.virtualServices.Prefix(byHost + pattern + "\x00") {
			if r.mayTake(v, declared) && !slices.Contains(names, declared) {
				names = append(names, declared)
			}
		}
	}
	if !host.IsWildcard(declared) {
		return names
	}
	for _, v := range r.after.virtualServices.Prefix(byDomain + host.Reversed(strings.ToLower(declared[1:]))) {
		for _, name := range v.hosts {
			below := !host.IsWildcard(name) && host.Matches(declared, name) && len(r.after.services.At(name)) == 0
			if below && r.mayTake(v, declared) && !slices.Contains(names, name) && len(names) < maxTakenHosts {
				names = append(names, name)
			}
		}
	}
	return names
}

// mayTake reports whether a VirtualService of sidecars is of a namespace that does not declare a host, and is not the root namespace.
func (r *awaitedReview) mayTake(v *virtualService, declared string) bool {
	return v.Namespace != r.after.settings.RootNamespace && slices.Contains(v.gateways, meshGateway) &&
		slices.ContainsFunc(r.after.services.At(declared), func(svc *service) bool { return svc.namespace != v.Namespace })
}

// isStrangers reports whether an object is of neither the client's namespace nor the host's, nor of the root namespace.
func (r *awaitedReview) isStrangers(o Ref, client Client, svc scopedService) bool {
	return o.Namespace != client.Namespace && o.Namespace != svc.namespace && o.Namespace != r.after.settings.RootNamespace
}

// addRouted adds the flow of a connection that a stranger's route leads inside the mesh or to another host outside, or answers.
func (r *awaitedReview) addRouted(c takenConnection, svc scopedService, p port) {
	hops := r.after.connectionHops(c.client, c.name, c.number)
	for i, h := range hops {
		if h.route == nil || !r.isStrangers(h.route.by(), c.client, svc) {
			continue
		}
		to, ok := h, r.leadsToOther(h, c)
		if !ok && c.endsInside(hops[i:]) {
			to, ok = r.hopInside(h)
		}
		if ok && r.wouldLeave(c, h.route.by()) {
			r.add(c, svc, p, CauseRoutedElsewhere, Diversion{By: h.route.by(), To: h.host, Service: to.cluster.service.ref, Outside: h.kind == HopEgress})
			return
		}
	}
	answers := func(route *networking.HTTPRoute) bool { return answersInPlace(route, c.name) }
	v, by := r.after.answeringRoute(c.client, svc, c.name, p, answers)
	if by != nil && r.isStrangers(v.source(), c.client, svc) && r.wouldLeave(c, v.source()) {
		r.add(c, svc, p, CauseAnswered, Diversion{By: v.source(), To: c.name, Service: v.source()})
	}
}

// leadsToOther reports whether a route leads a connection straight to another host outside the mesh.
func (r *awaitedReview) leadsToOther(h hop, c takenConnection) bool {
	return h.kind == HopEgress && h.exists && h.client.Kind != ClientGateway && h.host != c.declared && h.host != c.name && h.cluster.service.service != nil
}

// wouldLeave reports whether a connection would be under TLS without an object and others of strangers that take it; of an entry that
// is new, whether it would leave at all: its rule may come later.
func (r *awaitedReview) wouldLeave(c takenConnection, by Ref) bool {
	s := r.after
	for range maxRoutesTaken {
		s = s.Without(by)
		hops := s.connectionHops(c.client, c.name, c.number)
		if i := slices.IndexFunc(hops, func(h hop) bool {
			svc := scopedService{service: r.after.services.At(c.declared)[0]}
			return h.route != nil && (h.kind != HopEgress || r.leadsToOther(h, c)) && r.isStrangers(h.route.by(), c.client, svc)
		}); i >= 0 {
			by = hops[i].route.by()
			continue
		}
		verdict := egressVerdict(hops)
		return verdict == Originated || r.old == nil && r.object.Kind == KindServiceEntry && verdict == Plaintext
	}
	return true
}

// takingRanges returns the ranges of addresses outside the mesh for which services have filter chains on a port.
func (r *awaitedReview) takingRanges(number uint32) []takenBy {
	list, known := r.ranges[number]
	if known {
		return list
	}
	for key, svc := range r.after.ports.Prefix(portKey(portRange, number)) {
		at := rangeOfKey(key)
		if isMatched(at) && !hasNoServer(at) && r.after.settings.isOutside(at.String(), false) && svc.namespace != r.after.settings.RootNamespace {
			list = append(list, takenBy{svc, at})
		}
	}
	r.ranges[number] = list
	return list
}

// addListened adds the flow of what a client sends to a host, at addresses that DNS alone knows, that the filter chain of a
// stranger's entry takes in plaintext.
func (r *awaitedReview) addListened(client Client, svc scopedService, p port, taking []takenBy) {
	if client.Kind != ClientSidecar || len(svc.addresses()) > 0 && p.family() != FamilyHTTP {
		return
	}
	lr := &listenerReview{review: r.review, number: p.number, now: r.listenersOn(p.number)}
	for _, by := range taking {
		if by.service.host == svc.host || !r.isStrangers(by.service.ref, client, svc) || !lr.now.hasListenerFor(client, by.service) ||
			lr.isUnderTLS(client, by.service) || egressVerdict(r.after.hops(client, svc.host, p.number)) != Originated {
			continue
		}
		c := takenConnection{review: r.review, client: client, declared: svc.host, name: svc.host, number: p.number}
		r.add(c, svc, p, CauseOtherListener, Diversion{
			By: by.service.ref, To: by.service.host, Service: by.service.ref, Addresses: by.addresses.Masked().String(), Outside: r.after.leavesMesh(by.service),
		})
		return
	}
}

// add adds the flow of a connection that is diverted, unless it was under TLS before: then it is lost, and told as that.
func (r *awaitedReview) add(c takenConnection, svc scopedService, p port, cause Cause, to Diversion) {
	if egressVerdict(r.before.connectionHops(r.clientBefore(c.client, c.name), c.name, c.number)) == Originated && cause != CauseOtherListener {
		return
	}
	h := r.after.directHop(c.client, svc, p.number, "", r.after.payloadFrom(c.client, svc, p))
	h.kind, h.host = HopMesh, c.name
	if _, known := r.index[h.key()]; known {
		return
	}
	f := h.flow()
	to.Awaited = true
	f.Service, f.Verdict, f.Cause, f.Diverted = &svc.ref, Plaintext, cause, &to
	f.Hops = []Hop{{From: c.client.String(), To: to.To, Port: c.number, Protocol: p.protocol, Names: []string{}}}
	r.index[h.key()] = len(r.flows)
	r.flows = append(r.flows, f)
	r.found++
}

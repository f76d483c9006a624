package mesh

import "slices"

// passedOn returns the change of a sidecar for a port of a host whose requests or bytes were under TLS, or went nowhere, and
// that no listener and no virtual host takes any more: the proxy passes on what it gets. Of several entries for a host a
// client has that of its own namespace, else the oldest (pilot/pkg/model/sidecar.go, pilot/pkg/model/push_context.go
// initServiceRegistry). What it declares the port for decides:
//  1. Nothing, or UDP, where another entry declares it, or this one did: no listener.
//  2. TLS: what the applications send has no SNI, so that no filter chain of the port takes it
//     (pilot/pkg/networking/core/listener.go buildSidecarOutboundTLSFilterChainOpts).
//  3. Bytes, see takesRequests: requests are parsed as such, and there is no virtual host for them.
//  4. HTTP, in another entry than before, or in another namespace's that had it for bytes: no filter chain takes other bytes
//     (pilot/pkg/networking/core/listener.go buildSidecarOutboundListener).
//  5. Bytes, or nothing, at other addresses, in another entry than before: no listener takes what is sent to those of before. Requests
//     are taken where any port for HTTP shares 0.0.0.0_PORT.
//  6. Requests, where a younger entry of the same namespace and host, or of any whose host differs in case alone, declares the
//     port for something else: the virtual host is made of the youngest (virtualHostOf).
//  7. Anything, where its exportTo does not name the client any more: no listener.
//  8. Anything, where its endpoints are inside the mesh and take no TLS: a third namespace's entry, neither the client's nor
//     of the one that had declared the host, has what was under TLS sent to a server of its own.
//
// Here clients in shop lose the entry that starts TLS:
//
//	# namespace egress, exported to all, with a rule         # namespace shop
//	hosts: [api.example.com]                                 hosts: [api.example.com]
//	ports: [{number: 80, name: http, protocol: HTTP,         ports: [{number: 443, name: tls, protocol: TLS}]
//	  targetPort: 443}]                                      exportTo: ["."]
func (r *review) passedOn(client Client, host string, number uint32) []change {
	if client.Kind == ClientZtunnel {
		return r.passedOnByZtunnel(client, host, number)
	}
	clientBefore := r.clientBefore(client, host)
	earlier := r.hopsBefore(client, host, number)
	if client.Kind != ClientSidecar || len(earlier) == 0 || earlier[0].payload == FamilyTLS {
		return nil
	}
	own := r.serviceOfHopsBefore(client, host, number)
	if own == nil {
		return nil
	}
	payload := earlier[0].payload
	svc, why := r.passingOn(client, host, number, own, payload)
	if why == CauseNone {
		return nil
	}
	if why != CauseKeptInside && r.isTakenByWildcard(client, host, number, payload) {
		return r.uncheckedByWildcard(client, host, number, payload, earlier)
	}
	if fallback := r.listenersOn(number).sharedBy(client).fallback; payload == FamilyOpaque && fallback != nil &&
		egressVerdict(r.after.hops(client, fallback.host, number)) == Originated {
		return nil // another entry's listener takes all bytes of the port, and starts TLS
	}
	if why != CauseKeptInside && !r.after.allowsAny(client) {
		return nil // REGISTRY_ONLY: the connection ends here
	}
	h := hop{
		kind: HopEgress, client: client, host: host, port: number, payload: payload, passesOn: why, wasUnrouted: nothingLeaves(earlier),
		cluster: Cluster{Protocol: earlier[0].cluster.Protocol, Family: earlier[0].cluster.Family, TargetPorts: []uint32{number}, service: svc},
	}
	c := change{hop: h, before: egressVerdict(earlier), stayed: !r.before.leavesMesh(own)}
	if h.wasUnrouted && r.before.hasTLSWithoutRoutes(clientBefore, host, number) {
		c.before = Originated
	}
	if c.before != Originated && (!h.wasUnrouted || r.leavesNowhere(client, own, number, payload)) && r.takenFromTLS(c) == nil {
		return nil
	}
	return []change{c}
}

// passedOnByZtunnel is passedOn for a ztunnel, which asks no port for its protocol: what was under TLS goes to one for UDP, or for
// the application's TLS, as the application sends it.
func (r *review) passedOnByZtunnel(client Client, host string, number uint32) []change {
	svc, ok := r.after.serviceFor(client, host)
	p, has := svc.port(number)
	earlier := r.hopsBefore(client, host, number)
	if !ok || !has || egressVerdict(earlier) != Originated || earlier[0].payload == FamilyTLS {
		return nil
	}
	cause := map[Family]Cause{FamilyTLS: CauseDeclaredTLS, FamilyUDP: CauseDeclaredOtherwise}[p.family()]
	if cause == CauseNone {
		return nil // see hostChanges
	}
	first := earlier[0].cluster
	return []change{{before: Originated, hop: hop{
		kind: HopEgress, client: client, host: svc.host, port: number, payload: earlier[0].payload, passesOn: cause,
		cluster: Cluster{Protocol: first.Protocol, Family: first.Family, TargetPorts: []uint32{number}, service: svc},
	}}}
}

// passingOn returns the service for which a sidecar passes on what a client sends to a port of a host, and why; CauseNone where it
// does not. was is the service that it had before, and payload what it sent there.
func (r *review) passingOn(client Client, host string, number uint32, was *service, payload Family) (scopedService, Cause) {
	svc, ok := r.after.serviceFor(client, host)
	if !ok {
		return r.noMoreExported(host, was)
	}
	if last, lost := r.lostVirtualHost(client, svc, number, payload); lost {
		return last, CauseDeclaredOtherwise
	}
	return svc, r.causeOfPassingOn(client, svc, number, was, payload)
}

// lostVirtualHost reports whether requests of a client for a port of a service had a virtual host and have none, though the
// service's own port is for them, and returns the service that is the reason.
func (r *review) lostVirtualHost(client Client, svc scopedService, number uint32, payload Family) (last scopedService, lost bool) {
	if payload != FamilyHTTP && payload != FamilyUnspecified || !svc.sniffsHTTP(number) {
		return scopedService{}, false
	}
	last, found := r.after.virtualHostOf(client, svc, number)
	if !found || last.declaresRequests(number) {
		return scopedService{}, false
	}
	before := r.clientBefore(client, svc.host)
	was, known := r.before.serviceFor(before, svc.host)
	if !known {
		return last, true // that of a wildcard
	}
	then, found := r.before.virtualHostOf(before, was, number)
	return last, !found || then.declaresRequests(number)
}

// noMoreExported returns the service of a host that the entry under review still declares, and that a client had and has no more:
// by its exportTo, or as the entry is now for another revision. Who deletes an entry leaves its host undeclared, and says so.
func (r *review) noMoreExported(host string, was *service) (scopedService, Cause) {
	if r.old == nil || was.ref != r.old.Ref {
		return scopedService{}, CauseNone
	}
	if _, unread := r.after.unread.Get(r.old.key()); unread {
		return scopedService{service: was, ports: was.ports}, CauseNotExported
	}
	for _, svc := range r.after.services.At(host) {
		if svc.ref == was.ref {
			return scopedService{service: svc, ports: svc.ports}, CauseNotExported
		}
	}
	return scopedService{}, CauseNone
}

// causeOfPassingOn returns why a sidecar passes on what a client sends to a port of a service, CauseNone where it does not. was
// is the service that it had before, and payload what it sent there. Who declares another protocol for a port of its own says
// what its own clients send.
func (r *review) causeOfPassingOn(client Client, svc scopedService, number uint32, was *service, payload Family) Cause {
	p, has := svc.port(number)
	if !has || p.family() == FamilyUDP {
		return r.causeOfNoListener(client, svc, number)
	}
	listeners, moved := r.listenersOn(number), was.ref != svc.ref
	switch {
	case p.family() == FamilyTLS:
		return CauseDeclaredTLS
	case p.family() == FamilyHTTP && payload != FamilyHTTP && (moved || payload == FamilyOpaque && client.Namespace != svc.namespace):
		return CauseDeclaredOtherwise
	case p.family() == FamilyOpaque && payload != FamilyOpaque && (moved || payload == FamilyHTTP) && !listeners.takesRequests(client, svc.service):
		return CauseDeclaredOtherwise
	case p.family() != FamilyHTTP && payload != FamilyHTTP && moved && !listeners.reachesAllOf(svc.service, was),
		p.family() == FamilyUnspecified && payload == FamilyHTTP && moved && !listeners.looksForRequests(client, svc.service):
		return CauseOtherAddresses
	case r.isKeptInside(client, svc, p, was):
		return CauseKeptInside
	}
	return CauseNone
}

// isKeptInside reports whether a client that was under TLS comes to an entry of a third namespace whose servers are inside the
// mesh, without TLS.
func (r *review) isKeptInside(client Client, svc scopedService, p port, was *service) bool {
	if svc.entry == nil || svc.namespace == client.Namespace || svc.namespace == was.namespace || r.after.leavesMesh(svc.service) {
		return false
	}
	if egressVerdict(r.hopsBefore(client, svc.host, p.number)) != Originated {
		return false
	}
	c := r.after.directHop(client, svc, p.number, "", p.family()).cluster
	return c.Hop.TLS == "" && !c.everywhere
}

// causeOfNoListener is causeOfPassingOn for a port that the service does not have, or for UDP.
func (r *review) causeOfNoListener(client Client, svc scopedService, number uint32) Cause {
	switch {
	case !r.after.isDeclaredFor(client, svc.host, number) && !r.takesPortAway(client, svc.host, number), r.after.hasListenerWithoutCluster(client, svc.host, number):
		return CauseNone
	case svc.hasPort(number):
		return CauseDeclaredOtherwise
	}
	return CausePortNotDeclared
}

// takesPortAway reports whether the entry under review had a port of a host for a client, which still has the host.
func (r *review) takesPortAway(client Client, host string, number uint32) bool {
	return r.reviewed().Kind == KindServiceEntry && r.before.isDeclaredFor(r.clientBefore(client, host), host, number)
}

// isTakenByWildcard reports whether requests for a host that has no virtual host on a port are taken by that of a wildcard host
// over it, and do not leave in plaintext there; so are other bytes, where that one has no addresses of its own.
func (r *review) isTakenByWildcard(client Client, name string, number uint32, payload Family) bool {
	wide, ok := r.after.wildcardTaking(client, name, number, payload)
	return ok && egressVerdict(r.after.hopsForName(client, wide.host, name, number)) != Plaintext
}

// uncheckedByWildcard returns the changes of requests that isTakenByWildcard has under TLS, where no name is checked and one was.
func (r *review) uncheckedByWildcard(client Client, name string, number uint32, payload Family, earlier []hop) []change {
	wide, _ := r.after.wildcardTaking(client, name, number, payload)
	hops := r.after.hopsForName(client, wide.host, name, number)
	if egressVerdict(earlier) != Originated || isUnchecked(earlier) || !isUnchecked(hops) {
		return nil
	}
	return r.withLostVerification(routedChanges(hops, Originated), earlier, client, name, name)
}

// wildcardTaking returns the closest wildcard host over a name that has a virtual host on a port for a client, as the client
// has it. Of several entries of that host and one namespace any may have the virtual host. Other bytes than requests need a port that
// is for them, too, and one without addresses of its own.
func (s *Snapshot) wildcardTaking(client Client, name string, number uint32, payload Family) (wide scopedService, found bool) {
	for i := range len(name) {
		wide, ok := s.serviceFor(client, "*"+name[i:])
		if ok && wide.host != name && slices.ContainsFunc(s.services.At(wide.host), func(any *service) bool {
			scoped := scopedService{service: any, ports: any.ports}
			return any.namespace == wide.namespace && scoped.sniffsHTTP(number) && s.listens(client, scoped, number) &&
				(payload != FamilyOpaque || len(any.entry.GetAddresses()) == 0 && !scoped.isForRequestsAlone(number))
		}) {
			return wide, true
		}
	}
	return scopedService{}, false
}

// isForRequestsAlone reports whether a service declares a port for HTTP: no filter chain takes other bytes there.
func (v scopedService) isForRequestsAlone(number uint32) bool {
	p, ok := v.port(number)
	return ok && FamilyOf(p.protocol) == FamilyHTTP
}

// hasListenerWithoutCluster reports whether a client's proxy listens for a port of a host that another service of the same
// namespace declares than the one for which there are clusters: then nothing is passed on
// (pilot/pkg/model/sidecar.go selectServices keeps both, appendSidecarServices the first).
func (s *Snapshot) hasListenerWithoutCluster(client Client, host string, number uint32) bool {
	all := s.services.At(host)
	return slices.ContainsFunc(s.egressListeners(client), func(l egressListener) bool {
		return (l.port == 0 || l.port == number) && slices.ContainsFunc(l.selectServices(all, client.Namespace), func(v scopedService) bool {
			p, ok := v.port(number)
			return ok && p.family() != FamilyUDP
		})
	})
}

// isDeclaredFor reports whether any service of a host that a client may import declares a port that is not for UDP.
func (s *Snapshot) isDeclaredFor(client Client, host string, number uint32) bool {
	return slices.ContainsFunc(s.services.At(host), func(svc *service) bool {
		scoped := scopedService{service: svc, ports: svc.ports}
		p, ok := svc.port(number)
		return ok && p.family() != FamilyUDP && s.isImported(client, scoped)
	})
}

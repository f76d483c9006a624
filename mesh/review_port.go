package mesh

import "slices"

// passedOn returns the change of a sidecar for a port of a host whose requests or bytes were under TLS, or went nowhere, and
// that no listener and no virtual host takes any more: the proxy passes on what it gets. Of several entries for a host a
// client has that of its own namespace, else the oldest (pilot/pkg/model/sidecar.go, pilot/pkg/model/push_context.go
// initServiceRegistry). What it declares the port for decides:
//  1. Nothing, or UDP, where another entry declares it: no listener.
//  2. TLS: what the applications send has no SNI, so that no filter chain of the port takes it
//     (pilot/pkg/networking/core/listener.go buildSidecarOutboundTLSFilterChainOpts).
//  3. Bytes, see takesRequests: requests are parsed as such, and there is no virtual host for them.
//  4. HTTP, in another entry than before: no filter chain takes other bytes
//     (pilot/pkg/networking/core/listener.go buildSidecarOutboundListener).
//  5. Bytes at other addresses, in another entry than before: no listener takes what is sent to those of before.
//
// Here clients in shop lose the entry that starts TLS:
//
//	# namespace egress, exported to all, with a rule         # namespace shop
//	hosts: [api.example.com]                                 hosts: [api.example.com]
//	ports: [{number: 80, name: http, protocol: HTTP,         ports: [{number: 443, name: tls, protocol: TLS}]
//	  targetPort: 443}]                                      exportTo: ["."]
func (r *review) passedOn(client Client, host string, number uint32) []change {
	svc, ok := r.after.serviceFor(client, host)
	if !ok || client.Kind != ClientSidecar {
		return nil
	}
	earlier := r.before.hops(r.clientBefore(client, host), host, number)
	unrouted := nothingLeaves(earlier)
	if egressVerdict(earlier) != Originated && !unrouted || earlier[0].payload == FamilyTLS {
		return nil
	}
	was := earlier[0]
	why := r.causeOfPassingOn(client, svc, number, was)
	if why == CauseNone {
		return nil
	}
	return []change{{before: egressVerdict(earlier), hop: hop{
		kind: HopEgress, client: client, host: svc.host, port: number, payload: was.payload, passesOn: why, wasUnrouted: unrouted,
		cluster: Cluster{Protocol: was.cluster.Protocol, Family: was.cluster.Family, TargetPorts: []uint32{number}, service: svc},
	}}}
}

// causeOfPassingOn returns why a sidecar passes on what a client sends to a port of a service, CauseNone where it does not. was
// is the hop that this took before. Who declares another protocol for a port of its own says what is sent there.
func (r *review) causeOfPassingOn(client Client, svc scopedService, number uint32, was hop) Cause {
	p, has := svc.port(number)
	if !has || p.family() == FamilyUDP {
		return r.causeOfNoListener(client, svc, number)
	}
	listeners, moved := r.listenersOn(number), was.cluster.service.service != nil && was.cluster.service.ref != svc.ref
	switch {
	case p.family() == FamilyTLS:
		return CauseDeclaredTLS
	case p.family() == FamilyHTTP && was.payload != FamilyHTTP && moved:
		return CauseDeclaredOtherwise
	case p.family() == FamilyOpaque && was.payload != FamilyOpaque && (moved || was.payload == FamilyHTTP) && !listeners.takesRequests(client, svc.service):
		return CauseDeclaredOtherwise
	case p.family() != FamilyHTTP && was.payload != FamilyHTTP && moved && !listeners.reachesAllOf(svc.service, was.cluster.service.service):
		return CauseOtherAddresses
	}
	return CauseNone
}

// causeOfNoListener is causeOfPassingOn for a port that the service does not have, or for UDP.
func (r *review) causeOfNoListener(client Client, svc scopedService, number uint32) Cause {
	switch {
	case !r.after.isDeclaredFor(client, svc.host, number):
		return CauseNone
	case svc.hasPort(number):
		return CauseDeclaredOtherwise
	}
	return CausePortNotDeclared
}

// isDeclaredFor reports whether any service of a host that a client may import declares a port that is not for UDP.
func (s *Snapshot) isDeclaredFor(client Client, host string, number uint32) bool {
	return slices.ContainsFunc(s.services.At(host), func(svc *service) bool {
		scoped := scopedService{service: svc, ports: svc.ports}
		p, ok := svc.port(number)
		return ok && p.family() != FamilyUDP && s.isImported(client, scoped)
	})
}

package mesh

import "slices"

// undeclaredPort returns the change of a sidecar for a port that other entries of a host declare, and the one that the
// client has after the review does not. The proxy then has neither a listener nor a virtual host for it, and passes on
// what it gets, so that TLS which it had started is lost. Of several entries for a host a client has that of its own
// namespace, else the oldest (pilot/pkg/model/sidecar.go, pilot/pkg/model/push_context.go initServiceRegistry):
//
//	# namespace egress, exported to all, with a rule         # namespace shop
//	hosts: [api.example.com]                                 hosts: [api.example.com]
//	ports: [{number: 80, name: http, protocol: HTTP,         ports: [{number: 443, name: tls, protocol: TLS}]
//	  targetPort: 443}]                                      exportTo: ["."]
func (r *review) undeclaredPort(client Client, host string, number uint32) []change {
	svc, ok := r.after.serviceFor(client, host)
	if !ok || client.Kind != ClientSidecar || svc.hasPort(number) || !r.after.isDeclaredFor(client, host, number) {
		return nil
	}
	return r.passedOn(client, svc, number, CausePortNotDeclared)
}

// portForTLS returns the change of a sidecar for a port that was not declared for TLS, where the proxy started it, and now
// is. What the applications send has no SNI then: no filter chain of the port takes it
// (pilot/pkg/networking/core/listener.go, buildSidecarOutboundTLSFilterChainOpts).
func (r *review) portForTLS(client Client, svc scopedService, p port) []change {
	if client.Kind != ClientSidecar || p.family() != FamilyTLS {
		return nil
	}
	return r.passedOn(client, svc, p.number, CauseDeclaredTLS)
}

// passedOn returns the change of a sidecar that started TLS for a port of a host, around what was none, and now passes on
// what it gets.
func (r *review) passedOn(client Client, svc scopedService, number uint32, why Cause) []change {
	earlier := r.before.hops(r.clientBefore(client, svc.host), svc.host, number)
	if egressVerdict(earlier) != Originated || earlier[0].payload == FamilyTLS {
		return nil
	}
	was := earlier[0]
	return []change{{before: Originated, hop: hop{
		kind: HopEgress, client: client, host: svc.host, port: number, payload: was.payload, passesOn: why,
		cluster: Cluster{Protocol: was.cluster.Protocol, Family: was.cluster.Family, TargetPorts: []uint32{number}, service: svc},
	}}}
}

// isDeclaredFor reports whether any service of a host that a client may import declares a port.
func (s *Snapshot) isDeclaredFor(client Client, host string, number uint32) bool {
	return slices.ContainsFunc(s.services.At(host), func(svc *service) bool {
		scoped := scopedService{service: svc, ports: svc.ports}
		return scoped.hasPort(number) && s.isImported(client, scoped)
	})
}

package mesh

import (
	"slices"

	"github.com/tlsward/tlsward/mesh/host"
)

// meshRouteHops returns the hops of a client straight out to an external host by v's routes for sidecars, whichever
// host they are for: a route may lead from a service of the mesh to an external host.
//
//	hosts: [news.default.svc.cluster.local]
//	http:
//	- route: [{destination: {host: edition.cnn.com}}]
func (s *Snapshot) meshRouteHops(v *virtualService, client Client, host string) []hop {
	if !slices.Contains(v.gateways, meshGateway) || len(v.hosts) == 0 || client.Kind == ClientZtunnel ||
		!visible(v.exportTo, v.Namespace, client.Namespace) {
		return nil
	}
	svc, ok := s.serviceFor(client, host)
	if !ok || !s.leavesMesh(svc.service) {
		return nil
	}
	var hops []hop
	for _, listener := range matchedPorts(v) {
		for _, kind := range []Family{FamilyHTTP, FamilyTLS, FamilyOpaque} {
			r := matchContext{gateway: meshGateway, host: v.hosts[0], port: listener, client: client}
			if kind == FamilyHTTP && !slices.ContainsFunc(s.egressListeners(client), func(l egressListener) bool { return s.appliesToSidecar(v, r, l) }) {
				continue
			}
			for _, d := range s.destinationsOf(v, kind, r) {
				if d.Host != host && !s.isAliasOf(client, d.Host, host) {
					continue
				}
				d.Host = host
				for _, number := range s.destinationPorts(client, v, svc, d, listener) {
					for _, d := range s.withRequestedHosts(client, d, v.hosts) {
						hops = append(hops, s.egressHops(client, d, number, svc.payloadOf(kind, number))...)
					}
				}
			}
		}
	}
	return hops
}

// isAliasOf reports whether a name is that of a Service of type ExternalName which stands for a host.
func (s *Snapshot) isAliasOf(client Client, name, host string) bool {
	svc, ok := s.serviceFor(client, name)
	return ok && svc.alias && svc.externalName == host
}

// withRequestedHosts returns a destination once for each Host header that a request has there, by withRequestedHost.
func (s *Snapshot) withRequestedHosts(client Client, d routeDestination, hosts []string) []routeDestination {
	var list []routeDestination
	for _, requested := range hosts {
		next := s.withRequestedHost(client, d, requested)
		if !slices.ContainsFunc(list, func(have routeDestination) bool { return have.requested == next.requested }) {
			list = append(list, next)
		}
	}
	return list
}

// payloadOf returns what a route brings to a port: by tcp routes, what the port is for.
func (v scopedService) payloadOf(kind Family, number uint32) Family {
	if kind != FamilyOpaque {
		return kind
	}
	p, _ := v.port(number)
	return p.family()
}

// destinationPorts returns the ports to which a destination may lead. Where it has none and the listener is any (0),
// they are those on which the proxy looks for requests to a host of v.
func (s *Snapshot) destinationPorts(client Client, v *virtualService, svc scopedService, d routeDestination, listener uint32) []uint32 {
	if number := s.destinationPort(client, d, listener); number != 0 {
		return []uint32{number}
	}
	var list []uint32
	for _, p := range svc.ports {
		if slices.ContainsFunc(v.hosts, func(h string) bool { return s.hasHTTPRoutesFor(client, h, p.number) }) {
			list = append(list, p.number)
		}
	}
	return list
}

// hasHTTPRoutesFor reports whether a client's proxy looks for requests to a host on a port: a service of that host
// has it, or the host is in no registry, and it is port 80.
func (s *Snapshot) hasHTTPRoutesFor(client Client, hostname string, number uint32) bool {
	if !host.IsWildcard(hostname) {
		svc, ok := s.serviceFor(client, hostname)
		return svc.sniffsHTTP(number) || !ok && number == 80
	}
	for _, services := range s.hostsCoveredBy(hostname) {
		for _, svc := range services {
			if (scopedService{service: svc, ports: svc.ports}).sniffsHTTP(number) {
				return true
			}
		}
	}
	return number == 80
}

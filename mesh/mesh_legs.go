package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// meshLegs lists the legs to an external host that v's routes for the mesh take straight out of it, whatever host the
// client meant: a route may lead from a service of the mesh to an external host.
func (s *Snapshot) meshLegs(v *virtualService, client Client, host string) []leg {
	if !slices.Contains(v.gateways, meshGateway) || len(v.hosts) == 0 || client.Kind == ClientZtunnel ||
		!visible(v.spec.ExportTo, v.Namespace, client.Namespace) {
		return nil
	}
	svc, ok := s.serviceFor(client, host)
	if !ok || !svc.external {
		return nil
	}
	var legs []leg
	for _, listener := range matchedPorts(v) {
		for _, kind := range []Family{FamilyHTTP, FamilyTLS, FamilyOpaque} {
			r := request{gateway: meshGateway, host: v.hosts[0], port: listener, client: client}
			for _, d := range s.destinationsFor(v, kind, r) {
				if d.host != host {
					continue
				}
				for _, number := range s.destinationPorts(client, v, svc, d, listener) {
					legs = append(legs, s.out(client, d, number, svc.carries(kind, number))...)
				}
			}
		}
	}
	return legs
}

// carries is what a route of a kind brings to a port. What a tcp route does is told by the port.
func (v view) carries(kind Family, number uint32) Family {
	if kind != FamilyOpaque {
		return kind
	}
	p, _ := v.port(number)
	return p.family()
}

// destinationPorts lists the ports to which a destination may lead: for requests that come to any listener (0), and where
// none is named, those on which the proxy takes requests for a host of v.
func (s *Snapshot) destinationPorts(client Client, v *virtualService, svc view, d destination, listener uint32) []uint32 {
	if number := s.destinationPort(client, d, listener); number != 0 {
		return []uint32{number}
	}
	var list []uint32
	for _, p := range svc.ports {
		if slices.ContainsFunc(v.hosts, func(h string) bool { return s.takesRequests(client, h, p.number) }) {
			list = append(list, p.number)
		}
	}
	return list
}

// takesRequests tells whether a client's proxy reads requests for host on a port: a service of that name has it, or, where
// the name is in no registry, it is port 80.
func (s *Snapshot) takesRequests(client Client, host string, number uint32) bool {
	if !isWildcard(host) {
		svc, ok := s.serviceFor(client, host)
		return svc.readsHTTP(number) || !ok && number == 80
	}
	for known := range s.hostsMatching(host) {
		for _, svc := range s.services.at(known) {
			if (view{service: svc, ports: svc.ports}).readsHTTP(number) {
				return true
			}
		}
	}
	return number == 80
}

// readsHTTP tells whether a proxy looks for requests on a port.
func (v view) readsHTTP(number uint32) bool {
	p, ok := v.port(number)
	return ok && readable(p)
}

// externalDestinations lists the external hosts to which v's routes lead, mirrors and delegates included.
func (s *Snapshot) externalDestinations(v *virtualService) []string {
	var list []string
	add := func(d *networking.Destination) {
		if host := s.settings.qualify(d.GetHost(), v.Namespace); s.external(host) && !slices.Contains(list, host) {
			list = append(list, host)
		}
	}
	for _, r := range s.httpRoutes(v) {
		for d := range httpTargets(r) {
			add(d)
		}
	}
	for d := range streamTargets(v.spec) {
		add(d)
	}
	return list
}

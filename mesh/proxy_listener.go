package mesh

import (
	"net/netip"

	networking "istio.io/api/networking/v1alpha3"
)

// listens reports whether a client's proxy listens for a port of a service.
func (s *Snapshot) listens(client Client, svc scopedService, number uint32) bool {
	p, has := svc.port(number)
	if !has {
		return false
	}
	_, heard := s.egressListenerFor(client, svc, p)
	return heard
}

// egressListenerFor returns the egress listener that takes what a client sends to a port of a service; ok is false
// where none does (pilot/pkg/networking/core/listener.go buildSidecarOutboundListeners, pilot/pkg/model/sidecar.go
// GetEgressListenerForRDS):
//  1. A listener for the port goes before the one for all ports, whose requests have its routes. Of services that are not parsed as
//     HTTP the latter adds those with an address of their own and, where no listener is made for the former (makeListener), all.
//  2. A listener for HTTP takes only services whose port is HTTP, or is sniffed.
//
// With this Sidecar, port 80 of edition.cnn.com has no listener, whatever the second one imports:
//
//	egress:
//	- port: {number: 80, protocol: HTTP, name: http}
//	  hosts: ["./*"]
//	- hosts: ["external/edition.cnn.com"]
func (s *Snapshot) egressListenerFor(client Client, svc scopedService, p port) (l egressListener, ok bool) {
	if client.Kind != ClientSidecar {
		return s.everything[0], true
	}
	return s.egressListenerAmong(s.egressListeners(client), client, svc, p)
}

// egressListenerAmong is egressListenerFor among some of a sidecar's listeners.
func (s *Snapshot) egressListenerAmong(list []egressListener, client Client, svc scopedService, p port) (l egressListener, ok bool) {
	all, taken := s.services.At(svc.host), false
	for i, l := range list {
		if l.port != 0 && l.port != p.number {
			continue
		}
		for _, v := range l.selectServices(all, client.Namespace) {
			own, has := v.port(p.number)
			if has && v.namespace == svc.namespace && (!taken || !isHTTPOrSniffed(own) && (s.hasOwnAddress(v.service, own) || !s.makeListener(client, list[:i], p.number))) &&
				(l.port == 0 || FamilyOf(l.protocol) != FamilyHTTP || isHTTPOrSniffed(own)) {
				return l, true
			}
		}
		taken = true
	}
	return egressListener{}, false
}

// virtualHostOf returns the service of whose port a sidecar makes the virtual host of a host: of several of one namespace, and of
// those whose hosts differ in case alone, the last that has it (pilot/pkg/networking/core/httproute.go
// BuildSidecarOutboundVirtualHosts, servicesByName), though its cluster is the first's. Here requests pass through, as there is no
// virtual host for bytes:
//
//	# created first                                          # created second
//	hosts: [api.example.com]                                 hosts: [api.example.com]
//	ports: [{number: 80, name: http, protocol: HTTP}]        ports: [{number: 80, name: tcp, protocol: TCP}]
func (s *Snapshot) virtualHostOf(client Client, svc scopedService, number uint32) (last scopedService, found bool) {
	p, has := svc.port(number)
	if !has || client.Kind != ClientSidecar {
		return scopedService{}, false
	}
	l, heard := s.egressListenerFor(client, svc, p)
	if !heard || l.isHTTPProxy() {
		return scopedService{}, false
	}
	return s.registered(client, l, svc.host, number)
}

// registered returns the service that a listener's routes have for a host on a port: see virtualHostOf. A client that is no
// sidecar, or whose listener is an HTTP proxy, has what it knows of the host. Port 0 is any.
func (s *Snapshot) registered(client Client, l egressListener, hostname string, number uint32) (last scopedService, found bool) {
	if client.Kind != ClientSidecar || l.isHTTPProxy() {
		return s.serviceFor(client, hostname)
	}
	precedes := s.settings.Version.precedes(client.Namespace)
	for _, host := range s.hostsInAnyCase(hostname) {
		for _, v := range l.selectServices(s.services.At(host), client.Namespace) {
			p, has := v.port(number)
			if (has && p.family() != FamilyUDP || number == 0) && (!found || precedes(last.service, v.service) <= 0) {
				last, found = v, true
			}
		}
	}
	return last, found
}

// parsedAs returns the family as which the proxy parses what comes to a port: the listener's own, else the port's.
func (l egressListener) parsedAs(p port) Family {
	if l.port == 0 {
		return p.family()
	}
	return FamilyOf(l.protocol)
}

// isHTTPOrSniffed reports whether the proxy looks for requests on a port.
func isHTTPOrSniffed(p port) bool { return p.family() == FamilyHTTP || p.family() == FamilyUnspecified }

// sniffsHTTP reports whether the service has a port where the proxy looks for requests.
func (v scopedService) sniffsHTTP(number uint32) bool {
	p, ok := v.port(number)
	return ok && isHTTPOrSniffed(p)
}

// declaresRequests reports whether the service declares a port for HTTP, or for no protocol, whatever others of its host do.
func (v scopedService) declaresRequests(number uint32) bool {
	p, ok := v.port(number)
	family := FamilyOf(p.protocol)
	return ok && (family == FamilyHTTP || family == FamilyUnspecified)
}

// hasOwnAddress reports whether a port of a service has a listener of its own, by address: that of the service, or
// those of its endpoints where connections go on to their original destination.
func (s *Snapshot) hasOwnAddress(svc *service, p port) bool {
	switch {
	case svc.entry == nil:
		return svc.kubernetes && !svc.headless
	case len(svc.entry.Addresses) > 0:
		_, err := netip.ParseAddr(svc.entry.Addresses[0])
		return err == nil
	}
	return svc.entry.Resolution == networking.ServiceEntry_NONE &&
		len(s.endpointsFor(svc.host, svc.namespace, func(other port) bool { return other.number == p.number })) > 0
}

// payloadFrom returns what a client sends to a port: requests, where the port or the listener is for HTTP, else what
// the port is for.
func (s *Snapshot) payloadFrom(client Client, svc scopedService, p port) Family {
	if l, heard := s.egressListenerFor(client, svc, p); heard && l.parsedAs(p) == FamilyHTTP {
		return FamilyHTTP
	}
	return p.family()
}

// wildcardListenedFor returns the most specific wildcard host over a name for whose port the client's proxy listens;
// "" if there is none.
func (s *Snapshot) wildcardListenedFor(client Client, name string, number uint32) string {
	for i := range len(name) {
		svc, ok := s.serviceFor(client, "*"+name[i:])
		if !ok || !s.isImported(client, svc) || !s.listens(client, svc, number) {
			continue
		}
		if p, has := svc.port(number); has && p.family() != FamilyUDP {
			return svc.host
		}
	}
	return ""
}

// serviceListenedFor returns the service whose port takes what a client sends to a name: the name's own, else that of the closest
// wildcard over it for which the proxy listens.
func (s *Snapshot) serviceListenedFor(client Client, name string, number uint32) (svc scopedService, ok bool) {
	if svc, ok = s.serviceFor(client, name); ok && svc.hasPort(number) && (client.Kind != ClientSidecar || s.listens(client, svc, number)) {
		return svc, true
	}
	return s.serviceFor(client, s.wildcardListenedFor(client, name, number))
}

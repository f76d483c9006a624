package mesh

import (
	"net/netip"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// forwards is true of a listener that is a forward proxy: it is asked about all ports.
func (l listener) forwards() bool { return strings.EqualFold(l.protocol, "HTTP_PROXY") }

// reads is the family as which the proxy reads what comes to a port: the listener's own, or else the port's.
func (l listener) reads(p port) Family {
	if l.on == 0 {
		return p.family()
	}
	return FamilyOf(l.protocol)
}

// importsService tells whether a listener stands for a service.
func (l listener) importsService(client Client, svc view) bool {
	return visible(svc.exportTo, svc.namespace, client.Namespace) &&
		(client.Kind != ClientSidecar || imports(l.hosts, client.Namespace, svc.namespace, svc.host))
}

// listens tells whether a client's proxy listens for a port of a service.
func (s *Snapshot) listens(client Client, svc view, number uint32) bool {
	p, has := svc.port(number)
	if !has {
		return false
	}
	_, heard := s.listening(client, svc, p)
	return heard
}

// listening gives the egress listener that takes what a client sends to a port of a service. One for the port goes before
// the one for all, which only adds services there that have addresses of their own and are not read as HTTP; on one for
// HTTP nobody asks for services that are not
// (pilot/pkg/networking/core/listener.go buildSidecarOutboundListeners, pilot/pkg/model/sidecar.go
// GetEgressListenerForRDS).
func (s *Snapshot) listening(client Client, svc view, p port) (l listener, ok bool) {
	if client.Kind != ClientSidecar {
		return listener{hosts: []string{"*/*"}}, true
	}
	all, taken := s.services.at(svc.host), false
	for _, l := range s.listeners(client) {
		if l.on != 0 && l.on != p.number {
			continue
		}
		for _, v := range l.services(all, client.Namespace) {
			own, has := v.port(p.number)
			if has && v.namespace == svc.namespace && (!taken || !readable(own) && s.addressed(v.service, own)) &&
				(l.on == 0 || FamilyOf(l.protocol) != FamilyHTTP || readable(own)) {
				return l, true
			}
		}
		taken = true
	}
	return listener{}, false
}

// readable is true of a port where the proxy looks for requests.
func readable(p port) bool { return p.family() == FamilyHTTP || p.family() == FamilyUnspecified }

// addressed tells whether a port of a service has addresses of its own, on which the proxy listens for it alone: the
// service's, or those of endpoints to which connections go by themselves.
func (s *Snapshot) addressed(svc *service, p port) bool {
	switch {
	case svc.entry == nil:
		return svc.kube && !svc.headless
	case len(svc.entry.Addresses) > 0:
		_, err := netip.ParseAddr(svc.entry.Addresses[0])
		return err == nil
	}
	return svc.entry.Resolution == networking.ServiceEntry_NONE &&
		len(s.endpointsOf(svc.host, svc.namespace, func(other port) bool { return other.number == p.number })) > 0
}

// payload is what a client sends to a port: requests where either the port or the listener is for HTTP.
func (s *Snapshot) payload(client Client, svc view, p port) Family {
	if l, heard := s.listening(client, svc, p); heard && l.reads(p) == FamilyHTTP {
		return FamilyHTTP
	}
	return p.family()
}

package mesh

import "strings"

// Destinations returns where a client's proxy sends what is meant for a port of host: by routes, or to the cluster of host
// itself or of the closest wildcard over it. known is false where the proxy does not listen for such a service; an empty list
// means that routes lead to no service.
func (s *Snapshot) Destinations(client Client, host string, number uint32) (list []Destination, known bool) {
	service := host
	if svc, ok := s.serviceFor(client, host); !ok || !s.listens(client, svc, number) {
		service = s.wildcardListenedFor(client, host, number)
	}
	svc, known := s.serviceFor(client, service)
	if !known {
		return nil, false
	}
	p, known := svc.port(number)
	if !known || p.family() == FamilyUDP || svc.alias || !s.listens(client, svc, number) {
		return nil, false
	}
	ways, direct := s.routeDestinations(client, svc, host, p)
	for _, d := range ways {
		list = append(list, d.Destination)
	}
	if direct {
		list = append(list, s.defaultDestination(client, svc, p))
	}
	return list, true
}

// defaultDestination returns the cluster of a port's own host. For requests Istio writes hosts in lower case, of which there may be none
// (pilot/pkg/networking/core/httproute.go BuildSidecarOutboundVirtualHosts).
func (s *Snapshot) defaultDestination(client Client, svc scopedService, p port) Destination {
	host := svc.host
	if l, _ := s.egressListenerFor(client, svc, p); client.Kind == ClientSidecar && l.parsedAs(p) == FamilyHTTP {
		host = strings.ToLower(host)
	}
	return Destination{Host: host, Port: p.number}
}

// routeDestinations returns where routes send what a client means for a name on a port of host: for host itself, or for a name that
// nothing declares and that host, a wildcard, covers. direct is true where some of it goes to the host's own cluster: what
// no route takes, as routes for HTTP take no other bytes where Istio sniffs. What the proxy does not listen for may come to
// the cluster all the same, if not by a route that is for the host.
func (s *Snapshot) routeDestinations(client Client, svc scopedService, name string, p port) (list []routeDestination, direct bool) {
	l, heard := s.egressListenerFor(client, svc, p)
	if !heard {
		return nil, true
	}
	host, r := svc.host, matchContext{gateway: meshGateway, host: name, port: p.number, client: client}
	all := s.selectVirtualServices(client, host, l)
	requests, streams := s.virtualServicesForRequests(all, host, r, l), virtualServicesForL4(all, host)
	add := func(found []routeDestination, taken bool) {
		direct = direct || !taken
		for _, d := range found {
			list = append(list, s.completeDestination(client, l, d, p.number))
		}
	}
	switch l.parsedAs(p) {
	case FamilyHTTP:
		add(s.httpDestinations(requests, r))
	case FamilyTLS:
		add(s.tlsDestinations(streams, r))
	case FamilyUnspecified:
		add(s.httpDestinations(requests, r))
		add(s.tcpDestinations(streams, r))
		if p.protocolConflict {
			add(s.tlsDestinations(streams, r))
		}
	default:
		add(s.tcpDestinations(streams, r))
	}
	return list, direct || l.isHTTPProxy()
}

// completeDestination returns a destination the port that it does not name, and the service for which another name stands: for requests
// to one of the listener's ports, where the listener imports it (pilot/pkg/networking/core/route/route.go
// GetDestinationCluster).
func (s *Snapshot) completeDestination(client Client, l egressListener, d routeDestination, on uint32) routeDestination {
	number := d.Port
	if number == 0 {
		number = s.destinationPort(client, d, on)
	}
	svc, ok := s.serviceFor(client, d.Host)
	if ok && svc.alias && (d.routeType != FamilyHTTP || svc.hasPort(on) && l.importsService(client, svc)) {
		d.Host = svc.externalName
	}
	d.Port = number
	return d
}

// destinationPort completes a destination without a port: the only port of the service, else the listener's. A
// sidecar's HTTP routes see of a service only the port on which they listen.
func (s *Snapshot) destinationPort(client Client, d routeDestination, listener uint32) uint32 {
	switch {
	case d.Port != 0:
		return d.Port
	case d.routeType == FamilyHTTP && client.Kind == ClientSidecar && listener != 0:
		return listener
	}
	if svc, ok := s.serviceFor(client, d.Host); ok && len(svc.ports) == 1 {
		return svc.ports[0].number
	}
	return listener
}

package mesh

import "strings"

// Destinations returns where a client's proxy sends what is meant for a port of host: by routes, or to the cluster of
// the host itself or of the closest wildcard over it. known is false where the proxy does not listen for such a
// service; an empty list means that routes lead to no service.
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
	destinations, direct := s.routeDestinations(client, svc, host, p)
	for _, d := range destinations {
		list = append(list, d.Destination)
	}
	if direct {
		list = append(list, s.defaultDestination(client, svc, p))
	}
	return list, true
}

// defaultDestination returns the cluster of the service itself, for what no route takes. Virtual hosts have it in
// lower case, and there may be no such cluster (pilot/pkg/networking/core/httproute.go
// BuildSidecarOutboundVirtualHosts).
func (s *Snapshot) defaultDestination(client Client, svc scopedService, p port) Destination {
	host := svc.host
	if l, _ := s.egressListenerFor(client, svc, p); client.Kind == ClientSidecar && l.parsedAs(p) == FamilyHTTP {
		host = strings.ToLower(host)
	}
	return Destination{Host: host, Port: p.number}
}

// routeDestinations returns where routes send what a client means for a name on a port of a service: for the
// service's own host, or for a name under it where that is a wildcard. direct is true where some of it goes to the
// cluster of the service itself:
//  1. what no route takes, as HTTP routes leave other bytes where Istio sniffs;
//  2. requests that come through an HTTP proxy listener;
//  3. all, where the proxy does not listen for the port: only a route for another host leads there.
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

// completeDestination returns a destination with its port filled in, and with the host that a Service of type
// ExternalName stands for. For HTTP that one must be imported, and have the listener's port
// (pilot/pkg/networking/core/route/route.go GetDestinationCluster). A waypoint takes the name as it is (listener_waypoint.go
// getWaypointDestinationCluster).
func (s *Snapshot) completeDestination(client Client, l egressListener, d routeDestination, on uint32) routeDestination {
	number := s.destinationPort(client, d, on)
	svc, ok := s.serviceFor(client, d.Host)
	if ok && svc.alias && client.Kind != ClientWaypoint && (d.routeType != FamilyHTTP || svc.hasPort(on) && l.importsService(client, svc)) {
		d.Host = svc.externalName
	}
	d.Port = number
	return d
}

// destinationPort returns the port of a destination: its own, else the only port of the service, else the listener's. A
// sidecar's HTTP routes see of a service the listener's port alone.
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

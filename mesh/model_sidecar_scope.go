package mesh

import "slices"

// serviceFor returns what a client's proxy knows of a host; ok is false where it knows nothing:
//  1. A waypoint knows the service that it stands for (waypointService).
//  2. Gateways, and waypoints for any other host, know all that is exported to their namespace.
//  3. A sidecar knows what each egress listener imports, and what the VirtualServices that the listener imports lead to
//     (pilot/pkg/model/sidecar.go collectImportedServices).
//
// The pods of namespace shop know edition.cnn.com of namespace external, though this Sidecar leaves it out:
//
//	kind: Sidecar                                   kind: VirtualService
//	metadata: {name: default, namespace: shop}      metadata: {name: news, namespace: shop}
//	spec:                                           spec:
//	  egress:                                         hosts: [news.example]
//	  - hosts: ["./*"]                                http: [{route: [{destination: {host: edition.cnn.com}}]}]
func (s *Snapshot) serviceFor(client Client, host string) (scopedService, bool) {
	all := s.services.At(host)
	if len(all) == 0 {
		return scopedService{}, false
	}
	if client.Kind == ClientWaypoint {
		if served, ok := s.waypointService(client, all); ok {
			return served, true
		}
	}
	if client.Kind == ClientGateway || client.Kind == ClientWaypoint {
		return mergeServices(s.settings.Version.servicesExportedToNamespace(all, client.Namespace))
	}
	if client.Kind == ClientZtunnel {
		svc := s.ambientService(client.Namespace, host)
		if svc == nil {
			return scopedService{}, false
		}
		return scopedService{service: svc, ports: svc.ports}, true
	}
	var found serviceMerger
	listeners := s.egressListeners(client)
	for i := range listeners {
		if !listeners[i].mayImport(all) {
			continue
		}
		listener := listeners[i]
		imported := listener.selectServices(all, client.Namespace)
		for _, v := range imported {
			found.add(v)
		}
		found.service.markProtocolConflicts(imported)
		if svc := s.settings.Flags.pickVisibleService(servicePerNamespace(all), client.Namespace); svc != nil && !found.hasAllOf(svc) {
			if v, ok := s.serviceOfVirtualService(client, svc, listener); ok {
				found.add(v)
			}
		}
	}
	return found.service, found.found
}

// serviceOfVirtualService returns a service that a client knows only because a VirtualService that it imports leads
// there, with the ports to which it leads (pilot/pkg/model/sidecar.go collectImportedServices). A service of the
// client's own namespace need not be exported to it.
func (s *Snapshot) serviceOfVirtualService(client Client, svc *service, l egressListener) (scopedService, bool) {
	ports, ok := s.virtualServicePorts(client, svc.host, l)
	if !ok {
		return scopedService{}, false
	}
	v := scopedService{service: svc, ports: svc.ports}
	if l.servicePort != 0 {
		has := l.matchListenerPort(&v)
		return v, has
	}
	if slices.Contains(ports, 0) {
		return v, true
	}
	v.ports = slices.DeleteFunc(slices.Clone(svc.ports), func(p port) bool { return !slices.Contains(ports, p.number) })
	return v, len(v.ports) > 0
}

// virtualServicePorts returns the ports of host to which the VirtualServices that the listener imports lead; 0 among
// them stands for all.
func (s *Snapshot) virtualServicePorts(client Client, host string, l egressListener) ([]uint32, bool) {
	var ports []uint32
	for _, v := range s.virtualServicesWithDestination(host) {
		if !slices.Contains(v.gateways, meshGateway) || !visible(v.exportTo, v.Namespace, client.Namespace) ||
			!l.importsVirtualService(v, client.Namespace) {
			continue
		}
		for d := range s.destinationsForNamespace(v, client.Namespace) {
			if s.settings.destinationHost(v, d) == host {
				ports = append(ports, d.GetPort().GetNumber())
			}
		}
	}
	return ports, len(ports) > 0
}

package mesh

import "fmt"

// listenersOfSlices returns the ports for bytes of a headless Service without a selector on which hosts outside are declared. Its
// EndpointSlices, which are not read, are whoever's who writes them, and proxies have a listener for each address there, before that
// for all addresses (pilot/pkg/networking/core/listener.go buildSidecarOutboundListeners). Here what everybody sends to a server at
// 203.0.113.7 goes there as it is:
//
//	kind: Service                               kind: EndpointSlice
//	metadata: {name: db, namespace: team-a}     metadata: {labels: {kubernetes.io/service-name: db}}
//	spec:                                       addressType: IPv4
//	  clusterIP: None                           ports: [{name: tcp, port: 80}]
//	  ports: [{name: tcp, port: 80}]            endpoints: [{addresses: [203.0.113.7]}]
func (s *Snapshot) listenersOfSlices(object *Object) []OutsideModel {
	if object.Kind != KindService {
		return nil
	}
	var found []OutsideModel
	for _, svc := range s.settings.servicesOf(object) {
		if !svc.headless || len(svc.selector) > 0 || len(svc.exportScopes()) == 0 {
			continue
		}
		for i, p := range svc.ports {
			if family := FamilyOf(p.protocol); family != FamilyHTTP && family != FamilyUDP && s.hasPlainServer(p.number) {
				found = append(found, OutsideModel{Field: fmt.Sprintf("spec.ports[%d]", i), Means: MeansEndpointSlice})
			}
		}
	}
	return found
}

// hasPlainServer reports whether a host outside the mesh has a port to which no application starts TLS itself.
func (s *Snapshot) hasPlainServer(number uint32) bool {
	for _, svc := range s.hostsOnPort(number) {
		p, _ := svc.port(number)
		if family := FamilyOf(p.protocol); family != FamilyTLS && family != FamilyUDP && s.leavesMesh(svc) {
			return true
		}
	}
	return false
}

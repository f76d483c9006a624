package mesh

// portListener identifies an egress listener of a client's Sidecar.
type portListener struct {
	sidecar   Ref
	index     int
	namespace string
}

// makeListener reports whether any of a client's egress listeners for a port, or for all, makes the listener for all addresses of it.
func (s *Snapshot) makeListener(client Client, list []egressListener, number uint32) bool {
	for i := range list {
		if l := &list[i]; l.port == 0 || l.port == number && s.makesListener(client, l) {
			return true
		}
	}
	return false
}

// makesListener reports whether an egress listener for a port makes the listener for all addresses of it: Istio
// makes one for each service that it imports, so none where it imports none, and one for all addresses where the service has none of
// its own, or where requests are read (pilot/pkg/networking/core/listener.go buildSidecarOutboundListeners). Of this Sidecar the
// second one listens on port 9000, where namespace other has no service with that port:
//
//	egress:
//	- port: {number: 9000, protocol: TCP, name: tcp}
//	  hosts: ["other/*"]
//	- hosts: ["*/*"]
func (s *Snapshot) makesListener(client Client, l *egressListener) bool {
	key := portListener{l.sidecar, l.index, client.Namespace}
	if made, known := s.madeListeners.Load(key); known {
		return made.(bool)
	}
	made := s.findsService(client, l)
	s.madeListeners.Store(key, made)
	return made
}

// findsService is makesListener, unless it is known.
func (s *Snapshot) findsService(client Client, l *egressListener) bool {
	family := FamilyOf(l.protocol)
	switch {
	case l.isHTTPProxy(): // which imports services whatever their ports
		return true
	case family == FamilyUDP, l.uncaptured, boundTo(*l, anyAddress) != anyAddress && l.bind != "::":
		return false
	}
	for svc := range s.servicesOnPort(client.Namespace, l.port) {
		if !importsHost(l.hosts, client.Namespace, svc.namespace, svc.host) {
			continue
		}
		for _, v := range l.selectServices(s.services.At(svc.host), client.Namespace) {
			if family == FamilyHTTP || listensAtAll(v.service) {
				return true
			}
		}
	}
	return false
}

// listensAtAll reports whether bytes for a service are taken by the listener for all addresses.
func listensAtAll(svc *service) bool {
	for _, address := range listenerAddresses(svc, Outbound{}) {
		if address.at == anyAddress {
			return true
		}
	}
	return false
}

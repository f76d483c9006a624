package mesh

// hiddenPorts adds a flow for each client to which the ServiceEntry under review is exported and that has another entry for its
// host, where the proxy passes on what the entry says that may be sent. Of several entries a client has that of its own namespace,
// else the oldest (pilot/pkg/model/sidecar.go). Here shop's requests leave as the application writes them:
//
//	# namespace egress, exported to all                  # namespace shop
//	hosts: [api.example.com]                             hosts: [api.example.com]
//	ports: [{number: 80, name: http, protocol: HTTP}]    ports: [{number: 443, name: tls, protocol: TLS}]
func (r *review) hiddenPorts() {
	if r.object == nil {
		return
	}
	for _, own := range r.after.settings.servicesOf(r.object) {
		if len(r.after.services.At(own.host)) < 2 || !r.after.leavesMesh(own) {
			continue
		}
		for _, client := range r.after.Clients(own.host) {
			if r.stopped() {
				return
			}
			if client.Kind == ClientSidecar && r.after.allowsAny(client) && r.after.isImported(client, scopedService{service: own, ports: own.ports}) {
				r.addHiddenPorts(client, own)
			}
		}
	}
}

// addHiddenPorts adds the flows to the ports of an entry of one client that has another one.
func (r *review) addHiddenPorts(client Client, own *service) {
	svc, ok := r.after.serviceFor(client, own.host)
	if !ok || svc.namespace == own.namespace {
		return // they share their ports
	}
	for _, p := range own.ports {
		family := FamilyOf(p.protocol)
		if family == FamilyUDP || family == FamilyTLS {
			continue
		}
		why := r.causeOfPassingOn(client, svc, p.number, own, family)
		if why == CauseNone || why == CauseKeptInside || r.isTakenByWildcard(client, own.host, p.number, family) {
			continue
		}
		h := hop{
			kind: HopNone, client: client, host: own.host, port: p.number, payload: family,
			cluster: Cluster{Protocol: p.protocol, Family: family, service: scopedService{service: own, ports: own.ports}},
		}
		if _, known := r.index[h.key()]; known || r.hasEgressFlow(h) {
			continue
		}
		f := h.flow()
		f.Cause, f.Service, f.Related = why, &own.ref, svc.ref.String()
		r.index[h.key()] = len(r.flows)
		r.flows = append(r.flows, f)
	}
}

// hasEgressFlow reports whether a flow out of the mesh says already what becomes of a client's connections to a port.
func (r *review) hasEgressFlow(h hop) bool {
	h.kind = HopEgress
	_, known := r.index[h.key()]
	return known
}

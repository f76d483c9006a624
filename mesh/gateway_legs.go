package mesh

import "slices"

// gatewayLegs lists the legs that the gateways to which v is bound take out of the mesh, whether or not the mesh
// sends them anything yet.
func (s *Snapshot) gatewayLegs(v *virtualService) []leg {
	var legs []leg
	for _, name := range v.gateways {
		if name == meshGateway {
			continue
		}
		client := s.gatewayNamed(name, v)
		for _, host := range v.hosts {
			for _, number := range s.gatewayPorts(name, v) {
				hop := leg{kind: LegGateway, client: client, host: host, port: number, payload: s.meshPayload(v, host)}
				if g := s.Get(gatewayRef(name)); g != nil {
					hop.server, _ = serverAt([]*Object{g}, number)
				}
				legs = append(legs, s.gatewayRoutes(client, v, name, host, hop)...)
			}
		}
	}
	return legs
}

// meshLegs lists the legs that v's routes for the mesh take straight out of it, whatever host the traffic was meant
// for: a route may lead from a service of the mesh to an external host.
func (s *Snapshot) meshLegs(v *virtualService) []leg {
	if !slices.Contains(v.gateways, meshGateway) || len(v.hosts) == 0 {
		return nil
	}
	var legs []leg
	for _, number := range matchedPorts(v) {
		for _, kind := range []Family{FamilyHTTP, FamilyTLS, FamilyOpaque} {
			r := request{gateway: meshGateway, host: v.hosts[0], port: number, client: Client{Kind: ClientSidecar, Namespace: v.Namespace}}
			for _, d := range s.destinationsFor(v, kind, r) {
				legs = append(legs, s.outFromAll(v, d, number, kind)...)
			}
		}
	}
	return legs
}

// outFromAll is the leg to a destination, from each client that sees v. What a tcp route carries is told by the port
// that it leads to.
func (s *Snapshot) outFromAll(v *virtualService, d destination, listener uint32, kind Family) []leg {
	if !s.external(d.host) {
		return nil
	}
	var legs []leg
	for _, client := range s.Clients(d.host) {
		if client.Kind == ClientZtunnel || !visible(v.spec.ExportTo, v.Namespace, client.Namespace) {
			continue
		}
		number := s.destinationPort(client, d, listener)
		payload := kind
		if svc, ok := s.serviceFor(client, d.host); ok && kind == FamilyOpaque {
			p, _ := svc.port(number)
			payload = FamilyOf(p.protocol)
		}
		legs = append(legs, s.out(client, d, number, payload)...)
	}
	return legs
}

// gatewayPorts lists the ports on which a gateway may take a request for v: those of its servers, and where it is
// not known those that v's routes match; 0 stands for any.
func (s *Snapshot) gatewayPorts(name string, v *virtualService) []uint32 {
	if g := s.Get(gatewayRef(name)); g != nil {
		if ports := serverPorts([]*Object{g}); len(ports) > 0 {
			return ports
		}
	}
	return matchedPorts(v)
}

// matchedPorts lists the ports that v's routes match; 0 stands for any other.
func matchedPorts(v *virtualService) []uint32 {
	list := []uint32{0}
	for _, r := range v.spec.Http {
		for _, m := range r.GetMatch() {
			list = append(list, m.GetPort())
		}
	}
	for _, r := range v.spec.Tls {
		for _, m := range r.GetMatch() {
			list = append(list, m.GetPort())
		}
	}
	for _, r := range v.spec.Tcp {
		for _, m := range r.GetMatch() {
			list = append(list, m.GetPort())
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// meshPayload is what the mesh sends to a gateway by v's tcp routes: TLS where v takes it by SNI, else what the
// first port that v takes for host speaks.
func (s *Snapshot) meshPayload(v *virtualService, host string) Family {
	r := request{gateway: meshGateway, host: host, client: Client{Kind: ClientSidecar, Namespace: v.Namespace}}
	svc, ok := s.serviceFor(r.client, host)
	if !ok {
		return FamilyOpaque
	}
	for _, p := range svc.ports {
		r.port = p.number
		for _, kind := range routeKinds(FamilyOf(p.protocol)) {
			for _, d := range s.destinationsFor(v, kind, r) {
				if s.leadsToGateway(d.host, v) {
					return FamilyOf(p.protocol)
				}
			}
		}
	}
	return FamilyOpaque
}

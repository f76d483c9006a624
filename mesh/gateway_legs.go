package mesh

import "slices"

// gatewayLegs lists the legs that the gateways to which v is bound take out of the mesh, whether or not the mesh
// sends them anything yet.
func (s *Snapshot) gatewayLegs(v *virtualService) []leg {
	var legs []leg
	for _, name := range v.gateways {
		if name != meshGateway {
			legs = append(legs, s.gatewayLegsOf(v, name, s.gatewayNamed(name, v))...)
		}
	}
	return legs
}

// gatewayLegsOf lists those of one gateway, whose pods are client.
func (s *Snapshot) gatewayLegsOf(v *virtualService, name string, client Client) []leg {
	var legs []leg
	for _, host := range v.hosts {
		for _, number := range s.gatewayPorts(name, v) {
			hop := leg{kind: LegGateway, client: client, host: host, port: number, payload: s.meshPayload(v, host)}
			if g := s.Get(gatewayRef(name)); g != nil {
				hop.server, _ = serverAt([]*Object{g}, number)
			}
			legs = append(legs, s.gatewayRoutes(client, v, name, host, hop)...)
		}
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
		for _, kind := range routeKinds(p.family()) {
			for _, d := range s.destinationsFor(v, kind, r) {
				if s.leadsToGateway(d.host, v) {
					return p.family()
				}
			}
		}
	}
	return FamilyOpaque
}

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

// gatewayLegsOf lists those of one gateway, whose pods are client: out of each of its servers, whatever else is bound to
// it.
func (s *Snapshot) gatewayLegsOf(v *virtualService, name string, client Client) []leg {
	g := s.Get(gatewayRef(name))
	if g == nil || len(gatewaySpec(g).Servers) == 0 {
		return s.assumedLegs(v, name, client)
	}
	var legs []leg
	gateways := []*Object{g}
	for _, number := range serverPorts(gateways) {
		for _, srv := range serversOn(gateways, number) {
			list := s.given(client, srv, v)
			for _, payload := range s.payloads(v, list) {
				legs = append(legs, s.outOfGateway(client, payload, list)...)
			}
		}
	}
	return legs
}

// payloads lists what may come to a gateway and leave by these ways as it has come.
func (s *Snapshot) payloads(v *virtualService, list []destination) []Family {
	if !slices.ContainsFunc(list, func(d destination) bool { return d.kind == FamilyOpaque }) {
		return []Family{FamilyOpaque}
	}
	var found []Family
	for _, host := range v.hosts {
		if payload := s.meshPayload(v, host); !slices.Contains(found, payload) {
			found = append(found, payload)
		}
	}
	return found
}

// assumedLegs lists those of a gateway that is not known: it may serve any host on each port that v's routes match.
func (s *Snapshot) assumedLegs(v *virtualService, name string, client Client) []leg {
	var legs []leg
	for _, host := range v.hosts {
		hop := leg{kind: LegGateway, client: client, host: host, payload: s.meshPayload(v, host)}
		for _, hop.port = range matchedPorts(v) {
			legs = append(legs, s.gatewayRoutes(client, v, name, host, hop)...)
		}
	}
	return legs
}

// letOut adds the legs that v has out of the Gateway under review, and had not before.
func (r *review) letOut(ref Ref, v *virtualService) {
	if r.object == nil {
		return
	}
	name := ref.Namespace + "/" + ref.Name
	had := map[flowKey]bool{}
	if r.old != nil {
		for _, l := range r.before.gatewayLegsOf(v, name, r.before.gatewayNamed(name, v)) {
			had[l.key()] = true
		}
	}
	for _, l := range r.after.gatewayLegsOf(v, name, r.after.gatewayNamed(name, v)) {
		if !had[l.key()] {
			r.add(l, r.clusterBefore(l))
		}
	}
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

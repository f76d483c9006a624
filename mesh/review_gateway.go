package mesh

// gateway adds the hops to the Gateway under review by stored routes, since its servers decide which SNI they accept,
// and what it lets out of the mesh by those routes that it did not before.
func (r *review) gateway(ref Ref) {
	for _, v := range r.after.virtualServices.Prefix(byGateway + ref.Namespace + "/" + ref.Name + "\x00") {
		r.addNewGatewayEgress(ref, v)
		for _, pattern := range v.hosts {
			for host := range r.after.hostClasses(pattern, nil, r.apart) {
				r.addGatewayHopsTo(host)
			}
		}
	}
}

// addNewGatewayEgress adds the hops by v out of the Gateway under review that it did not have before.
func (r *review) addNewGatewayEgress(ref Ref, v *virtualService) {
	if r.object == nil {
		return
	}
	name := ref.Namespace + "/" + ref.Name
	had := map[flowKey]bool{}
	if r.old != nil {
		for _, h := range r.before.gatewayRouteHopsOf(v, name, r.before.clientOfGateway(name, v)) {
			had[h.key()] = true
		}
	}
	for _, h := range r.after.gatewayRouteHopsOf(v, name, r.after.clientOfGateway(name, v)) {
		if !had[h.key()] {
			r.add(h, r.clusterBefore(h))
		}
	}
}

// addGatewayHopsTo adds the hops to gateways of all clients of a host.
func (r *review) addGatewayHopsTo(host string) {
	for _, client := range r.clients(host) {
		for _, number := range r.after.Ports(host) {
			for _, h := range r.after.hops(client, host, number) {
				if h.kind == HopGateway {
					r.addHop(h)
				}
			}
		}
	}
}

package mesh

// gateway adds the hops to this Gateway that stored routes take: its servers say which SNI they accept. What it lets out
// by those routes that it did not before is its to answer for.
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

// addNewGatewayEgress adds the hops that v has out of the Gateway under review, and had not before.
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

// addGatewayHopsTo adds the gateway hops of all clients of a host, and nothing else.
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

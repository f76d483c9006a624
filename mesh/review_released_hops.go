package mesh

import (
	"net/netip"
	"slices"
)

// addReleased adds the flows of hops to which connections to name are let out, which by kept from leaving. One that leaves in plaintext
// as some review has it already is told once.
func (r *releasedReview) addReleased(hops []hop, by Ref, name string) {
	for _, h := range hops {
		i := slices.IndexFunc(r.flows, func(f Flow) bool {
			return f.HopKind == HopEgress && f.Verdict == Plaintext && f.Host == h.host && f.Port == h.port && f.Client.compare(h.client) == 0
		})
		if i < 0 {
			r.review.add(change{hop: h, led: &by, asked: name})
			continue
		}
		if f := &r.flows[i]; f.TakenFromTLS == nil && f.Before != Originated && !f.WasUnrouted {
			f.TakenFromTLS = &by
		}
	}
}

// leavesUnderTLS reports whether what a client sends to a port of a host leaves, all of it by clusters that are there.
func (r *releasedReview) leavesUnderTLS(s *Snapshot, client Client, name string, number uint32) bool {
	hops := s.hops(client, name, number)
	missing := slices.ContainsFunc(hops, func(h hop) bool { return h.kind == HopEgress && !h.exists })
	return !missing && egressVerdict(hops) == Originated
}

// sent returns what clients send to a port of a host: to the addresses that others wrote down, and to one that is nobody's; to a port
// for bytes requests, too.
func (r *releasedReview) sent(name string, number uint32) []Outbound {
	addresses, bytes := []netip.Addr{{}}, false
	for _, svc := range r.after.services.At(name) {
		p, has := svc.port(number)
		if !has || !r.isOthers(svc) {
			continue
		}
		bytes = bytes || FamilyOf(p.protocol) != FamilyHTTP
		for _, prefix := range svc.addresses() {
			addresses = append(addresses, prefix.Addr())
		}
		addresses = append(addresses, r.after.endpointAddresses(svc, number)...)
	}
	var list []Outbound
	for _, at := range addresses {
		to := netip.AddrPortFrom(at, uint16(number)) //nolint:gosec // a port
		list = append(list, Outbound{To: to, Request: name})
		if bytes {
			list = append(list, Outbound{To: to})
		}
	}
	return list
}

// outcome returns where a client's connection goes.
func (r *releasedReview) outcome(s *Snapshot, client Client, o Outbound) Outcome {
	key := listenersKey{s, client.String(), uint32(o.To.Port())}
	made, known := r.made[key]
	if !known {
		made.listeners, made.unsure = s.outboundListeners(client, o)
		r.made[key] = made
	}
	if made.unsure != "" {
		return Outcome{Unsure: made.unsure}
	}
	return s.outboundBy(made.listeners, client, o)
}

// passesOn reports whether a client's proxy passes a connection on as it is.
func (r *releasedReview) passesOn(s *Snapshot, client Client, o Outbound) bool {
	return r.outcome(s, client, o).PassesOn
}

// plainHops returns the hops of a connection that leave in plaintext. What is passed on, as the host is not known, is none.
func (r *releasedReview) plainHops(s *Snapshot, client Client, name string, o Outbound) []hop {
	number, payload := uint32(o.To.Port()), FamilyOpaque
	if o.Request != "" {
		payload = FamilyHTTP
	}
	out := r.outcome(s, client, o)
	if out.PassesOn {
		svc, ok := s.serviceFor(client, name)
		if !ok {
			return nil
		}
		p, has := svc.port(number)
		cause := CauseOtherListener
		switch {
		case !has:
			cause = CausePortNotDeclared
		case p.family() != FamilyUnspecified && p.family() != payload:
			cause = CauseDeclaredOtherwise
		}
		return []hop{{
			kind: HopEgress, client: client, host: name, port: number, payload: payload, passesOn: cause,
			cluster: Cluster{Protocol: p.protocol, Family: p.family(), TargetPorts: []uint32{number}, service: svc},
		}}
	}
	var list []hop
	for _, d := range out.Destinations {
		if h, leaves := s.hopTo(client, d, payload); leaves && h.verdict() == Plaintext {
			list = append(list, h)
		}
	}
	return list
}

// hopTo returns the hop to a destination; leaves reports whether it is there, and outside the mesh.
func (s *Snapshot) hopTo(client Client, d Destination, payload Family) (h hop, leaves bool) {
	svc, ok := s.serviceFor(client, d.Host)
	if !ok || !s.leavesMesh(svc.service) {
		return hop{}, false
	}
	h = s.directHop(client, svc, d.Port, d.Subset, payload)
	return h, h.exists
}

// hasTLSWithoutOwn reports whether a connection would be under TLS without the objects of the client's namespace.
func (r *releasedReview) hasTLSWithoutOwn(client Client, name string, o Outbound) bool {
	if r.without == nil {
		own := r.own()
		if len(own) > maxOwnObjects {
			r.exceed("its namespace has more than %d objects, and some keep hosts of other namespaces from its pods", maxOwnObjects)
			return false
		}
		r.without = r.after
		for _, object := range own {
			r.without = r.without.Without(object.Ref)
		}
	}
	client.Labels = nil // what selects them is gone
	if egressVerdict(r.without.hops(client, name, uint32(o.To.Port()))) != Originated {
		return false
	}
	out := r.outcome(r.without, client, o)
	return !out.PassesOn && out.Unsure == "" && len(out.Destinations) > 0
}

// holder returns the object of the client's namespace that keeps what it sends to a host from leaving under TLS: its entry, its
// route, its rule or its Sidecar.
func (r *releasedReview) holder(client Client, name string, number uint32) Ref {
	namespace := client.Namespace
	if svc, ok := r.after.serviceFor(client, name); ok && svc.namespace == namespace && svc.ref != r.reviewed().Ref {
		return svc.ref
	}
	for _, h := range r.before.hops(client, name, number) {
		if h.route != nil && h.route.author.Namespace == namespace {
			return h.route.by()
		}
	}
	if o := r.before.sidecarFor(client); o != nil && o.Namespace == namespace {
		return o.Ref
	}
	for _, h := range r.after.hops(client, name, number) {
		if h.hasRule() && h.cluster.rule.first.Namespace == namespace {
			return h.cluster.rule.first.Ref
		}
	}
	return r.reviewed().Ref
}

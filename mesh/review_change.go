package mesh

import "slices"

// change is a hop after the review, with the verdict that it had before: "" if there was no such hop.
type change struct {
	hop    hop
	before Verdict
	lost   *LostVerification
	opened *OpenedServer
	// led is the VirtualService that leads what was under TLS to the hop, which is there only now; nil for any other change.
	led *Ref
	// asked is what the client asks for, where a route leads it to another host's hop; "" for the hop's own.
	asked string
	// stayed reports whether routes kept all of the same connections in the mesh before (nothingLeaves).
	stayed bool
}

// losesTLS reports whether the hop was under TLS and is in plaintext.
func (c change) losesTLS() bool { return c.before == Originated && c.hop.verdict() == Plaintext }

// clusterChange returns a hop with the verdict that its cluster had before, whatever led there.
func (r *review) clusterChange(h hop) change { return change{hop: h, before: r.clusterBefore(h)} }

// clusterChanges returns hops with the verdicts that their clusters had before.
func (r *review) clusterChanges(hops []hop) []change {
	var list []change
	for _, h := range hops {
		list = append(list, r.clusterChange(h))
	}
	return list
}

// clusterBefore returns the verdict of the hop's cluster before the review; "" if there was none.
func (r *review) clusterBefore(h hop) Verdict {
	svc, ok := r.before.serviceFor(h.client, h.host)
	if !ok {
		return ""
	}
	was := r.before.directHop(h.client, svc, h.port, h.subset, h.payload)
	if !was.exists {
		return ""
	}
	return was.verdict()
}

// changesOf is a function that returns the changes of one client and port of a host.
type changesOf func(client Client, host string, number uint32) []change

// changesTo returns the changes of clients for all ports of a host.
func (r *review) changesTo(host string, clients []Client, of changesOf) []change {
	var list []change
	for _, client := range clients {
		if r.stopped() {
			return nil
		}
		for _, number := range r.portsOf(host) {
			r.spend(1)
			list = append(list, askedFor(host, of(client, host, number))...)
		}
	}
	return list
}

// askedFor sets the name that the client asks for in changes of the hops of other hosts.
func askedFor(name string, list []change) []change {
	for i, c := range list {
		if c.asked == "" && c.hop.host != name {
			list[i].asked = name
		}
	}
	return list
}

// losses returns the changes that lose their TLS or its check, or were unrouted, hops to gateways aside.
func losses(list []change) []change {
	return slices.DeleteFunc(list, func(c change) bool {
		return c.hop.kind == HopGateway || !c.losesTLS() && c.lost == nil && !c.hop.wasUnrouted
	})
}

// portsOf returns the numbers of all ports of a host, ascending, those too that a ServiceEntry under review takes away.
func (r *review) portsOf(host string) []uint32 {
	list := r.after.Ports(host)
	if r.reviewed().Kind != KindServiceEntry {
		return list
	}
	list = append(list, r.before.Ports(host)...)
	slices.Sort(list)
	return slices.Compact(list)
}

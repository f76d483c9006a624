package mesh

import "slices"

// leftToWildcard returns the losses of clients whose own entry for a host goes, so that a wildcard over the host takes what they
// send, in plaintext or to a server that is not checked. Another entry of the host that they do not have keeps nothing. A host
// that nothing is left to is undeclared, which the deletion of its entry says itself.
//
// Here shop's requests were under TLS by a rule for api.example.com, which is for no host any more:
//
//	# namespace egress, under review: deleted                # namespace egress, exported to all
//	hosts: [api.example.com]                                 hosts: ["*.example.com"]
//	ports: [{number: 80, name: http, protocol: HTTP}]        ports: [{number: 80, name: http, protocol: HTTP}]
func (r *review) leftToWildcard(host string) []change {
	if r.old == nil || len(r.before.services.At(host)) == 0 || len(r.after.services.At(host)) > 0 && r.reviewed().Kind != KindServiceEntry {
		return nil
	}
	var list []change
	for _, wide := range r.after.externalWildcardsOver(host) {
		touched := func(c Client) bool { return c.Kind == ClientSidecar }
		clients, possible := r.touchedClients(wide, touched)
		clients = append(clients, slices.DeleteFunc(r.before.Clients(host), func(c Client) bool { return !touched(c) })...)
		for _, client := range append(clients, possible...) {
			for _, number := range r.before.Ports(host) {
				if r.stopped() {
					return nil
				}
				list = append(list, r.leftToWildcardBy(client, host, wide, number)...)
			}
		}
	}
	return list
}

// leftToWildcardBy is leftToWildcard for one client and one port, where wide is what takes them.
func (r *review) leftToWildcardBy(client Client, host, wide string, number uint32) []change {
	if _, has := r.after.serviceFor(client, host); has {
		return nil // see passedOn
	}
	earlier := r.before.hops(r.clientBefore(client, host), host, number)
	if egressVerdict(earlier) != Originated || r.after.wildcardListenedFor(client, host, number) != wide {
		return nil
	}
	var list []change
	for _, h := range r.after.connectionHops(client, host, number) {
		if h.kind != HopEgress {
			continue
		}
		if h.verdict() == Plaintext {
			h.passesOn = CauseLeftToWildcard
		}
		h.host = host
		list = append(list, change{hop: h, before: Originated})
	}
	return losses(r.withLostVerification(list, earlier, client, host, host))
}

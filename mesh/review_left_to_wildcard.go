package mesh

// leftToWildcard returns the losses of clients whose own entry for a host goes, so that a wildcard over the host takes what they
// send, in plaintext or to a server that is not checked. A host that nothing is left to is undeclared, which the deletion of its
// entry says itself; so is what the namespace of the entry leaves to the wildcard for its own clients.
//
// Here shop's requests were under TLS by a rule for api.example.com, which is for no host any more:
//
//	# namespace egress, under review: deleted                # namespace egress, exported to all
//	hosts: [api.example.com]                                 hosts: ["*.example.com"]
//	ports: [{number: 80, name: http, protocol: HTTP}]        ports: [{number: 80, name: http, protocol: HTTP}]
func (r *review) leftToWildcard(host string) []change {
	if len(r.before.services.At(host)) == 0 || len(r.after.services.At(host)) > 0 {
		return nil
	}
	var list []change
	for _, wide := range r.after.externalWildcardsOver(host) {
		clients, possible := r.touchedClients(wide, func(c Client) bool { return c.Kind == ClientSidecar && c.Namespace != r.reviewed().Namespace })
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

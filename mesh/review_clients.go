package mesh

import "slices"

// touchedClients returns the clients of a host for which touched is true: those that there are, and those that may exist.
func (r *review) touchedClients(host string, touched func(Client) bool) (clients, possible []Client) {
	others := func(c Client) bool { return r.stopped() || !touched(c) }
	clients = r.clients(host)
	possible = slices.DeleteFunc(r.combinedClients(host, clients), others)
	return slices.DeleteFunc(clients, others), possible
}

// clients returns the clients of host in both snapshots. What was a client before is left out where its pods have another
// proxy for host now: that one is among the clients, too.
func (r *review) clients(host string) []Client {
	list, before := r.after.Clients(host), r.before.Clients(host)
	if r.limitSelectors(host, before, list); r.stopped() {
		return nil
	}
	seen := map[string]bool{}
	for _, c := range list {
		seen[c.String()] = true
	}
	for _, c := range before {
		if !seen[c.String()] && r.after.isClientOf(c, host) {
			list = append(list, c)
		}
	}
	return list
}

// clientBefore returns the proxy that the same pods had for a host before the review: which waypoint stands for a
// host is a label of its ServiceEntry.
func (r *review) clientBefore(client Client, host string) Client {
	switch client.Kind {
	case ClientZtunnel:
		return r.before.ClientOf(client.Namespace, nil, host)
	case ClientWaypoint:
		if before := r.before.waypointClients(host); len(before) > 0 && !r.before.WaypointServes(client, host) {
			return before[0]
		}
	}
	return client
}

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
		if !r.before.WaypointServes(client, host) {
			return r.waypointBefore(client, host)
		}
	}
	return client
}

// waypointBefore returns the waypoint that some of the pods had before which now come to another one, or else that other. Which
// service pods have goes by their own namespace (ambientService), so that another's waypoint may never have been theirs: without the
// first of these, pods come to the second, and nobody leaves the waypoint of shop.
//
//	# namespace bank                       # namespace bank, younger             # namespace shop, the youngest
//	hosts: [api.example.com]               labels: {istio.io/use-waypoint: w}    labels: {istio.io/use-waypoint: w}
//	                                       hosts: [api.example.com]              hosts: [api.example.com]
func (r *review) waypointBefore(now Client, host string) Client {
	namespaces := slices.Concat(r.before.NamespacesOf(host), r.after.NamespacesOf(host), []string{AnyNamespace})
	for _, namespace := range namespaces {
		is, was := r.after.ambientService(namespace, host), r.before.ambientService(namespace, host)
		if is == nil || was == nil || r.after.ambientClient(namespace, is).compare(now) != 0 {
			continue
		}
		if before := r.before.ambientClient(namespace, was); before.Kind == ClientWaypoint {
			return before
		}
	}
	return now
}

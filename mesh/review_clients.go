package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// touchedClients returns the clients of a host for which touched is true: those that there are, and those that may exist.
func (r *review) touchedClients(host string, touched func(Client) bool) (clients, possible []Client) {
	others := func(c Client) bool { return !touched(c) }
	clients = slices.DeleteFunc(r.clients(host), others)
	return clients, slices.DeleteFunc(r.combinedClients(clients), others)
}

// clients returns the clients of host in both snapshots. What was a client before is left out where its pods have another
// proxy for host now: that one is among the clients, too.
func (r *review) clients(host string) []Client {
	list := r.after.Clients(host)
	seen := map[string]bool{}
	for _, c := range list {
		seen[c.String()] = true
	}
	for _, c := range r.before.Clients(host) {
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

// maxCombinedClients bounds how many pairs of labels are looked at. A rule has one set of labels, a VirtualService
// any number.
const maxCombinedClients = 4096

// combinedClients returns the clients that may exist: with the labels that selectors of the object under review ask
// for and those that another object's selectors ask for.
func (r *review) combinedClients(clients []Client) []Client {
	own := r.selectorLabels()
	if len(own) == 0 || len(own)*len(clients) > maxCombinedClients {
		return nil
	}
	var list []Client
	known := map[string]bool{}
	for _, c := range clients {
		known[c.String()] = true
	}
	for _, c := range clients {
		if c.Kind != ClientSidecar || len(c.Labels) == 0 {
			continue
		}
		for _, labels := range own {
			both, ok := joinLabels(c.Labels, labels)
			if next := (Client{Kind: c.Kind, Namespace: c.Namespace, Labels: both}); ok && !known[next.String()] {
				known[next.String()] = true
				list = append(list, next)
			}
		}
	}
	return list
}

// selectorLabels returns the labels that selectors of the object under review ask for, now and before.
func (r *review) selectorLabels() []map[string]string {
	var list []map[string]string
	for _, o := range r.versions() {
		switch spec := o.Spec.(type) {
		case *networking.DestinationRule:
			list = append(list, spec.GetWorkloadSelector().GetMatchLabels())
		case *networking.Sidecar:
			list = append(list, spec.GetWorkloadSelector().GetLabels())
		case *networking.VirtualService:
			for from := range r.after.matchSources(r.after.settings.virtualService(o, spec)) {
				list = append(list, from.labels)
			}
		}
	}
	return slices.DeleteFunc(list, func(labels map[string]string) bool { return len(labels) == 0 })
}

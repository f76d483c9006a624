package mesh

import (
	"maps"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// addRoutesTo adds the flows to host that routes of the mesh bring there: requests to a port for TLS, which nobody but the
// proxy encrypts, whatever the port is declared for; and whatever a route for another host took there under TLS until now.
func (r *review) addRoutesTo(host string, clients []Client) {
	if r.onlyRoutes {
		return // those of the VirtualService under review are added with it
	}
	for _, v := range r.after.virtualServicesWithDestination(host) {
		for _, client := range clients {
			for _, h := range r.after.meshRouteHops(v, client, host) {
				was := r.clusterBefore(h)
				if h.payload == FamilyHTTP && h.cluster.Family == FamilyTLS || losesTLS(was, h) {
					r.add(h, was)
				}
			}
		}
	}
}

// addPossibleClients adds the flows of clients of which nobody knows whether they exist, where they lose their TLS: nothing else is
// held against a review for their sake.
func (r *review) addPossibleClients(host string, clients []Client, touched func(Client) bool) {
	r.onlyLosses = true
	defer func() { r.onlyLosses = false }()
	blends := slices.DeleteFunc(r.combinedClients(clients), func(c Client) bool { return !touched(c) })
	for _, client := range blends {
		for _, number := range r.after.Ports(host) {
			r.client(client, host, number)
		}
	}
	r.addRoutesTo(host, blends)
	r.addGatewaysInOtherNamespaces(host, touched)
}

// maxCombinedClients bounds how many pairs of labels are looked at: a rule names one set of them, a route as many as it likes.
const maxCombinedClients = 4096

// combinedClients returns pods that carry the labels by which the object under review singles pods out, and those by which another
// does at once.
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
			blend, ok := combinedLabels(c.Labels, labels)
			if next := (Client{Kind: c.Kind, Namespace: c.Namespace, Labels: blend}); ok && !known[next.String()] {
				known[next.String()] = true
				list = append(list, next)
			}
		}
	}
	return list
}

// selectorLabels returns the labels by which the object under review singles pods out, now and before.
func (r *review) selectorLabels() []map[string]string {
	var list []map[string]string
	for _, o := range []*Object{r.object, r.old} {
		if o == nil {
			continue
		}
		switch spec := o.Spec.(type) {
		case *networking.DestinationRule:
			list = append(list, spec.GetWorkloadSelector().GetMatchLabels())
		case *networking.VirtualService:
			for from := range r.after.matchSources(r.after.settings.virtualService(o, spec)) {
				list = append(list, from.labels)
			}
		}
	}
	return slices.DeleteFunc(list, func(labels map[string]string) bool { return len(labels) == 0 })
}

// combinedLabels returns the labels of a pod that carries both; ok is false where no pod can.
func combinedLabels(a, b map[string]string) (map[string]string, bool) {
	both := maps.Clone(a)
	for k, v := range b {
		if have, ok := both[k]; ok && have != v {
			return nil, false
		}
		both[k] = v
	}
	return both, true
}

// addGatewaysInOtherNamespaces adds the flows of gateway pods in namespaces where no Service tells of them.
func (r *review) addGatewaysInOtherNamespaces(host string, touched func(Client) bool) {
	routes := append(r.after.gatewayVirtualServicesForHost(host), r.after.virtualServicesWithDestination(host)...)
	if !slices.ContainsFunc(routes, (*virtualService).bindsGateway) {
		return
	}
	namespaces := append(r.before.clientNamespaces(host), r.after.clientNamespaces(host)...)
	slices.Sort(namespaces)
	for _, v := range routes {
		for _, name := range v.gateways {
			if name == meshGateway || r.after.knowsGatewayPods(name, v) {
				continue
			}
			client := r.after.clientOfGateway(name, v)
			for _, client.Namespace = range slices.Compact(namespaces) {
				for _, h := range r.after.gatewayRouteHopsOf(v, name, client) {
					if h.host == host && touched(h.client) {
						r.add(h, r.clusterBefore(h))
					}
				}
			}
		}
	}
}

package mesh

import (
	"maps"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// addRoutesTo adds the flows to host that routes for other hosts bring there: requests to a port for TLS, which
// nobody encrypts if the proxy does not, and whatever loses its TLS.
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

// addPossibleClients adds the flows of clients that may exist, where they lose their TLS. For their sake a review has
// to answer for nothing else.
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

// maxCombinedClients bounds how many pairs of labels are looked at. A rule has one set of labels, a VirtualService
// any number.
const maxCombinedClients = 4096

// combinedClients returns the clients with the labels that selectors of the object under review ask for and those
// that another object's selectors ask for.
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

// selectorLabels returns the labels that selectors of the object under review ask for, now and before.
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

// combinedLabels returns the labels of a pod that has both; ok is false where none can.
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

// addGatewaysInOtherNamespaces adds the flows of gateways' pods, where nothing tells their namespace, for each
// namespace that they may be in.
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

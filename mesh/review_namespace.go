package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/treap"
)

// namespace adds what the Namespace under review changes for connections that were under TLS:
//  1. Its own pods may have another proxy by their label istio.io/dataplane-mode: ztunnel starts no TLS.
//  2. The hosts that its entries declare may have another waypoint, or none, by istio.io/use-waypoint.
//  3. One that leaves the mesh, with neither that nor injection, is told: what its pods send then, nobody encrypts.
//  4. One that goes takes entries, rules, routes and waypoints along that others may use. So does one that the discoverySelectors no
//     longer select, for its own pods too; one that they select brings what is in it.
//  5. Its own pods may be configured by another control plane, by istio.io/rev: before is the mesh of the one before it (Moved).
//  6. By its labels listeners of the Gateway API take its routes, or no longer do.
//
// Pods that a label of their own brings into the mesh are not known here.
func (r *review) namespace(name string) {
	if r.reviewed() != nil {
		r.madeGatewaysBySelectors()
	}
	switch {
	case r.object == nil:
		r.withObjectsOf(r.before.hostsUsedIn(name), func(c Client) bool { return c.Namespace != name })
	case r.old == nil || r.object.Terminating:
	default:
		if r.before.isDiscovered(name) != r.after.isDiscovered(name) {
			r.withObjectsOf(append(r.before.hostsUsedIn(name), r.after.hostsUsedIn(name)...), func(Client) bool { return true })
		}
		moved := r.after.isAmbient(name) != r.before.isAmbient(name) || r.after.Revision() != r.before.Revision()
		if wasInMesh(r.old) && moved && wasInMesh(r.object) {
			r.addMovedPods(name)
		}
		if wasInMesh(r.old) && !wasInMesh(r.object) {
			r.flows = append(r.flows, r.passthrough(r.before.anyClientIn(name), "*", 0))
		}
		r.addMovedWaypoint(name)
	}
}

// madeGatewaysBySelectors adds what the labels of the Namespace under review change for the Gateways that istiod makes of listeners which
// select by them.
func (r *review) madeGatewaysBySelectors() {
	if r.after.gateways.dependent.Len() == 0 {
		return
	}
	differ := func(a, b *Object) bool { return !isMadeAlike(a, b) }
	for was, is := range treap.Diff(r.before.gateways.byName, r.after.gateways.byName, differ) {
		if r.stopped() {
			return
		}
		g, s := is, r.after
		if g == nil {
			g, s = was, r.before
		}
		if r.after.gateways.dependent.At(anyNamespace+"\x00"+s.parentOf(g).key()) != nil {
			r.gateway(g.Ref)
		}
	}
}

// wasInMesh reports whether the labels of a Namespace bring its pods into the mesh.
func wasInMesh(o *Object) bool {
	switch o.Labels[injectionLabel] {
	case "enabled":
		return true
	case "disabled":
		return o.Labels[ambientLabel] == ambientMode
	}
	return o.Labels[ambientLabel] == ambientMode || o.Labels[revisionLabel] != ""
}

// anyClientIn returns a client that stands for all pods of a namespace.
func (s *Snapshot) anyClientIn(namespace string) Client {
	if s.isAmbient(namespace) {
		return Client{Kind: ClientZtunnel, Namespace: namespace}
	}
	return Client{Kind: ClientSidecar, Namespace: namespace}
}

// addMovedPods adds the flows of a namespace's pods that were under TLS and are in plaintext by their new proxy.
func (r *review) addMovedPods(namespace string) {
	for class := range r.after.hostClasses("*", nil, r.lists) {
		if !r.isExternal(class.host) {
			continue
		}
		r.addHostClass(class, func(host string) {
			clients := r.after.clientsIn(namespace, host)
			if len(clients) == 0 {
				clients = []Client{r.after.ClientOf(namespace, nil, host)}
			}
			for _, c := range clients {
				r.addLosses(host, c, r.before.ClientOf(namespace, c.Labels, host))
			}
		})
		if r.stopped() {
			return
		}
	}
}

// addMovedWaypoint adds the flows to the hosts that entries of a namespace declare, where its labels, which its waypoint may
// select by, have them lose it.
func (r *review) addMovedWaypoint(namespace string) {
	for _, o := range r.after.objects.Prefix(KindServiceEntry + "\x00" + namespace + "\x00") {
		for _, svc := range r.after.settings.servicesOf(o) {
			if r.isExternal(svc.host) && r.before.waypointNamespaceOf(svc) != r.after.waypointNamespaceOf(svc) {
				r.addLossesOfAll(svc.host)
			}
		}
	}
}

// addLossesOfAll adds the flows of all clients of a host that were under TLS, and leave in plaintext.
func (r *review) addLossesOfAll(host string) {
	for _, c := range r.clients(host) {
		r.addLosses(host, c, r.clientBefore(c, host))
	}
}

// withObjectsOf adds the flows of clients to hosts that were under TLS, and that are in plaintext now that the objects of a
// namespace have come or gone.
func (r *review) withObjectsOf(hosts []string, client func(Client) bool) {
	for _, pattern := range hosts {
		for class := range r.after.hostClasses(pattern, nil, r.lists) {
			if r.stopped() {
				return
			}
			if !r.isExternal(class.host) {
				continue
			}
			r.addHostClass(class, func(host string) {
				for _, c := range r.clients(host) {
					if client(c) {
						r.addLosses(host, c, r.clientBefore(c, host))
					}
				}
			})
		}
	}
}

// hostsUsedIn returns the hosts of a namespace's entries, rules and routes, and those that use its waypoints, each once.
func (s *Snapshot) hostsUsedIn(namespace string) []string {
	var hosts []string
	for _, o := range s.objects.Prefix(KindKubernetesGateway + "\x00" + namespace + "\x00") {
		if s.isWaypoint(o) {
			hosts = append(hosts, s.hostsUsing(o.Ref)...)
		}
	}
	for _, kind := range append(routeKinds(), KindServiceEntry, KindDestinationRule, KindVirtualService) {
		for _, o := range s.objects.Prefix(kind + "\x00" + namespace + "\x00") {
			switch spec := o.Spec.(type) {
			case *networking.ServiceEntry:
				hosts = append(hosts, spec.Hosts...)
			case *networking.DestinationRule:
				hosts = append(hosts, s.settings.qualify(spec.Host, namespace))
			case *networking.VirtualService, *KubernetesRoute:
				for _, v := range s.virtualServicesOf(o) {
					hosts = append(hosts, v.hosts...)
				}
			}
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// addLosses adds the flows of a client to a host that were under TLS by the proxy that its pods had before, and leave in
// plaintext.
func (r *review) addLosses(host string, client, before Client) {
	for _, number := range r.after.Ports(host) {
		if r.stopped() {
			return
		}
		earlier := r.before.connectionHops(before, host, number)
		was := egressVerdict(earlier)
		if was != Originated {
			continue
		}
		hops := r.after.connectionHops(client, host, number)
		r.add(losses(r.leaving(hops, was))...)
		r.add(r.routedInside(hops, earlier, client, host, host, number)...)
	}
}

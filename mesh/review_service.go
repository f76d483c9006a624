package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// service adds what the Service under review changes for connections that were under TLS, or that a route led to no service:
//  1. those to its own host, which a ServiceEntry may declare too: a Service goes before it wherever it is visible;
//  2. those that routes lead to it: of type ExternalName it stands for another host;
//  3. those to hosts on the same ports, by its listeners (otherListeners);
//  4. those to hosts whose endpoints have its name: of type ExternalName it leads them out of the mesh.
//
// What else is sent to a Service stays in the mesh; whose connections it takes from others, diverted says. Here nobody who sees the Service has the TLS of
// the rule any more, unless the namespace shop has one too:
//
//	kind: ServiceEntry                                kind: Service
//	metadata: {name: legacy, namespace: egress}       metadata: {name: legacy, namespace: shop}
//	spec:                                             spec:
//	  hosts: [legacy.shop.svc.cluster.local]            ports: [{name: http, port: 80}]
//	  ...
//	---
//	kind: DestinationRule
//	metadata: {name: legacy, namespace: egress}
//	spec:
//	  host: legacy.shop.svc.cluster.local
//	  trafficPolicy: {tls: {mode: SIMPLE}}
func (r *review) service() {
	sr := &serviceReview{review: r, host: r.after.settings.servicesOf(r.reviewed())[0].host}
	if sr.sameForRoutes() {
		return
	}
	sr.addOwnHost()
	sr.addRoutedHosts()
	sr.addHostsBehind()
	r.otherListeners()
}

// serviceReview is the review of a Service, whose host is host.
type serviceReview struct {
	*review
	host string
}

// sameForRoutes reports whether an UPDATE changes nothing that decides where connections go.
func (r *serviceReview) sameForRoutes() bool {
	if r.old == nil || r.object == nil {
		return false
	}
	was, is := r.before.settings.servicesOf(r.old)[0], r.after.settings.servicesOf(r.object)[0]
	samePort := func(a, b port) bool { return a.number == b.number && a.name == b.name && a.protocol == b.protocol }
	return was.externalName == is.externalName && was.alias == is.alias && was.headless == is.headless &&
		sameExportTo(was.exportTo, is.exportTo) && labelsKey(was.selector) == labelsKey(is.selector) &&
		was.labels[useWaypointLabel] == is.labels[useWaypointLabel] && was.labels[waypointNamespaceLabel] == is.labels[waypointNamespaceLabel] &&
		slices.Equal(was.clusterIPs, is.clusterIPs) && slices.EqualFunc(was.ports, is.ports, samePort)
}

// clients returns the clients of a host, those of namespaces among them to which the Service is or was exported by name.
func (r *serviceReview) clients(host string) []Client { return r.clientsWithOwn(host) }

// addOwnHost adds the flows to the Service's own host that were under TLS, where a ServiceEntry declares it too.
func (r *serviceReview) addOwnHost() {
	if !slices.ContainsFunc(r.after.services.At(r.host), func(svc *service) bool { return svc.entry != nil }) {
		return
	}
	ports := append(r.before.Ports(r.host), r.after.Ports(r.host)...)
	slices.Sort(ports)
	ports = slices.Compact(ports)
	for _, client := range r.clients(r.host) {
		for _, number := range ports {
			if r.stopped() {
				return
			}
			if egressVerdict(r.before.hops(r.clientBefore(client, r.host), r.host, number)) != Originated {
				continue
			}
			if c, taken := r.takenByService(client, number); taken {
				r.add(c)
				continue
			}
			r.add(losses(r.hostChanges(client, r.host, number))...)
		}
	}
}

// takenByService returns the change of a client that had a ServiceEntry for a port of the host, and now has a Service, towards
// which nothing starts TLS. Whether its pods take mutual TLS of the mesh is not known here, and they are not the server
// whose name was checked.
func (r *serviceReview) takenByService(client Client, number uint32) (change, bool) {
	svc, ok := r.after.serviceFor(client, r.host)
	if !ok || !svc.kubernetes || svc.alias || !svc.hasPort(number) {
		return change{}, false
	}
	hops := r.after.hops(client, r.host, number)
	if i := worstEgress(hops); i >= 0 && hops[i].host == r.host && hops[i].verdict() == Plaintext {
		return change{hop: hops[i], before: Originated}, true
	}
	return change{}, false
}

// addRoutedHosts adds the flows to hosts whose routes lead to the Service, where they go differently with it.
func (r *serviceReview) addRoutedHosts() {
	r.addNamesRoutedTo(r.host, r.clients, r.addMoved)
	r.addGatewayPathsTo(r.host)
}

// addHostsBehind adds the flows to the hosts of entries whose endpoints, or WorkloadEntries, have the name of the Service, which leave
// the mesh by it now.
func (r *serviceReview) addHostsBehind() {
	if r.object == nil || !isExternalName(r.after.settings.servicesOf(r.object)[0]) {
		return
	}
	names := r.after.namesLeadingTo(r.host)
	isNamed := func(w *networking.WorkloadEntry) bool {
		return slices.Contains(names, resolvedName(w.GetAddress()))
	}
	for _, o := range r.after.objects.Prefix(KindServiceEntry + "\x00") {
		entry := o.Spec.(*networking.ServiceEntry)
		if r.stopped() || !slices.ContainsFunc(entry.Endpoints, isNamed) {
			continue
		}
		for _, host := range entry.Hosts {
			if r.after.isExternal(host) {
				r.addWorkloadHost(host)
			}
		}
	}
	named := map[string]bool{}
	for _, o := range r.after.objects.Prefix(KindWorkloadEntry + "\x00") {
		if !named[o.Namespace] && isNamed(o.Spec.(*networking.WorkloadEntry)) {
			named[o.Namespace] = true
			r.addWorkloadHosts(o.Namespace, func(map[string]string) bool { return true })
		}
	}
}

package mesh

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// Diversion is where connections go in place of the service that the client asked for.
type Diversion struct {
	// By is the object that takes them.
	By Ref `json:"by"`
	// To is the host to which they go; Service declares it.
	To      string `json:"to"`
	Service Ref    `json:"service"`
	// Name is the name by which requests are taken, where it is not the service's own host.
	Name string `json:"name,omitempty"`
	// Addresses are those by which a listener takes connections, as a CIDR; "" for all connections to the port.
	Addresses string `json:"addresses,omitempty"`
	// Outside reports whether they leave the mesh.
	Outside bool `json:"outside,omitempty"`
}

// divertedReview is the review of an object as to what it takes from services of other namespaces. Istio starts mutual TLS
// towards the services of the mesh by itself, and no rule says so, so that nobody would miss it:
//
//	kind: Service                                        kind: ServiceEntry
//	metadata: {name: cart, namespace: shop}              metadata: {name: x, namespace: team-a}
//	spec:                                                spec:
//	  clusterIP: 10.0.0.5                                  hosts: [evil.example.net]
//	  ports: [{name: http, port: 8080}]                    addresses: [10.0.0.5]
//	                                                       ports: [{number: 8080, name: tcp, protocol: TCP}]
//	                                                       resolution: DNS
//
// It answers for what is diverted by
//  1. a listener of another host at the service's address;
//  2. an entry, or a route, for another name of the service (servicesNamed);
//  3. routes that lead outside the mesh or to a third namespace's services, also for hosts outside that were under TLS;
//  4. a rule that disables TLS.
//
// What an object does to its own namespace's services is its owner's to say, and the root namespace is the mesh's own.
// Waypoints, gateways and ztunnel are not looked at.
type divertedReview struct {
	*review
	then map[uint32]*portListeners // before the review, by port
	// victims are the services that lose something, at most maxTakenHosts; looked counts those that were looked at.
	victims, looked int
}

// maxLookedAt is how many services of other namespaces one object may concern.
const maxLookedAt = 2048

// diverted adds the flows that the object under review takes from services of other namespaces.
func (r *review) diverted() {
	o := r.reviewed()
	if o == nil || o.Namespace == r.after.settings.RootNamespace {
		return
	}
	dr := &divertedReview{review: r, then: map[uint32]*portListeners{}}
	switch o.Kind {
	case KindServiceEntry, KindService:
		for _, version := range r.versions() {
			dr.services(r.after.settings.servicesOf(version))
		}
	case KindWorkloadEntry:
		dr.services(dr.selecting())
	case KindVirtualService:
		dr.routes()
	case KindDestinationRule:
		dr.rule()
	}
}

// selecting returns the services of the entries that select the WorkloadEntry under review, now or before.
func (r *divertedReview) selecting() []*service {
	var list []*service
	for _, kind := range []string{KindServiceEntry, KindService} {
		for _, o := range r.after.objects.Prefix(kind + "\x00" + r.reviewed().Namespace + "\x00") {
			for _, svc := range r.after.settings.servicesOf(o) {
				if len(svc.selector) > 0 && slices.ContainsFunc(r.versions(), func(w *Object) bool { return selectsWorkload(svc.selector, w) }) {
					list = append(list, svc)
				}
			}
		}
	}
	return list
}

// selectsWorkload reports whether a selector selects a WorkloadEntry, by its own labels or those of its spec.
func selectsWorkload(selector map[string]string, w *Object) bool {
	labels := w.Spec.(*networking.WorkloadEntry).Labels
	for k, v := range selector {
		if labels[k] != v && w.Labels[k] != v {
			return false
		}
	}
	return true
}

// services adds what services of the namespace under review take: by their listeners and names, and by routes to them.
func (r *divertedReview) services(list []*service) {
	claims := map[uint32][]netip.Prefix{}
	for _, svc := range list {
		for _, p := range svc.ports {
			if svc.entry == nil {
				continue // no two Services have an address in common
			}
			claims[p.number] = append(claims[p.number], svc.listenerAddresses(p)...)
		}
		for _, victim := range r.after.servicesNamed(svc.host) {
			r.victim(victim, svc.host)
		}
		for _, v := range r.after.virtualServicesWithDestination(svc.host) {
			r.routed(v, v.hosts)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(claims)) {
		slices.SortFunc(claims[number], netip.Prefix.Compare)
		r.listener(number, slices.Compact(claims[number]))
	}
}

// listener adds what is taken of the services on a port by listeners for these addresses, or as the port is one for a protocol
// that shares its listener with no other.
func (r *divertedReview) listener(number uint32, claims []netip.Prefix) {
	shared := r.after.hasServerFirst(number)
	if len(claims) == 0 && !shared {
		return
	}
	for known, victim := range r.after.hostsOnPort(number) {
		if r.stopped() {
			return
		}
		if victim.namespace != r.reviewed().Namespace && r.after.isMeshService(victim) &&
			(shared || slices.ContainsFunc(victim.addresses(), func(at netip.Prefix) bool { return slices.ContainsFunc(claims, at.Overlaps) })) {
			r.victim(known, known)
		}
	}
}

// routes adds what the VirtualService under review takes, and the routes that delegate to it.
func (r *divertedReview) routes() {
	rr := &routeReview{review: r.review, routes: []Ref{r.reviewed().Ref}}
	hosts := rr.hosts()
	for _, o := range r.versions() {
		r.routed(r.after.settings.virtualService(o, o.Spec.(*networking.VirtualService)), hosts)
	}
}

// routed adds what routes for hosts take.
func (r *divertedReview) routed(v *virtualService, hosts []string) {
	if !r.leadsElsewhere(v) {
		return
	}
	for _, pattern := range hosts {
		for _, victim := range r.after.servicesNamed(pattern) {
			r.victim(victim, strings.ToLower(pattern))
		}
		for class := range r.after.hostClasses(pattern, nil, r.lists) {
			if r.stopped() {
				return
			}
			if !host.IsWildcard(class.host) {
				r.victim(class.host, class.host)
			}
		}
	}
}

// leadsElsewhere reports whether any route of v leads to a service outside the root namespace that is no gateway.
func (r *divertedReview) leadsElsewhere(v *virtualService) bool {
	for d := range r.after.allDestinations(v) {
		to := r.after.settings.qualify(d.Host, v.Namespace)
		if slices.ContainsFunc(r.after.services.At(to), func(svc *service) bool { return svc.namespace != r.after.settings.RootNamespace }) &&
			len(r.after.gatewaysBehind(to)) == 0 {
			return true
		}
	}
	return false
}

// rule adds what the rule under review disables for the clients of its own namespace, and the routes to its host.
func (r *divertedReview) rule() {
	for _, o := range r.versions() {
		pattern := r.after.settings.qualify(ruleSpec(o).Host, o.Namespace)
		for known := range r.after.hostsCoveredBy(pattern) {
			if r.stopped() || r.looked == maxLookedAt {
				return // a rule is for its own namespace
			}
			if len(r.after.gatewaysBehind(known)) == 0 { // else plaintext-gateway-hop knows
				r.victim(known, known)
			}
			if known == pattern {
				for _, v := range r.after.virtualServicesWithDestination(known) {
					r.routed(v, v.hosts)
				}
				for _, victim := range r.after.servicesNamed(known) {
					r.victim(victim, known)
				}
			}
		}
	}
}

// victim adds the flows of a service that are diverted by a name of it.
func (r *divertedReview) victim(known, name string) {
	own := func(svc *service) bool { return svc.namespace == r.reviewed().Namespace }
	if r.victims >= maxTakenHosts || !slices.ContainsFunc(r.after.services.At(known), func(svc *service) bool { return !own(svc) }) {
		return
	}
	if r.looked++; r.looked > maxLookedAt {
		r.exceed("it concerns more than the %d services of other namespaces that a review looks at: name fewer hosts", maxLookedAt)
		return
	}
	found := false
	for _, client := range r.clientsOf(known, name) {
		for _, number := range r.after.Ports(known) {
			if r.stopped() {
				return
			}
			svc, ok := r.after.serviceFor(client, known)
			if !ok || own(svc.service) || !r.after.settings.isNameFor(name, known, client.Namespace) {
				continue
			}
			r.spend(1)
			found = r.addDiverted(asked{client, known, name, number}) || found
		}
	}
	if found {
		r.victims++
	}
}

// clientsOf returns the sidecars that may be configured differently for a service, or for one of its names.
func (r *divertedReview) clientsOf(known, name string) []Client {
	namespaces := append(r.after.clientNamespaces(known), r.reviewed().Namespace)
	if name != known {
		namespaces = append(namespaces, r.after.clientNamespaces(name)...)
	}
	for _, o := range r.versions() {
		for _, svc := range r.after.settings.servicesOf(o) {
			namespaces = append(namespaces, svc.exportScopes()...)
		}
	}
	slices.Sort(namespaces)
	var list []Client
	for _, namespace := range slices.Compact(namespaces) {
		list = append(list, r.after.clientsIn(namespace, known)...)
	}
	return slices.DeleteFunc(list, func(c Client) bool { return c.Kind != ClientSidecar })
}

// addDiverted adds the flow of what a client sends to a service where it is diverted now and was not before.
func (r *divertedReview) addDiverted(c asked) bool {
	svc, _ := r.after.serviceFor(c.client, c.host)
	now := r.divertedIn(r.after, c)
	if now == nil || r.isOwnersOrRoots(svc, now.by()) || r.divertedIn(r.before, c) != nil || !r.wasUnderTLS(c, now) {
		return false
	}
	p, _ := svc.port(c.number)
	h := r.after.directHop(c.client, svc, c.number, "", r.after.payloadFrom(c.client, svc, p))
	h.kind = HopMesh
	if _, known := r.index[h.key()]; known {
		return true
	}
	f := h.flow()
	f.Service, f.Diverted, f.Verdict, f.Cause, f.Before = &svc.ref, now.diversion, Plaintext, now.cause, Originated
	f.Hops = []Hop{{From: c.client.String(), To: now.to, Port: c.number, Protocol: h.cluster.Protocol, Names: []string{}, DecidedBy: now.decision}}
	r.index[h.key()] = len(r.flows)
	r.flows = append(r.flows, f)
	return true
}

// isOwnersOrRoots reports whether the service's own namespace, or the root namespace, says where its connections go.
func (r *divertedReview) isOwnersOrRoots(svc scopedService, by Ref) bool {
	return by.Namespace == svc.namespace || by.Namespace == r.after.settings.RootNamespace
}

// wasUnderTLS reports whether what a client sent to a service was under TLS: that of a rule or, towards a service of the mesh,
// the mutual TLS that Istio starts by itself. What was under TLS outside and still leaves is judged with all that leaves.
func (r *divertedReview) wasUnderTLS(c asked, now *diverted) bool {
	svc, ok := r.before.serviceFor(c.client, c.host)
	if !ok || !svc.hasPort(c.number) {
		return false
	}
	if r.before.leavesMesh(svc.service) {
		if now.cause == CauseRoutedElsewhere && !now.leaves() && c.client.Namespace != now.by().Namespace {
			return false // see routedInside
		}
		was := egressVerdict(r.before.hops(c.client, c.host, c.number))
		return was == Originated && !now.leaves() || was == "" && r.before.hasTLSWithoutRoutes(c.client, c.host, c.number)
	}
	if !r.before.isMeshService(svc.service) {
		return false
	}
	return svc.kubernetes || r.before.directHop(c.client, svc, c.number, "", FamilyHTTP).cluster.everywhere
}

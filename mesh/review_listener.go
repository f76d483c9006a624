package mesh

import (
	"net/netip"
	"slices"
)

// OtherListener is the listener or filter chain of another host that takes a flow's connections.
type OtherListener struct {
	// Service is the object that declares the other host.
	Service Ref    `json:"service"`
	Host    string `json:"host"`
	// Protocol is the declared protocol of its port.
	Protocol string `json:"protocol"`
	// Addresses are those by which it takes them, as a CIDR; "" for all connections to the port.
	Addresses string `json:"addresses,omitempty"`
	// Name is the name for which clients of the flow's host ask, where the other host is that with a search domain behind it, or a
	// sidecar that captures DNS answers with the other's address.
	Name string `json:"name,omitempty"`
	// Requests reports whether it has the proxy look for requests, which the flow's port for bytes got before, and pass on those to
	// the flow's host.
	Requests bool `json:"requests,omitempty"`
	// PassedOn reports whether ztunnel passes on whatever is sent to the addresses, on ports too that the other host does not have:
	// its resolution is NONE.
	PassedOn bool `json:"passedOn,omitempty"`
	// Possible reports whether only DNS knows if the flow's host is at these addresses.
	Possible bool `json:"possible,omitempty"`
	// Wide reports whether these are more than 256 addresses (IPv6: more than a /64).
	Wide bool `json:"wide,omitempty"`
	// Internal reports whether they are inside the mesh, by Settings.InternalAddresses.
	Internal bool `json:"internal,omitempty"`
}

// maxTakenHosts is how many hosts whose connections a service takes are listed: one is enough to refuse it.
const maxTakenHosts = 16

// otherListeners adds the flows that were under TLS and are taken, in plaintext, by the listener of another host, on each
// port that the ServiceEntry or Service has or had.
func (r *review) otherListeners() {
	var numbers []uint32
	for _, o := range r.versions() {
		for _, svc := range r.listening(o) {
			for _, p := range svc.ports {
				numbers = append(numbers, p.number)
			}
		}
	}
	slices.Sort(numbers)
	for _, number := range slices.Compact(numbers) {
		lr := &listenerReview{
			review: r, number: number, then: r.before.portListeners(number), now: r.after.portListeners(number),
			shared: r.before.hasServerFirst(number) || r.after.hasServerFirst(number),
		}
		lr.readClaims()
		lr.readNames()
		if r.reviewed().Kind == KindWorkloadEntry && len(lr.newlyClaimed) == 0 {
			continue // it changes addresses alone
		}
		if lr.shared || lr.fallback || len(lr.claimed) > 0 || len(lr.names.exact) > 0 || r.old != nil && r.object != nil && r.reviewed().Kind == KindServiceEntry {
			lr.add()
		}
		if lr.looksForRequests() {
			lr.addRequests()
		}
	}
}

// listening returns the services whose listeners a version of the object under review decides: its own or, as Istio has a listener
// for each endpoint of some (listensAtEndpoints), those that select a WorkloadEntry.
//
//	kind: ServiceEntry   # listens on port 5432 of 203.0.113.10, once the WorkloadEntry has come
//	spec: {resolution: NONE, workloadSelector: {labels: {app: db}}, ports: [{number: 5432, name: tcp, protocol: TCP}], ...}
//	---
//	kind: WorkloadEntry
//	spec: {address: 203.0.113.10, labels: {app: db}}
func (r *review) listening(o *Object) []*service {
	if o.Kind != KindWorkloadEntry {
		return r.after.settings.servicesOf(o)
	}
	return slices.DeleteFunc(r.selecting(), func(svc *service) bool {
		return !selectsWorkload(svc.selector, o) || !slices.ContainsFunc(svc.ports, svc.listensAtEndpoints)
	})
}

// isPortFallback reports whether the server of a hop gets what its client sends on the port to addresses that no entry
// declares. With resolution NONE connections go on to where they were meant for.
func (r *review) isPortFallback(h hop) bool {
	svc := h.cluster.service.service
	if h.client.Kind != ClientSidecar || svc == nil || svc.isOriginalDst() || h.payload != FamilyOpaque || h.route != nil || h.kind != HopEgress {
		return false
	}
	fallback := r.listenersOn(h.port).sharedBy(h.client).fallback
	return fallback != nil && fallback.ref == svc.ref
}

// listenersOn returns the listeners of a port after the review.
func (r *review) listenersOn(number uint32) *portListeners {
	if r.listeners[number] == nil {
		if r.listeners == nil {
			r.listeners = map[uint32]*portListeners{}
		}
		r.listeners[number] = r.after.portListeners(number)
	}
	return r.listeners[number]
}

// listenerReview is the review of one port of a ServiceEntry or Service, as to which listeners take connections.
type listenerReview struct {
	*review
	number    uint32
	then, now *portListeners
	// claimed are the addresses for which the entry under review has listeners or filter chains of its own; newlyClaimed
	// those for which it had none.
	claimed, newlyClaimed []netip.Prefix
	// fallback reports whether the entry has or had bytes of any kind for all addresses.
	fallback bool
	// shared reports whether the port is, somewhere, one for a protocol that shares it with no other.
	shared bool
	// names are those for which sidecars that capture DNS answer with its addresses.
	names answeringNames
}

// readClaims reads what the entry under review takes.
func (r *listenerReview) readClaims() {
	had := map[netip.Prefix]bool{}
	old := r.old
	if r.reviewed().Kind == KindWorkloadEntry {
		old = r.reviewed() // the services that select it have others, too
	}
	for _, at := range r.claimsOf(r.before, old) {
		had[at] = true
		r.claimed = append(r.claimed, at)
	}
	for _, at := range r.claimsOf(r.after, r.object) {
		r.claimed = append(r.claimed, at)
		if !had[at] || r.isSeenByMore() {
			r.newlyClaimed = append(r.newlyClaimed, at)
		}
	}
}

// isSeenByMore reports whether the entry under review is exported to others than before.
func (r *listenerReview) isSeenByMore() bool {
	if r.old == nil || r.object == nil || r.object.Kind == KindWorkloadEntry {
		return false
	}
	was, is := r.before.settings.servicesOf(r.old), r.after.settings.servicesOf(r.object)
	return len(was) > 0 && len(is) > 0 && !sameExportTo(was[0].exportTo, is[0].exportTo)
}

// sharesListener reports whether the object under review has or had a part in the listener for all addresses.
func (r *listenerReview) sharesListener() bool {
	return slices.ContainsFunc(r.versions(), func(o *Object) bool {
		return slices.ContainsFunc(r.after.settings.servicesOf(o), func(svc *service) bool { return r.after.sharesListener(svc, r.number) })
	})
}

// claims reports whether any of the addresses has a listener of the object under review.
func (r *listenerReview) claims(addresses netip.Prefix) bool {
	return slices.ContainsFunc(r.claimed, addresses.Overlaps)
}

// claimsOf returns the addresses for which an object has listeners or filter chains of its own.
func (r *listenerReview) claimsOf(s *Snapshot, o *Object) []netip.Prefix {
	if o == nil {
		return nil
	}
	var list []netip.Prefix
	for _, svc := range r.listening(o) {
		p, ok := svc.port(r.number)
		if !ok {
			continue
		}
		family := FamilyOf(p.protocol)
		r.fallback = r.fallback || o.Kind != KindWorkloadEntry && svc.entry != nil && (family == FamilyOpaque || family == FamilyUnspecified)
		list = append(list, s.claimsOf(svc, p)...)
	}
	slices.SortFunc(list, netip.Prefix.Compare)
	return slices.Compact(list)
}

// claimsOf returns the addresses for which a port of a service has listeners or filter chains of its own.
func (s *Snapshot) claimsOf(svc *service, p port) []netip.Prefix {
	list := svc.listenerAddresses(p)
	if !svc.listensAtEndpoints(p) {
		return list
	}
	for _, at := range s.endpointAddresses(svc, p.number) {
		list = append(slices.Clip(list), netip.PrefixFrom(at, at.BitLen()))
	}
	return list
}

// add adds the flows that the port's listeners lose: of all hosts that the entry may touch, and of its own.
func (r *listenerReview) add() {
	hosts := 0
	for host, svc := range r.after.hostsOnPort(r.number) {
		if r.stopped() {
			return
		}
		if !r.mayTouch(svc) || !r.mayHaveTLS(host) || !r.addHostOnPort(host) {
			continue
		}
		if hosts++; hosts == maxTakenHosts {
			return
		}
	}
}

// mayTouch reports whether the review may change who takes connections to a service.
func (r *listenerReview) mayTouch(svc *service) bool {
	p, _ := svc.port(r.number)
	switch family := FamilyOf(p.protocol); {
	case family == FamilyUDP, family == FamilyTLS:
		return false
	case r.reviewed().Kind == KindService:
		return r.shared && r.sharesListener() || slices.ContainsFunc(svc.addresses(), r.claims)
	case r.shared, len(r.claimed) > 0, svc.ref == r.reviewed().Ref, r.mayAnswerFor(svc.host):
		return true
	case family == FamilyHTTP:
		return false
	}
	return r.fallback
}

// mayHaveTLS reports whether any rule is for the host.
func (r *listenerReview) mayHaveTLS(host string) bool {
	for _, pattern := range r.after.ruleHostsCovering(host) {
		for range r.after.rules.Prefix(pattern + "\x00") {
			return true
		}
	}
	return false
}

// addHostOnPort adds the flows of all clients to a host, and reports whether there are any.
func (r *listenerReview) addHostOnPort(host string) bool {
	found := false
	for _, client := range r.sidecars(host) {
		if r.stopped() {
			return false
		}
		svc, p, ok := r.externalPort(client, host, r.number)
		if !ok {
			continue
		}
		if other, taken := r.newlyTaken(client, svc, p); taken && r.wasAndIsUnderTLS(client, host) {
			r.addTaken(client, svc, p, other)
			found = true
		}
	}
	return found
}

// sidecars returns the sidecars that may meet different listeners for a host.
func (r *listenerReview) sidecars(host string) []Client {
	namespaces := append(r.before.clientNamespaces(host), r.after.clientNamespaces(host)...)
	for _, o := range r.versions() {
		for _, svc := range r.listening(o) {
			namespaces = append(append(namespaces, svc.namespace), svc.exportScopes()...)
		}
	}
	if r.mayAnswerFor(host) {
		namespaces = append(namespaces, r.names.namespaces...)
	}
	for _, s := range []*Snapshot{r.before, r.after} {
		for _, svc := range s.ports.Prefix(portKey(portServerFirst, r.number)) {
			namespaces = append(namespaces, svc.exportScopes()...)
		}
	}
	for _, svc := range r.after.services.At(host) {
		p, _ := svc.port(r.number)
		known, _ := r.addressesOf(r.after, scopedService{service: svc, ports: svc.ports}, p)
		for _, at := range known {
			for _, other := range r.now.servicesAt(at) {
				namespaces = append(namespaces, other.exportScopes()...)
			}
		}
	}
	slices.Sort(namespaces)
	var list []Client
	for _, namespace := range slices.Compact(namespaces) {
		list = append(list, r.after.clientsIn(namespace, host)...)
	}
	return slices.DeleteFunc(list, func(c Client) bool { return c.Kind != ClientSidecar })
}

package mesh

import (
	"cmp"
	"net/netip"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
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
		for _, svc := range r.after.settings.servicesOf(o) {
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
		if lr.shared || lr.fallback || len(lr.claimed) > 0 || r.old != nil && r.object != nil && r.reviewed().Kind == KindServiceEntry {
			lr.add()
		}
	}
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
}

// readClaims reads what the entry under review takes.
func (r *listenerReview) readClaims() {
	had := map[netip.Prefix]bool{}
	for _, at := range r.claimsOf(r.before, r.old) {
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
	if r.old == nil || r.object == nil {
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
	for _, svc := range s.settings.servicesOf(o) {
		p, ok := svc.port(r.number)
		if !ok {
			continue
		}
		family := FamilyOf(p.protocol)
		r.fallback = r.fallback || svc.entry != nil && (family == FamilyOpaque || family == FamilyUnspecified)
		list = append(list, svc.listenerAddresses(p)...)
		if svc.listensAtEndpoints(p) {
			for _, at := range s.endpointAddresses(svc, r.number) {
				list = append(list, netip.PrefixFrom(at, at.BitLen()))
			}
		}
	}
	slices.SortFunc(list, netip.Prefix.Compare)
	return slices.Compact(list)
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
	case r.shared, len(r.claimed) > 0, svc.ref == r.reviewed().Ref:
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
		for _, svc := range r.after.settings.servicesOf(o) {
			namespaces = append(append(namespaces, svc.namespace), svc.exportScopes()...)
		}
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

// wasAndIsUnderTLS reports whether what a client sends to the host is under TLS by the host's own objects.
func (r *listenerReview) wasAndIsUnderTLS(client Client, host string) bool {
	return r.before.hasTLSWithoutRoutes(r.clientBefore(client, host), host, r.number) && r.after.hasTLSWithoutRoutes(client, host, r.number)
}

// newlyTaken returns the listener of another host that takes what a client sends to a service, and did not before.
func (r *listenerReview) newlyTaken(client Client, svc scopedService, p port) (OtherListener, bool) {
	earlier, ok := r.before.serviceFor(client, svc.host)
	if !ok || !earlier.hasPort(r.number) {
		return OtherListener{}, false
	}
	known, unknown := r.addressesOf(r.after, svc, p)
	earlierPort, _ := earlier.port(r.number)
	earlierKnown, _ := r.addressesOf(r.before, earlier, earlierPort)
	for _, at := range known {
		for _, payload := range payloadsOf(p.family()) {
			c := connection{client: client, to: svc, port: p, address: at, payload: payload}
			by, taken := r.now.otherListener(c)
			c.to = earlier
			if _, was := r.then.otherListener(c); !taken || was && slices.Contains(earlierKnown, at) {
				continue
			}
			if !r.isUnderTLS(client, by.service) {
				return r.otherListener(by, false), true
			}
			r.addTakenUnderTLS(client, svc, by.service)
		}
	}
	if !unknown {
		return OtherListener{}, false
	}
	return r.possiblyTaken(client, svc)
}

// addTakenUnderTLS adds the flow to a service whose listener takes connections to another, under TLS too, where somebody
// else's clients lose the check of their server's name by that.
func (r *listenerReview) addTakenUnderTLS(client Client, to scopedService, by *service) {
	taker, ok := r.after.serviceFor(client, by.host)
	p, has := taker.port(r.number)
	if !ok || !has {
		return
	}
	checked := r.checkedBefore(r.before.hops(r.clientBefore(client, to.host), to.host, r.number), to.host)
	h := r.after.directHop(client, taker, r.number, "", p.family())
	if lost := r.lostVerification(h, checked, client, to.host, to.host); lost != nil && len(checked) > 0 {
		r.review.add(change{hop: h, before: Originated, lost: lost})
	}
}

// payloadsOf returns what may be sent to a port of a family.
func payloadsOf(family Family) []Family {
	if family == FamilyUnspecified {
		return []Family{FamilyHTTP, FamilyOpaque}
	}
	return []Family{family}
}

// isUnderTLS reports whether what a client sends to a service on the port is under TLS there too.
func (r *listenerReview) isUnderTLS(client Client, svc *service) bool {
	return egressVerdict(r.after.hops(client, svc.host, r.number)) == Originated
}

// addressesOf returns the addresses to which clients of a service connect, as far as they are written down: its own and,
// where these are nobody's listener, those of its endpoints. unknown reports whether DNS may know others; the zero Addr
// stands for these.
func (r *listenerReview) addressesOf(s *Snapshot, svc scopedService, p port) (known []netip.Addr, unknown bool) {
	for _, prefix := range svc.addresses() {
		known = append(known, prefix.Addr())
		for _, at := range r.claimed {
			if prefix.Contains(at.Addr()) {
				known = append(known, at.Addr())
			}
		}
	}
	if len(known) > 0 && p.family() != FamilyHTTP {
		return known, false
	}
	servers := s.endpointAddresses(svc.service, r.number)
	known = append(known, servers...)
	for _, at := range svc.allocated {
		known = append(known, at.Addr())
	}
	if unknown = len(servers) == 0 && svc.entry.GetResolution() != networking.ServiceEntry_STATIC; unknown {
		known = append(known, netip.Addr{}) // one that is nobody's
	}
	return known, unknown
}

// possiblyTaken returns the listener that the entry under review has anew for addresses at which the service may be, as
// only DNS knows. Of several it is the one that is worst.
func (r *listenerReview) possiblyTaken(client Client, svc scopedService) (OtherListener, bool) {
	if r.object == nil || r.object.Kind == KindService {
		return OtherListener{}, false // no server outside has an address of the cluster
	}
	for _, own := range r.after.settings.servicesOf(r.object) {
		if _, has := own.port(r.number); !has || own.host == svc.host || !r.now.hasListenerFor(client, own) || r.isUnderTLS(client, own) {
			continue
		}
		var list []OtherListener
		for _, at := range r.newlyClaimed {
			if !isAllocatedByIstio(at) {
				list = append(list, r.otherListener(takenBy{own, at}, true))
			}
		}
		if len(list) > 0 {
			return slices.MaxFunc(list, compareOtherListeners), true
		}
	}
	return OtherListener{}, false
}

// compareOtherListeners returns the order of listeners by what they may take.
func compareOtherListeners(a, b OtherListener) int {
	return cmp.Or(cmp.Compare(falseFirst(!a.Internal), falseFirst(!b.Internal)), cmp.Compare(falseFirst(a.Wide), falseFirst(b.Wide)))
}

// otherListener returns what is told of a listener.
func (r *listenerReview) otherListener(by takenBy, possible bool) OtherListener {
	p, _ := by.service.port(r.number)
	other := OtherListener{Service: by.service.ref, Host: by.service.host, Protocol: p.protocol, Possible: possible}
	if by.addresses.IsValid() {
		other.Addresses = by.addresses.String()
		other.Wide = by.addresses.Bits() < wideBits(by.addresses.Addr())
		other.Internal = !r.after.settings.isOutside(other.Addresses, false)
	}
	return other
}

// wideBits returns how many bits a range of addresses must have in common for it to be of one server.
func wideBits(at netip.Addr) int {
	if at.Is4() {
		return 24
	}
	return 64
}

// addTaken adds the flow of connections that another listener takes. It stands for the flow that the host's own objects
// would make of them, if that is there.
func (r *listenerReview) addTaken(client Client, svc scopedService, p port, other OtherListener) {
	h := r.after.directHop(client, svc, p.number, "", r.after.payloadFrom(client, svc, p))
	f := h.flow()
	f.Service, f.TakenBy = &svc.ref, &other
	f.Verdict, f.Cause, f.Before = Plaintext, CauseOtherListener, Originated
	f.Hops = []Hop{{From: client.String(), To: other.Host, Port: r.number, Protocol: other.Protocol, Names: []string{}}}
	if i, known := r.index[h.key()]; known {
		r.flows[i] = f
		return
	}
	r.index[h.key()] = len(r.flows)
	r.flows = append(r.flows, f)
}

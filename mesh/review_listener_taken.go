package mesh

import (
	"cmp"
	"net/netip"
	"slices"
)

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
			if r.newlyReadAsBytes(c, by, earlier) {
				r.addReadAsBytes(client, svc, by.service)
				continue
			}
			wherever := !by.addresses.IsValid() && slices.Contains(earlierKnown, netip.Addr{}) // so also where clients connected before
			if _, was := r.then.otherListener(c); !taken || was && (wherever || slices.Contains(earlierKnown, at)) {
				continue
			}
			if !r.isUnderTLS(client, by.service) {
				return r.otherListener(by, false), true
			}
			r.addTakenUnderTLS(client, svc, by.service)
		}
	}
	if by, taken := r.requestsTaken(client, earlier, svc, p); taken {
		return by, true
	}
	if by, taken := r.requestsTakenAt(client, svc, p); taken {
		return by, true
	}
	if by, taken := r.takenByName(client, svc); taken {
		return by, true
	}
	if !unknown {
		return OtherListener{}, false
	}
	return r.possiblyTaken(client, svc)
}

// addTakenUnderTLS adds the flow to a service whose listener takes connections to another, under TLS too, where somebody
// else's clients lose the check of their server's name by that.
func (r *listenerReview) addTakenUnderTLS(client Client, to scopedService, by *service) {
	if c, ok := r.takenByPort(client, to, by); ok && c.lost != nil {
		r.review.add(c)
	}
}

// newlyReadAsBytes reports whether requests are read as bytes by the listener of another entry of their own host, and were not
// before: by one at their address, or by one for a protocol whose servers speak first. Then nobody checks the server's name, unless it
// is written down. Here are those of namespace other, which has the second entry before the first:
//
//	# namespace shop, exported to all                        # namespace shop, exported to other
//	hosts: [api.example.com]                                 hosts: [api.example.com]
//	ports: [{number: 80, name: http, protocol: HTTP}]        ports: [{number: 80, name: db, protocol: MONGO}]
func (r *listenerReview) newlyReadAsBytes(c connection, by takenBy, earlier scopedService) bool {
	areBytes := func(by takenBy) bool {
		if by.service == nil || by.service.host != c.to.host {
			return false
		}
		p, _ := by.service.port(r.number)
		return FamilyOf(p.protocol) == FamilyOpaque
	}
	if c.payload != FamilyHTTP || !areBytes(by) {
		return false
	}
	c.to = earlier
	was, _ := r.then.otherListener(c)
	return !areBytes(was)
}

// addReadAsBytes adds the flow of requests that are read as bytes for their own host, where the server's name was checked.
func (r *listenerReview) addReadAsBytes(client Client, to scopedService, by *service) {
	if c, ok := r.takenByPort(client, to, by); ok {
		r.review.add(c)
	}
}

// takenByPort returns the change of what a client sends to a service, and what the port of another takes that is under TLS, too. ok is
// false where nobody checked the server's name before.
func (r *listenerReview) takenByPort(client Client, to scopedService, by *service) (c change, ok bool) {
	taker, ok := r.after.serviceFor(client, by.host)
	p, has := by.port(r.number) // its listener's: the cluster may be that of another entry of the host
	if !ok || !has || !taker.hasPort(r.number) {
		return change{}, false
	}
	checked := r.checkedBefore(r.before.hops(r.clientBefore(client, to.host), to.host, r.number), to.host)
	h := r.after.directHop(client, taker, r.number, "", p.family())
	return change{hop: h, before: Originated, lost: r.lostVerification(h, checked, client, to.host, to.host)}, len(checked.names) > 0
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
// where these are nobody's listener, those of its endpoints. unknown reports whether DNS may know others, as for all who ask
// it for the host, whatever the resolution of the entry: that is the proxy's. The zero Addr stands for these.
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
	if known = append(known, servers...); len(servers) > 0 && svc.listensAtEndpoints(p) {
		return known, false // what goes elsewhere has no listener of the service's
	}
	for _, at := range svc.allocated {
		known = append(known, at.Addr())
	}
	return append(known, netip.Addr{}), true // one that is nobody's
}

// possiblyTaken returns the listener that the entry under review has anew for addresses at which the service may be, as
// only DNS knows. Of several it is the one that is worst.
func (r *listenerReview) possiblyTaken(client Client, svc scopedService) (OtherListener, bool) {
	if r.object == nil || r.object.Kind == KindService {
		return OtherListener{}, false // no server outside has an address of the cluster
	}
	if !slices.ContainsFunc(r.newlyClaimed, func(at netip.Prefix) bool { return isMatched(at) && !hasNoServer(at) }) {
		return OtherListener{}, false
	}
	for _, own := range r.listening(r.object) {
		if _, has := own.port(r.number); !has || own.host == svc.host || !r.now.hasListenerFor(client, own) || r.isUnderTLS(client, own) {
			continue
		}
		var list []OtherListener
		for _, at := range r.newlyClaimed {
			if isMatched(at) && !hasNoServer(at) {
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
		other.Addresses = by.addresses.Masked().String()
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

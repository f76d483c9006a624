package mesh

import (
	"net/netip"
	"slices"
)

// A port for bytes gets the requests too that clients send there, while nobody else has the proxy look for requests on it
// (takesRequests). The first entry that does takes these away: a filter chain for requests joins the listener for all addresses,
// which goes before the one for bytes, and there is no virtual host for the host of bytes, so that its requests pass on in
// plaintext (pilot/pkg/networking/core/listener.go buildSidecarOutboundListener, mergeTCPFilterChains). Here requests to
// metrics.example were under TLS:
//
//	# namespace egress, with a rule                          # namespace team-a
//	hosts: [metrics.example]                                 hosts: [own.example]
//	ports: [{number: 9000, name: tcp, protocol: TCP}]        ports: [{number: 9000, name: http, protocol: HTTP}]
//	resolution: DNS

// looksForRequests reports whether the object under review has, or had, the proxy look for requests on the port wherever they are
// sent.
func (r *listenerReview) looksForRequests() bool {
	for _, o := range r.versions() {
		for _, svc := range r.after.settings.servicesOf(o) {
			p, ok := svc.port(r.number)
			family := FamilyOf(p.protocol)
			if ok && (family == FamilyHTTP || family == FamilyUnspecified) && r.after.sharesListener(svc, r.number) {
				return true
			}
		}
	}
	return false
}

// addRequests adds the flows that ports for bytes lose of the requests that are sent there.
func (r *listenerReview) addRequests() {
	hosts := 0
	for _, svc := range r.after.ports.Prefix(portKey(portBytes, r.number)) {
		if r.stopped() {
			return
		}
		if svc.ref == r.reviewed().Ref || !r.mayHaveTLS(svc.host) || !r.addHostOnPort(svc.host) {
			continue
		}
		if hosts++; hosts == maxTakenHosts {
			return
		}
	}
}

// requestsTaken returns the service for which the proxy looks for requests, and passes on those that a client sends to a port for
// bytes, which got them before.
func (r *listenerReview) requestsTaken(client Client, earlier, svc scopedService, p port) (OtherListener, bool) {
	was, _ := earlier.port(r.number)
	if p.family() != FamilyOpaque || was.family() != FamilyOpaque || !r.after.allowsAny(client) {
		return OtherListener{}, false
	}
	then, now := r.then.sharedBy(r.clientBefore(client, svc.host)), r.now.sharedBy(client)
	if then.fallback == nil || then.fallback.host != svc.host || now.first == nil || now.isServerFirst(r.number) {
		return OtherListener{}, false
	}
	if !r.then.takesRequests(client, earlier.service) || !r.after.sharesListener(svc.service, r.number) {
		return OtherListener{}, false
	}
	other := r.now.otherLookingForRequests(client, svc.service)
	if other == nil || r.keptByWildcard(client, svc) {
		return OtherListener{}, false
	}
	taken := r.otherListener(takenBy{service: other}, false)
	taken.Requests = true
	return taken, true
}

// requestsTakenAt returns the service that has the requests to one of the addresses of a port for bytes, by a port without a protocol at
// that very address: they share the listener, and its filter chain for requests is for that service alone
// (pilot/pkg/networking/core/listener.go AutoOverTCP, TCPOverAuto).
//
//	# namespace egress, with a rule                        # namespace team-a
//	hosts: [db.example]                                    hosts: [own.example]
//	addresses: [240.1.1.2]                                 addresses: [240.1.1.2]
//	ports: [{number: 3306, name: tcp, protocol: TCP}]      ports: [{number: 3306, name: any}]
func (r *listenerReview) requestsTakenAt(client Client, svc scopedService, p port) (OtherListener, bool) {
	if p.family() != FamilyOpaque || p.isServerFirst() {
		return OtherListener{}, false
	}
	for _, at := range svc.addresses() {
		if !isOwnAddress(at) || r.then.sniffingAt(client, at.Addr(), svc.service) != nil {
			continue
		}
		if other := r.now.sniffingAt(client, at.Addr(), svc.service); other != nil && !r.isUnderTLS(client, other) {
			return r.otherListener(takenBy{other, at}, false), true
		}
	}
	return OtherListener{}, false
}

// sniffingAt returns the first service of another host with a port without a protocol at an address; nil where a client has none.
func (l *portListeners) sniffingAt(client Client, at netip.Addr, svc *service) *service {
	for _, other := range l.listenersAt(at) {
		if p, _ := other.port(l.number); other.host != svc.host && FamilyOf(p.protocol) == FamilyUnspecified && l.hasListenerFor(client, other) {
			return other
		}
	}
	return nil
}

// keptByWildcard reports whether requests to a port for bytes come to the virtual host of a wildcard over their host, and stay under
// TLS there: to the host that they are for, unless nobody checked that before, or wherever one's own, or the host's owner, leads them.
func (r *listenerReview) keptByWildcard(client Client, svc scopedService) bool {
	wide, ok := r.after.wildcardTaking(client, svc.host, r.number, FamilyHTTP)
	if !ok {
		return false
	}
	hops := r.after.hopsForName(client, wide.host, svc.host, r.number)
	if slices.Contains([]string{svc.namespace, client.Namespace, r.after.settings.RootNamespace}, wide.namespace) {
		return !r.after.leavesMesh(wide.service) || egressVerdict(hops) != Plaintext
	}
	wasUnchecked := isUnchecked(r.before.hops(r.clientBefore(client, svc.host), svc.host, r.number))
	return len(hops) > 0 && !slices.ContainsFunc(hops, func(h hop) bool {
		return h.verdict() != Originated || !wasUnchecked && !h.cluster.Hop.AutoNames && !slices.Equal(h.cluster.Hop.Names, []string{svc.host})
	})
}

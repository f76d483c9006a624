package mesh

import (
	"net/netip"
	"slices"
	"strings"
)

// portListeners are the listeners that proxies have for one port, by the services that share it.
type portListeners struct {
	snapshot *Snapshot
	number   uint32
	// atEndpoints has the services with a listener at an address of their endpoints; nil until it is asked for.
	atEndpoints map[netip.Addr][]*service
	// shared has the listener for all addresses, by client.
	shared map[string]sharedListener
	// serverFirst is what hasServerFirst returns; nil until it is asked for.
	serverFirst *bool
}

// sharedListener is what services make of the listener 0.0.0.0_PORT of one client.
type sharedListener struct {
	// first is the first service that has a part in it; nil where the client has no such listener.
	first *service
	// fallback is the service whose filter chain takes all bytes that no other takes; nil where they pass through.
	fallback *service
}

func (s *Snapshot) portListeners(number uint32) *portListeners {
	return &portListeners{snapshot: s, number: number, shared: map[string]sharedListener{}}
}

// connection is what a sidecar sends to a port of a service.
type connection struct {
	client  Client
	to      scopedService
	port    port
	address netip.Addr
	payload Family
}

// takenBy is the service that takes a connection, and the addresses by which it does, the zero Prefix for all of them.
type takenBy struct {
	service   *service
	addresses netip.Prefix
}

// otherListener returns the service of another host that takes a connection; ok is false where the connection's own one
// does, or where that is not known for certain (pilot/pkg/networking/core/listener.go buildSidecarOutboundListener,
// mergeTCPFilterChains, isConflictWithWellKnownPort):
//  1. A listener for its very address goes before 0.0.0.0_PORT: of a port that is not for HTTP, with an address, or with
//     resolution NONE and endpoints. The first service has it; requests for other hosts go there too.
//  2. In 0.0.0.0_PORT Envoy looks at addresses before it looks at bytes: the narrowest range that holds the address takes
//     all. Bytes that a port for TLS does not take pass through.
//  3. MONGO and MYSQL share 0.0.0.0_PORT with no other protocol: where the first service there has one of them, nobody
//     looks for requests, else services with these have no part in it.
//  4. Requests go to the routes that all ports for HTTP share.
//  5. Other bytes go to the first service that wants them.
//
// Here requests for a.example are sent to b.example from pods in shop, in plaintext if they had TLS by a's rule:
//
//	hosts: [a.example]                                     hosts: [b.example]
//	ports: [{number: 80, name: http, protocol: HTTP}]      ports: [{number: 80, name: db, protocol: MONGO}]
//	resolution: DNS                                        resolution: DNS
//	                                                       exportTo: [shop]
func (l *portListeners) otherListener(c connection) (takenBy, bool) {
	if by, found := l.listenerAt(c); found {
		return by, by.service.host != c.to.host
	}
	if heard, ok := l.snapshot.egressListenerFor(c.client, c.to, c.port); !ok || heard.port != 0 {
		return takenBy{}, false
	}
	if c.payload == FamilyHTTP && !l.hasServerFirst() { // addresses alone decide, whatever shares the listener
		by, found := l.rangeOf(c, func(*service) bool { return true })
		return by, found && by.service.host != c.to.host
	}
	shared := l.sharedBy(c.client)
	if shared.first == nil {
		return takenBy{}, false
	}
	if by, found := l.rangeOf(c, func(svc *service) bool { return shared.has(svc, l.number) }); found {
		return by, by.service.host != c.to.host
	}
	if c.payload == FamilyHTTP && !shared.isServerFirst(l.number) {
		return takenBy{}, false
	}
	by := shared.fallback
	if by == nil {
		by = shared.first
	}
	return takenBy{service: by}, by.host != c.to.host
}

// listenerAt returns the service whose listener is for the connection's very address.
func (l *portListeners) listenerAt(c connection) (takenBy, bool) {
	if !c.address.IsValid() {
		return takenBy{}, false
	}
	here := slices.DeleteFunc(l.listenersAt(c.address), func(svc *service) bool { return !l.hasListenerFor(c.client, svc) })
	if len(here) == 0 {
		return takenBy{}, false
	}
	by := slices.MinFunc(here, l.precedes(c.client))
	if by.host == c.to.host {
		if other := l.writtenOtherwise(c.address, by, here); other != nil {
			by = other
		}
	}
	return takenBy{by, netip.PrefixFrom(c.address, c.address.BitLen())}, true
}

// precedes returns the order in which Istio makes a client's listeners.
func (l *portListeners) precedes(client Client) func(a, b *service) int {
	return l.snapshot.settings.Version.precedes(client.Namespace)
}

// listenersAt returns the services with a listener for an address alone, whoever sees them.
func (l *portListeners) listenersAt(address netip.Addr) []*service {
	here := slices.Clone(l.endpointListeners()[address])
	for _, svc := range l.snapshot.ports.Prefix(portKey(portAddress, l.number) + address.String() + "\x00") {
		here = append(here, svc)
	}
	return here
}

// servicesAt returns the services with a listener or a filter chain for an address, whoever sees them.
func (l *portListeners) servicesAt(address netip.Addr) []*service {
	here := l.listenersAt(address)
	for key, svc := range l.snapshot.ports.Prefix(portKey(portRange, l.number)) {
		if rangeOfKey(key).Contains(address) {
			here = append(here, svc)
		}
	}
	return here
}

// endpointListeners returns the services with a listener at an address of their endpoints.
func (l *portListeners) endpointListeners() map[netip.Addr][]*service {
	if l.atEndpoints != nil {
		return l.atEndpoints
	}
	l.atEndpoints = map[netip.Addr][]*service{}
	for _, svc := range l.snapshot.ports.Prefix(portKey(portEndpoints, l.number)) {
		for _, at := range l.snapshot.endpointAddresses(svc, l.number) {
			l.atEndpoints[at] = append(l.atEndpoints[at], svc)
		}
	}
	return l.atEndpoints
}

// hasServerFirst reports whether any service has the port for a protocol whose servers speak first.
func (l *portListeners) hasServerFirst() bool {
	if l.serverFirst == nil {
		has := l.snapshot.hasServerFirst(l.number)
		l.serverFirst = &has
	}
	return *l.serverFirst
}

// rangeOf returns the service with the narrowest range of addresses that holds the connection's, of those for which shares is
// true.
func (l *portListeners) rangeOf(c connection, shares func(*service) bool) (by takenBy, found bool) {
	if !c.address.IsValid() {
		return takenBy{}, false
	}
	precedes := l.precedes(c.client)
	for key, svc := range l.snapshot.ports.Prefix(portKey(portRange, l.number)) {
		prefix := rangeOfKey(key)
		narrower := !found || prefix.Bits() > by.addresses.Bits() || prefix == by.addresses && precedes(svc, by.service) < 0
		if isMatched(prefix) && prefix.Contains(c.address) && narrower && l.hasListenerFor(c.client, svc) && shares(svc) {
			by, found = takenBy{svc, prefix}, true
		}
	}
	return by, found
}

// endpointAddresses returns the addresses of the endpoints that a port of a service has.
func (s *Snapshot) endpointAddresses(svc *service, number uint32) []netip.Addr {
	var list []netip.Addr
	for _, e := range s.endpointsFor(svc.host, svc.namespace, func(p port) bool { return p.number == number }) {
		if at, err := netip.ParseAddr(e.address); err == nil {
			list = append(list, at)
		}
	}
	return list
}

// sharedBy returns what services make of the listener for all addresses of a client.
func (l *portListeners) sharedBy(client Client) sharedListener {
	if known, ok := l.shared[client.String()]; ok {
		return known
	}
	var shared sharedListener
	for svc := range l.snapshot.servicesOnPort(client.Namespace, l.number) {
		if shared.first != nil && !isFallback(svc, l.number) {
			continue // most are for requests or TLS
		}
		if !l.snapshot.sharesListener(svc, l.number) || !l.hasListenerFor(client, svc) {
			continue
		}
		if shared.first == nil {
			shared.first = svc
		}
		if shared.has(svc, l.number) && isFallback(svc, l.number) {
			shared.fallback = svc
			break
		}
	}
	l.shared[client.String()] = shared
	return shared
}

// reachesAllOf reports whether the port of a service has a listener at all addresses at which that of another one has.
func (l *portListeners) reachesAllOf(svc, other *service) bool {
	at, all := l.listenedAddresses(svc)
	if all {
		return true
	}
	wanted, everywhere := l.listenedAddresses(other)
	return !everywhere && !slices.ContainsFunc(wanted, func(want netip.Prefix) bool {
		return !slices.ContainsFunc(at, func(have netip.Prefix) bool { return have.Bits() <= want.Bits() && have.Contains(want.Addr()) })
	})
}

// listenedAddresses returns the addresses at which a port of a service that is not for HTTP has listeners or filter chains. all
// is true where it has one for all.
func (l *portListeners) listenedAddresses(svc *service) (at []netip.Prefix, all bool) {
	p, _ := svc.port(l.number)
	if len(svc.addresses()) > 0 {
		at = svc.chainAddresses(p)
		return at, slices.ContainsFunc(at, func(prefix netip.Prefix) bool { return !isMatched(prefix) })
	}
	if !svc.listensAtEndpoints(p) || l.snapshot.sharesListener(svc, l.number) {
		return nil, true
	}
	for _, address := range l.snapshot.endpointAddresses(svc, l.number) {
		at = append(at, netip.PrefixFrom(address, address.BitLen()))
	}
	return at, false
}

// isServerFirst reports whether the listener is for a protocol whose servers speak first, and so for no other.
func (s sharedListener) isServerFirst(number uint32) bool {
	p, ok := s.first.port(number)
	return ok && p.isServerFirst()
}

// has reports whether a service has a part in the listener.
func (s sharedListener) has(svc *service, number uint32) bool {
	first, _ := s.first.port(number)
	p, ok := svc.port(number)
	if first.isServerFirst() || p.isServerFirst() {
		return ok && p.isServerFirst() && first.isServerFirst() && strings.EqualFold(p.protocol, first.protocol)
	}
	return ok
}

// isFallback reports whether a service that shares the listener takes all bytes that nobody else takes.
func isFallback(svc *service, number uint32) bool {
	p, _ := svc.port(number)
	family := FamilyOf(p.protocol)
	if family != FamilyOpaque && family != FamilyUnspecified {
		return false
	}
	at := svc.chainAddresses(p) // each has a filter chain of its own
	return len(at) == 0 || slices.ContainsFunc(at, func(prefix netip.Prefix) bool { return !isMatched(prefix) })
}

// sharesListener reports whether a port of a service has a part in the listener for all addresses.
func (s *Snapshot) sharesListener(svc *service, number uint32) bool {
	p, ok := svc.port(number)
	switch family := FamilyOf(p.protocol); {
	case !ok, svc.alias, family == FamilyUDP:
		return false
	case family == FamilyHTTP:
		return true
	case svc.entry == nil:
		return false
	case len(svc.entry.Addresses) > 0:
		return slices.ContainsFunc(svc.addresses(), func(prefix netip.Prefix) bool { return !isOwnAddress(prefix) })
	case svc.isOriginalDst():
		return len(svc.selector) == 0 && len(s.endpointAddresses(svc, number)) == 0
	}
	return true
}

// hasListenerFor reports whether a client's proxy makes a listener of a service.
func (l *portListeners) hasListenerFor(client Client, svc *service) bool {
	if !visible(svc.exportTo, svc.namespace, client.Namespace) {
		return false
	}
	if len(l.snapshot.services.At(svc.host)) == 1 && l.snapshot.sidecarFor(client) == nil {
		return true
	}
	p, _ := svc.port(l.number)
	_, heard := l.snapshot.egressListenerFor(client, scopedService{service: svc, ports: svc.ports}, p)
	return heard
}

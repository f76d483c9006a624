package mesh

import (
	"net/netip"
	"slices"
)

// chainKind is the kind of routes of which filter chains are made.
type chainKind string

const (
	chainsOfTLS chainKind = "tls"
	chainsOfTCP chainKind = "tcp"
)

// isOf reports whether a VirtualService, nil for none, has routes of the kind.
func (k chainKind) isOf(v *virtualService) bool {
	switch {
	case v == nil:
		return false
	case k == chainsOfTLS:
		return len(v.spec.Tls) > 0
	}
	return len(v.spec.Tcp) > 0
}

// isFor reports whether a port has chains of the kind.
func (k chainKind) isFor(p port) bool {
	family := p.family()
	if k == chainsOfTLS {
		return family == FamilyTLS
	}
	return family == FamilyOpaque || family == FamilyUnspecified
}

// subnets calls visit for each range that routes of the kind match.
func (k chainKind) subnets(v *virtualService, visit func(string)) {
	if v == nil {
		return
	}
	visitAll := func(list []string) {
		for _, text := range list {
			visit(text)
		}
	}
	if k == chainsOfTLS {
		for _, route := range v.spec.Tls {
			for _, m := range route.GetMatch() {
				visitAll(m.GetDestinationSubnets())
			}
		}
		return
	}
	for _, route := range v.spec.Tcp {
		for _, m := range route.GetMatch() {
			visitAll(m.GetDestinationSubnets())
		}
	}
}

// matchesRanges reports whether routes of the kind match any addresses.
func (k chainKind) matchesRanges(v *virtualService) bool {
	found := false
	k.subnets(v, func(string) { found = true })
	return found
}

// matchesAny reports whether routes of the kind match any of some ranges.
func (k chainKind) matchesAny(v *virtualService, ranges map[netip.Prefix]bool) bool {
	found := false
	k.subnets(v, func(text string) {
		prefix, ok := parseAddresses(text)
		found = found || ok && ranges[prefix]
	})
	return found
}

// chainsByRoutes returns the chains of a kind that a client's proxy has by routes, in the listener for all addresses, for a port of a host
// that somebody declares, or may declare.
func (s *Snapshot) chainsByRoutes(client Client, hostname string, number uint32, kind chainKind) []*outboundChain {
	to := listenerAddress{at: anyAddress}
	protocol := "TLS"
	if kind == chainsOfTCP {
		protocol = "TCP"
	}
	p := port{number: number, protocol: protocol}
	for _, l := range s.egressListeners(client) {
		if l.port != 0 && l.port != number || l.bind != "" || l.uncaptured || l.port != 0 && FamilyOf(l.protocol) != FamilyOf(protocol) {
			continue
		}
		routes := s.selectAmong(s.routesFor(hostname, kind), client, l)
		if kind == chainsOfTLS {
			return s.tlsRouteChains(routes, client, l, p, to)
		}
		chains, _ := s.tcpRouteChains(routes, client, l, p, to)
		return chains
	}
	return nil
}

// sharedChains returns the chains that a client's proxy has for a port of a host in the listener for all addresses: those of each service of
// the host that it imports.
func (s *Snapshot) sharedChains(client Client, hostname string, number uint32) []*outboundChain {
	all := s.services.At(hostname)
	for _, l := range s.egressListeners(client) {
		if l.port != 0 && l.port != number || l.bind != "" || l.uncaptured {
			continue
		}
		var list []*outboundChain
		for _, svc := range l.selectServices(all, client.Namespace) {
			list = appendChains(list, s.sharedChainsOf(client, l, svc, number))
		}
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// sharedChainsOf is sharedChains for one service and one egress listener.
func (s *Snapshot) sharedChainsOf(client Client, l egressListener, svc scopedService, number uint32) []*outboundChain {
	p, has := svc.port(number)
	if !has || svc.alias {
		return nil
	}
	if l.port != 0 {
		p.protocol = l.protocol
	}
	makeChains := s.tcpChains
	switch FamilyOf(p.protocol) {
	case FamilyHTTP, FamilyUDP:
		return nil
	case FamilyTLS:
		makeChains = s.tlsChains
	}
	var list []*outboundChain
	for _, to := range listenerAddresses(svc.service, Outbound{}) {
		if to.at == anyAddress { // else it is nobody else's
			list = appendChains(list, makeChains(client, l, svc, p, to))
		}
	}
	return list
}

// appendChains adds the chains for one address of a host to those for others, each unless one matches the very same.
func appendChains(list, chains []*outboundChain) []*outboundChain {
	had := list
	for _, c := range chains {
		if !slices.ContainsFunc(had, c.conflictsWith) {
			list = append(list, c)
		}
	}
	return list
}

// anyMeet reports whether any two of the chains have a match in common, so that Envoy refuses their listener.
func (r *chainsReview) anyMeet(chains []*outboundChain) bool {
	type match struct {
		name      string
		addresses netip.Prefix
	}
	seen := map[match]bool{}
	for _, chain := range chains {
		if chain.isMatchAll() {
			continue
		}
		names, ranges := chain.names(), chain.prefixes()
		if len(names) == 0 {
			names = []string{""}
		}
		if len(ranges) == 0 {
			ranges = []netip.Prefix{{}}
		}
		for _, name := range names {
			for _, prefix := range ranges {
				m := match{name, prefix}
				if r.spent(1) || seen[m] {
					return true
				}
				seen[m] = true
			}
		}
	}
	return false
}

package mesh

import (
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// outboundChain is a filter chain of an outboundListener.
type outboundChain struct {
	// serverNames and ranges are what it matches, anything where it has none; requests reports whether it matches requests alone.
	serverNames, ranges []string
	requests            bool
	// isHTTP reports whether it parses requests: by the routes of its port, or by those of the host only.
	isHTTP bool
	only   string
	// destinations are where all else goes.
	destinations []Destination
}

// tlsChains returns the filter chains of a port for TLS: those of tls routes, else one for the host, by its name where no address
// tells it from others (pilot/pkg/networking/core/tls.go buildSidecarOutboundTLSFilterChainOpts).
func (s *Snapshot) tlsChains(client Client, l egressListener, svc scopedService, p port, to listenerAddress) []*outboundChain {
	if list := s.tlsRouteChains(virtualServicesForL4(s.selectVirtualServices(client, svc.host, l), svc.host), client, l, p, to); len(list) > 0 {
		return list
	}
	ranges := to.ranges()
	c := &outboundChain{ranges: ranges, destinations: []Destination{ownDestination(svc, p)}}
	if len(ranges) > 0 || to.at == anyAddress || svc.usesDynamicForwardProxy() {
		c.serverNames = []string{svc.host}
		for _, alias := range s.aliasesOf(svc.host) {
			if l.importsAlias(alias, svc.service, client.Namespace) {
				c.serverNames = append(c.serverNames, s.settings.namesOfAlias(alias, client.Namespace)...)
			}
		}
	}
	return []*outboundChain{c}
}

// tlsRouteChains returns the filter chains of a port that tls routes of some VirtualServices make.
func (s *Snapshot) tlsRouteChains(routes []*virtualService, client Client, l egressListener, p port, to listenerAddress) []*outboundChain {
	var list []*outboundChain
	r := matchContext{gateway: meshGateway, port: p.number, client: client}
	ranges, seen := to.ranges(), map[string]bool{}
	for _, v := range routes {
		for _, route := range v.spec.Tls {
			for _, m := range route.GetMatch() {
				if len(route.Route) == 0 || m == nil || !matchesL4(m, v, r) {
					continue
				}
				if len(m.DestinationSubnets) > 0 && p.number > 0 {
					ranges = m.DestinationSubnets // and so it stays for the next ones
				}
				if key := strings.Join(m.SniHosts, ",") + "|" + strings.Join(m.DestinationSubnets, ","); !seen[key] {
					seen[key] = true
					list = append(list, &outboundChain{serverNames: m.SniHosts, ranges: ranges, destinations: s.l4Destinations(client, l, v, route.Route, FamilyTLS, p)})
				}
			}
		}
	}
	return list
}

// tcpChains returns the filter chains of a port for bytes: those of tcp routes, up to the first that takes all, else one for the
// host (pilot/pkg/networking/core/tls.go buildSidecarOutboundTCPFilterChainOpts).
func (s *Snapshot) tcpChains(client Client, l egressListener, svc scopedService, p port, to listenerAddress) []*outboundChain {
	list, whole := s.tcpRouteChains(virtualServicesForL4(s.selectVirtualServices(client, svc.host, l), svc.host), client, l, p, to)
	if whole {
		return list
	}
	return append(list, &outboundChain{ranges: to.ranges(), destinations: []Destination{ownDestination(svc, p)}})
}

// tcpRouteChains returns the filter chains of a port that tcp routes of some VirtualServices make, and whether they leave none to the host.
func (s *Snapshot) tcpRouteChains(routes []*virtualService, client Client, l egressListener, p port, to listenerAddress) (list []*outboundChain, whole bool) {
	r := matchContext{gateway: meshGateway, port: p.number, client: client}
	taken := false
	for _, v := range routes {
		for _, route := range v.spec.Tcp {
			if len(route.GetRoute()) == 0 {
				continue
			}
			destinations := s.l4Destinations(client, l, v, route.Route, FamilyOpaque, p)
			subnets, whole := matchedSubnets(v, route, r)
			if whole {
				return append(list, &outboundChain{ranges: to.ranges(), destinations: destinations}), true
			}
			if len(subnets) > 0 {
				list = append(list, &outboundChain{ranges: subnets, destinations: destinations})
				taken = taken || slices.Equal(slices.Sorted(slices.Values(subnets)), to.ranges())
			}
		}
	}
	return list, taken
}

// matchedSubnets returns the addresses for which a tcp route is, or that it is for all.
func matchedSubnets(v *virtualService, route *networking.TCPRoute, r matchContext) (subnets []string, whole bool) {
	if len(route.Match) == 0 {
		return nil, true
	}
	for _, m := range route.Match {
		if m == nil || !matchesL4(m, v, r) {
			continue
		}
		if len(m.DestinationSubnets) == 0 {
			return nil, true
		}
		subnets = append(subnets, m.DestinationSubnets...)
	}
	return subnets, false
}

// ranges returns the range of addresses for which filter chains are.
func (a listenerAddress) ranges() []string {
	if a.cidr == "" {
		return nil
	}
	return []string{a.cidr}
}

// l4Destinations returns where a tls or tcp route sends.
func (s *Snapshot) l4Destinations(client Client, l egressListener, v *virtualService, routes []*networking.RouteDestination, kind Family, p port) []Destination {
	var list []Destination
	for _, d := range s.settings.weightedDestinations(v, routes, kind) {
		list = append(list, s.completeDestination(client, l, d, p.number).Destination)
	}
	return list
}

// ownDestination returns the cluster of a service itself: that of its only port, else of the listener's.
func ownDestination(svc scopedService, p port) Destination {
	number := p.number
	if len(svc.ports) == 1 {
		number = svc.ports[0].number
	}
	return Destination{Host: svc.host, Port: number}
}

// names returns the server names that Envoy compares, in lower case: a chain for "*" has none.
func (c *outboundChain) names() []string {
	if slices.Contains(c.serverNames, "*") {
		return nil
	}
	var list []string
	for _, name := range c.serverNames {
		list = append(list, strings.ToLower(name))
	}
	return list
}

// prefixes returns the ranges that become a condition.
func (c *outboundChain) prefixes() []netip.Prefix {
	var list []netip.Prefix
	for _, text := range c.ranges {
		if prefix, ok := parseAddresses(text); ok && isMatched(prefix) {
			list = append(list, prefix)
		}
	}
	return list
}

// isMatchAll reports whether the chain takes all that no other takes (pilot/pkg/networking/core/listener.go isMatchAll).
func (c *outboundChain) isMatchAll() bool {
	return len(c.names()) == 0 && !c.requests && len(c.ranges) == 0
}

// conflictsWith reports whether Istio takes two chains to match the same (pilot/pkg/networking/core/listener.go conflictsWith).
func (c *outboundChain) conflictsWith(other *outboundChain) bool {
	return c.requests == other.requests && equalSets(withoutAny(c.serverNames), withoutAny(other.serverNames)) && equalSets(c.prefixes(), other.prefixes())
}

func withoutAny(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "*" })
}

func equalSets[T comparable](a, b []T) bool {
	if slices.Equal(a, b) {
		return true
	}
	within := func(a, b []T) bool {
		return !slices.ContainsFunc(a, func(one T) bool { return !slices.Contains(b, one) })
	}
	return within(a, b) && within(b, a)
}

// chainFor returns the filter chain that takes a connection, nil where it passes through. Envoy looks at the address first, then
// at the server name, then at whether it is TLS, then at whether it is a request, each time among those that are left, and does
// not come back; what none takes goes to the one that takes all (envoy/source/common/listener_manager/filter_chain_manager_impl.cc).
func (l *outboundListener) chainFor(o Outbound) (chain *outboundChain, unsure string) {
	var matched []*outboundChain
	var rest *outboundChain
	inspectsTLS := false
	for i, c := range l.chains {
		inspectsTLS = inspectsTLS || len(c.serverNames) > 0
		if c.isMatchAll() {
			rest = c
			continue
		}
		if slices.ContainsFunc(c.names(), isRefusedName) {
			return nil, UnsureName
		}
		if slices.ContainsFunc(l.chains[:i], c.matchesSome) {
			return nil, UnsureTwice
		}
		if slices.ContainsFunc(c.prefixes(), func(p netip.Prefix) bool { return p.Bits() == 0 && p.Addr().Is4() == o.To.Addr().Is4() }) {
			return nil, UnsureAll
		}
		matched = append(matched, c)
	}
	name, isTLS := "", o.TLS && inspectsTLS
	if isTLS {
		name = strings.ToLower(o.ServerName)
	}
	left := closestTo(name, narrowestFor(o.To.Addr(), matched))
	if !isTLS && slices.ContainsFunc(left, func(c *outboundChain) bool { return c.requests }) {
		left = slices.DeleteFunc(left, func(c *outboundChain) bool { return !c.requests || o.Request == "" })
	} else {
		left = slices.DeleteFunc(left, func(c *outboundChain) bool { return c.requests })
	}
	if len(left) > 0 {
		return left[0], ""
	}
	return rest, ""
}

// isRefusedName reports whether Envoy takes no such server name: a wildcard stands for whole labels.
func isRefusedName(name string) bool {
	return strings.Contains(strings.TrimPrefix(name, "*."), "*")
}

// matchesSome reports whether two chains have a match in common, so that Envoy refuses them.
func (c *outboundChain) matchesSome(other *outboundChain) bool {
	if other.isMatchAll() {
		return false
	}
	return c.requests == other.requests && intersect(c.names(), other.names()) && intersect(c.prefixes(), other.prefixes())
}

func intersect[T comparable](a, b []T) bool {
	return len(a) == 0 && len(b) == 0 || slices.ContainsFunc(a, func(one T) bool { return slices.Contains(b, one) })
}

// narrowestFor returns the chains with the narrowest range that holds an address, else those without a range.
func narrowestFor(address netip.Addr, chains []*outboundChain) []*outboundChain {
	bits, list := -1, []*outboundChain(nil)
	for _, c := range chains {
		fit, prefixes := -1, c.prefixes()
		if len(prefixes) == 0 {
			fit = 0
		}
		for _, prefix := range prefixes {
			if prefix.Contains(address) {
				fit = max(fit, prefix.Bits()+1)
			}
		}
		if fit > bits {
			bits, list = fit, nil
		}
		if fit >= 0 && fit == bits {
			list = append(list, c)
		}
	}
	return list
}

// closestTo returns the chains whose server names are closest to a name, else those without.
func closestTo(name string, chains []*outboundChain) []*outboundChain {
	best, list := -1, []*outboundChain(nil)
	for _, c := range chains {
		fit := sniSpecificity(c.names(), name)
		if fit > best {
			best, list = fit, nil
		}
		if fit >= 0 && fit == best {
			list = append(list, c)
		}
	}
	return list
}

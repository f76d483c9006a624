package mesh

import (
	"iter"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// tlsParts returns what a TLSRoute contributes (pilot/pkg/config/kube/gateway/route_collections.go TLSRouteCollection): for each
// host of a parent the routes for those of the route's hostnames, or else of the parent's, that may be for it.
func (c routeConversion) tlsParts(parents []routeParent) []routePart {
	var parts []routePart
	for _, p := range parents {
		for _, h := range p.hosts {
			part := c.l4Part("tls~", len(parts), p, h)
			for rule, to := range c.conversionOf(c.route, p).l4Rules() {
				route := &networking.TLSRoute{Route: to}
				if totalWeight(rule.BackendRefs) != 0 { // else it has no match, and takes nothing
					route.Match = c.tlsMatch(p, h)
				}
				part.tls = append(part.tls, route)
			}
			parts = append(parts, part)
		}
	}
	return parts
}

// tlsMatch returns the match of a TLSRoute for a host of a parent. At a listener it is for all names that this has in common with
// the route (constrainTLSRoutesToListenerHost).
func (c routeConversion) tlsMatch(p routeParent, host string) []*networking.TLSMatchAttributes {
	if p.listener != nil {
		return []*networking.TLSMatchAttributes{{SniHosts: p.hosts}}
	}
	names := c.spec.Hostnames
	if len(names) == 0 || len(names) == 1 && names[0] == "*" {
		names = p.hosts
	}
	return []*networking.TLSMatchAttributes{{SniHosts: compatibleNames(names, host), Port: p.Port}}
}

// compatibleNames returns the SNI hosts that may be for a host; the only one always (pilot/pkg/config/kube/gateway/conversion.go
// compatibleRoutesForHost).
func compatibleNames(names []string, of string) []string {
	if len(names) <= 1 {
		return names
	}
	list := []string{}
	for _, name := range names {
		if host.Matches(of, name) {
			list = append(list, name)
		}
	}
	return list
}

// tcpParts returns what a TCPRoute contributes.
func (c routeConversion) tcpParts(parents []routeParent) []routePart {
	var parts []routePart
	for _, p := range parents {
		for _, h := range p.hosts {
			part := c.l4Part("tcp~", len(parts), p, h)
			for _, to := range c.conversionOf(c.route, p).l4Rules() {
				route := &networking.TCPRoute{Route: to}
				if p.Port != 0 && p.listener == nil {
					route.Match = []*networking.L4MatchAttributes{{Port: p.Port}}
				}
				part.tcp = append(part.tcp, route)
			}
			parts = append(parts, part)
		}
	}
	return parts
}

// l4Rules returns an iterator over the rules of a TLSRoute or TCPRoute and their destinations. Where one has an error there are
// none, and a VirtualService without routes stands all the same: it keeps others for wider wildcards away.
func (c routeConversion) l4Rules() iter.Seq2[RouteRule, []*networking.RouteDestination] {
	var list [][]*networking.RouteDestination
	for _, rule := range c.spec.Rules {
		to, ok := c.l4Destinations(rule)
		if !ok {
			return func(func(RouteRule, []*networking.RouteDestination) bool) {}
		}
		list = append(list, to)
	}
	return func(yield func(RouteRule, []*networking.RouteDestination) bool) {
		for i, rule := range c.spec.Rules {
			if !yield(rule, list[i]) {
				return
			}
		}
	}
}

// l4Part returns a part without routes, which is merged with no other.
func (c routeConversion) l4Part(kind string, index int, p routeParent, host string) routePart {
	name := c.nameOf(kind, index)
	return routePart{group: c.route.Namespace + "\x01" + name, name: name, gateway: p.gateway, host: host, route: c.route}
}

// l4Destinations returns the destinations of a rule of a TLSRoute or TCPRoute (pilot/pkg/config/kube/gateway/conversion.go
// buildTCPDestination). Where no backend has a weight it is one that is not there.
func (c routeConversion) l4Destinations(rule RouteRule) (list []*networking.RouteDestination, ok bool) {
	if totalWeight(rule.BackendRefs) == 0 {
		nowhere := &networking.Destination{Host: "internal.cluster.local", Subset: "zero-weight", Port: &networking.PortSelector{Number: 65535}}
		return []*networking.RouteDestination{{Destination: nowhere}}, true
	}
	backends := weighted(rule.BackendRefs)
	for _, b := range backends {
		to, _, ok := c.destination(b)
		if !ok {
			return nil, false
		}
		list = append(list, &networking.RouteDestination{Destination: to, Weight: weightAmong(backends, b)})
	}
	return list, true
}

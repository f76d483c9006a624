package mesh

import (
	"slices"

	"google.golang.org/protobuf/proto"
)

// lossBy returns the change of what the route of an index takes from others by a hop.
func (r *requestsReview) lossBy(routes *requestRoutes, i int, h hop, at requestsAt) (change, bool) {
	taker := routes.after[i]
	if r.isOwners(taker.requestRoute, at.client) || slices.ContainsFunc(routes.after[:i], func(other ledRoute) bool { return other.takesAllOf(taker.requestRoute) }) {
		return change{}, false
	}
	keeps := func(was *ledRoute) bool {
		at, known := routes.places[was.key]
		return known && at < i && was.key != ""
	}
	c, lost, known := r.lossAmong(routes.before, keeps, taker.requestRoute, h, at)
	isOthers := func(was ledRoute) bool { return was.by.Namespace != taker.by.Namespace }
	if lost || known || len(routes.before) == 0 || slices.ContainsFunc(routes.before, isOthers) {
		return c, lost
	}
	at.without = taker.by.Namespace // whose virtual host took all of it from that of a wildcard
	c, lost, _ = r.lossAmong(r.routesAt(at).before, keeps, taker.requestRoute, h, at)
	return c, lost
}

// lossAmong returns the change of what a route takes from those that were there before the review, of which some keep their place before
// it. known reports whether they are known to lose nothing.
func (r *requestsReview) lossAmong(before []ledRoute, keeps func(*ledRoute) bool, taker requestRoute, h hop, at requestsAt) (c change, lost, known bool) {
	for k := range before {
		was := &before[k]
		if r.stopped() {
			return change{}, false, true
		}
		if !was.mayMatchBoth(taker) {
			continue
		}
		all := was.takesAllOf(taker)
		switch {
		case was.by.Namespace == taker.by.Namespace:
			if all && slices.ContainsFunc(r.hopsOf(r.waysBefore(), at.client, was), func(had hop) bool { return isNoWorse(h, had) }) {
				return change{}, false, true
			}
			continue
		case keeps(was): // it still has them
		default:
			if c, lost := r.lossOf(was, h, at); lost {
				return c, true, false
			}
		}
		if all {
			return change{}, false, true
		}
	}
	return change{}, false, false
}

// isOwners reports whether a route is of the namespace of the gateway's pods or of the root namespace.
func (r *requestsReview) isOwners(route requestRoute, gateway Client) bool {
	return route.by.Namespace == gateway.Namespace || route.by.Namespace == r.after.settings.RootNamespace
}

// takesAllOf reports whether a route takes all requests that another one, which comes after it, is for.
func (route requestRoute) takesAllOf(other requestRoute) bool {
	return matchesAllOf(route.match, other.match, route.virtualService.gatewaySemantics)
}

// key returns what a route is known by before and after a review: who wrote it, and its match; "" where it is known by nothing, and keeps no
// place.
func (route requestRoute) key() string {
	match, err := proto.MarshalOptions{Deterministic: true}.Marshal(route.match)
	if err != nil {
		return "" // what Istio reads has no text that is no UTF-8
	}
	return route.by.key() + "\x00" + string(match)
}

// isNoWorse reports whether what goes by a hop is as safe as what the same namespace had go by another before.
func isNoWorse(h, had hop) bool {
	if h.kind == HopEgress && h.verdict() == Plaintext {
		return had.kind == HopEgress && had.exists && had.verdict() == Plaintext
	}
	return h.kind == had.kind && (h.kind == hopInside || h.host == had.host && h.port == had.port)
}

// lossOf returns what requests lose that left by a route of another namespace, and now leave by a hop.
func (r *requestsReview) lossOf(was *ledRoute, h hop, at requestsAt) (change, bool) {
	hops := r.hopsOf(r.waysBefore(), at.client, was)
	i := slices.IndexFunc(hops, func(had hop) bool { return had.kind == HopEgress && had.verdict() == Originated })
	if i < 0 {
		return change{}, false
	}
	c := change{hop: h, before: Originated, asked: at.authority}
	if h.kind == HopEgress && h.exists && h.verdict() == Plaintext {
		by := h.route.author
		c.led = &by
		return c, true
	}
	checked := r.checkedBefore(hops[i:i+1], at.authority)
	if len(checked.names) == 0 {
		return change{}, false
	}
	third := takenConnection{review: r.review, client: at.client, declared: at.authority, name: at.authority, number: at.number}
	// Of a host that somebody declares and nobody led requests to, as one below a wildcard, the callers are the gateway's.
	owner := r.declaredByOther(at.client, at.authority, h.route.author.Namespace)
	isThird := third.isOfThirdParty(h.route) && owner != nil && (hops[i].host == at.authority || owner.namespace == was.by.Namespace)
	switch {
	case h.kind == HopEgress && isThird:
		c.lost = r.lostVerification(h, checked, at.client, at.authority, at.authority)
	case h.kind == hopInside && isThird && !r.goesOnAtGateway(h, hops[i], owner, at):
		to, ok := r.hopInside(h)
		if !ok {
			return change{}, false
		}
		c.hop, c.lost = to, &LostVerification{Host: at.authority, Service: owner.ref, Names: append([]string{}, to.checkedNames(at.authority)...)}
	case h.kind == HopEgress && h.verdict() == Originated && len(h.checkedNames(at.authority)) == 0:
		c.lost = &LostVerification{Host: at.authority, Service: was.by, Names: []string{}}
	}
	return c, c.lost != nil
}

// goesOnAtGateway reports whether a hop inside leads to the pods of another gateway: those of the gateway's own namespace, of the root
// namespace or of the owner of the host, or from which a route of another namespace than the taker's leads requests for the host to where
// they went. A Gateway of one's own, for one's own pods, makes no gateway of them.
func (r *requestsReview) goesOnAtGateway(h, had hop, owner *service, at requestsAt) bool {
	gateways := r.after.gatewaysBehind(h.host)
	if len(gateways) == 0 {
		return false
	}
	_, namespace, _ := r.after.settings.parseServiceHost(h.host)
	if namespace == at.client.Namespace || namespace == r.after.settings.RootNamespace || namespace == owner.namespace {
		return true
	}
	names := namesOfGateways(gateways)
	return slices.ContainsFunc(r.after.gatewayVirtualServicesForHost(at.authority), func(v *virtualService) bool {
		return v.Namespace != h.route.author.Namespace && slices.Contains(r.after.externalDestinations(v), had.host) &&
			slices.ContainsFunc(v.gateways, func(name string) bool { return slices.Contains(names, name) })
	})
}

// hopsOf returns the hops by a route of a gateway's pods.
func (r *requestsReview) hopsOf(ways *gatewayWays, client Client, route *ledRoute) []hop {
	if route.hops == nil {
		routes := ways.snapshot.gatewayRoutesOf(route.virtualService)
		routes.made = ways.made
		hops := routes.gatewayEgressHops(client, FamilyOpaque, route.destinations)
		route.hops = &hops
	}
	return *route.hops
}

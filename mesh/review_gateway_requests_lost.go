package mesh

import (
	"slices"

	"google.golang.org/protobuf/proto"
)

// lossBy returns the change of what the route of an index takes from others by a hop.
func (r *requestsReview) lossBy(routes *requestRoutes, i int, h hop, at requestsAt) (change, bool) {
	taker := routes.after[i].requestRoute
	if r.isOwners(taker, at.client) || len(routes.before) == 0 {
		return change{}, false
	}
	keeps := func(was *ledRoute) bool {
		at, known := routes.places[was.key]
		return known && at < i && was.key != ""
	}
	takesAll := func(other ledRoute) bool { return other.takesAllOf(taker) }
	if len(routes.othersBefore(taker.by.Namespace)) > 0 {
		c, lost := r.lossAmong(routes, keeps, taker, h, at)
		return c, lost && !slices.ContainsFunc(routes.after[:i], takesAll)
	}
	at.without = taker.by.Namespace // whose virtual host took all of it from that of a wildcard
	wider := r.routesAt(at)
	if len(wider.othersBefore(taker.by.Namespace)) == 0 || slices.ContainsFunc(routes.after[:i], takesAll) ||
		r.hadAll(routes.before, taker, h, at.client) {
		return change{}, false
	}
	return r.lossAmong(wider, keeps, taker, h, at)
}

// lossAmong returns the change of what a route takes from those of other namespaces that were there before the review, of which some keep
// their place before it. Those of its own, of which there may be many, are looked at where something is lost.
func (r *requestsReview) lossAmong(routes *requestRoutes, keeps func(*ledRoute) bool, taker requestRoute, h hop, at requestsAt) (change, bool) {
	for _, k := range routes.othersBefore(taker.by.Namespace) {
		was := &routes.before[k]
		if r.stopped() {
			return change{}, false
		}
		if !was.mayMatchBoth(taker) {
			continue
		}
		if !keeps(was) {
			if c, lost := r.lossOf(was, h, at); lost {
				return c, !r.hadAll(routes.before[:k], taker, h, at.client)
			}
		}
		if was.takesAllOf(taker) {
			break
		}
	}
	return change{}, false
}

// hadAll reports whether one of these routes, of the namespace of another, took all that this one takes, and it is as safe by a hop as it
// was.
func (r *requestsReview) hadAll(before []ledRoute, taker requestRoute, h hop, client Client) bool {
	for k := range before {
		was := &before[k]
		if was.by.Namespace == taker.by.Namespace && was.mayMatchBoth(taker) && was.takesAllOf(taker) &&
			slices.ContainsFunc(r.hopsOf(r.waysBefore(), client, was), func(had hop) bool { return isNoWorse(h, had) }) {
			return true
		}
	}
	return false
}

// othersBefore returns the indices of the routes before the review that are of other namespaces than this one.
func (routes *requestRoutes) othersBefore(namespace string) []int {
	list, known := routes.others[namespace]
	if known {
		return list
	}
	for k := range routes.before {
		if routes.before[k].by.Namespace != namespace {
			list = append(list, k)
		}
	}
	routes.others[namespace] = list
	return list
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

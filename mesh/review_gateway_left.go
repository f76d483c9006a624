package mesh

import "slices"

// addLeft adds what stored routes take at gateways of the requests that v, which is under review or has a delegate that is, led before and
// leads no more: they were behind it, and took nothing. Here what others log in with leaves in plaintext once the first one is deleted,
// or matches less:
//
//	metadata: {name: a, namespace: team-a}   # older       metadata: {name: b, namespace: team-a}
//	spec:                                                  spec:
//	  hosts: [shop.example]                                  hosts: [shop.example]
//	  gateways: [istio-system/gateway]                       gateways: [istio-system/gateway]
//	  http:                                                  http:
//	  - match: [{uri: {prefix: /login}}]                     - match: [{uri: {prefix: /login}}]
//	    route: [{destination: {host: api.bank.example}}]       route: [{destination: {host: db.team-a.example}}]
func (r *requestsReview) addLeft(v *virtualService) {
	for _, name := range v.gateways {
		if r.stopped() {
			return
		}
		if g := r.after.gateway(parseGatewayName(name)); name != meshGateway && g != nil {
			r.atServers(v, g, r.waysAfter().client(name, v), r.leftBy)
		}
	}
}

// leftBy adds what other routes take of some requests that routes under review led before.
func (r *requestsReview) leftBy(_ *virtualService, at requestsAt) {
	if r.spend(1); r.stopped() {
		return
	}
	routes := r.routesAt(at)
	others := r.othersOf(routes, at)
	if len(others) == 0 {
		return
	}
	alike := 0 // those that come first before and after
	for alike < min(len(routes.before), len(routes.after)) && routes.before[alike].key == routes.after[alike].key && routes.before[alike].key != "" {
		alike++
	}
	places := map[string]int{}
	for k, was := range routes.before {
		if _, known := places[was.key]; !known {
			places[was.key] = k
		}
	}
	had := make([]int, len(others)) // where they were
	for i, other := range others {
		place, known := places[routes.after[other].key]
		if had[i] = place; !known || routes.after[other].key == "" {
			had[i] = len(routes.before)
		}
	}
	for k := alike; k < len(routes.before) && !r.stopped(); k++ {
		if was := &routes.before[k]; was.by == r.reviewed().Ref || was.virtualService.Ref == r.reviewed().Ref {
			r.leftBehind(routes, k, others, had, at)
		}
	}
}

// othersOf returns the indices of routes that may take what those under review no longer lead.
func (r *requestsReview) othersOf(routes *requestRoutes, at requestsAt) []int {
	var list []int
	for i := range routes.after {
		if route := &routes.after[i]; !r.isUnderReview(route) && !r.isOwners(route.requestRoute, at.client) {
			list = append(list, i)
		}
	}
	return list
}

// leftBehind adds what others, of which had says where they were, take of the requests that the route of an index led before: those that
// were behind it, up to where it is now, or to one that takes all.
func (r *requestsReview) leftBehind(routes *requestRoutes, k int, others, had []int, at requestsAt) {
	was := &routes.before[k]
	end, isKnown := len(routes.after), false
	if place, known := routes.places[was.key]; known && was.key != "" {
		end = place
	}
	for i, other := range others {
		if other >= end || r.stopped() {
			return
		}
		if had[i] <= k {
			continue
		}
		if r.spendPairs(1); !routes.after[other].mayMatchBoth(was.requestRoute) {
			continue
		}
		if !isKnown {
			end, isKnown = r.afterTakingAll(routes, was, end), true
		}
		if other < end {
			r.leftTo(routes, k, &routes.after[other], at)
		}
	}
}

// afterTakingAll returns the index behind the first route before an end that takes all requests of an earlier one; else the end.
func (r *requestsReview) afterTakingAll(routes *requestRoutes, was *ledRoute, end int) int {
	for i := range end {
		taker := &routes.after[i]
		if r.spendPairs(1); r.stopped() {
			return i
		}
		if taker.mayMatchBoth(was.requestRoute) && taker.takesAllOf(was.requestRoute) {
			return i + 1
		}
	}
	return end
}

// isUnderReview reports whether a route is judged as one of the object under review.
func (r *requestsReview) isUnderReview(route *ledRoute) bool {
	return route.by == r.reviewed().Ref || route.virtualService.Ref == r.reviewed().Ref
}

// leftTo adds what a route takes of the requests that the one of an index led before, and that one behind it would have led.
func (r *requestsReview) leftTo(routes *requestRoutes, k int, taker *ledRoute, at requestsAt) {
	was := &routes.before[k]
	earlier := r.hopsOf(r.waysBefore(), at.client, was)
	for _, h := range r.hopsOf(r.waysAfter(), at.client, taker) {
		if r.told[h.key()] || slices.ContainsFunc(earlier, func(had hop) bool { return isNoWorse(h, had) }) {
			continue
		}
		for m := k + 1; m < len(routes.before) && !r.stopped(); m++ {
			victim := &routes.before[m]
			if victim.by.Namespace == taker.by.Namespace || victim.by.Namespace == was.by.Namespace ||
				!victim.mayMatchBoth(was.requestRoute) || !victim.mayMatchBoth(taker.requestRoute) {
				continue
			}
			if c, lost := r.lossOf(victim, h, at); lost {
				r.told[h.key()] = true
				r.add(c)
				break
			}
			if victim.takesAllOf(was.requestRoute) {
				break
			}
		}
	}
}

package mesh

import (
	"cmp"
	"slices"

	istiotype "istio.io/api/type/v1beta1"
)

// lostGuards finds the policies of waypoints that keep out whom none keeps out any more after a review.
type lostGuards struct {
	before, after waypointGuards
	// shared has those of a waypoint, for all that use it, by that and the one that the Service has after the review: the zero Ref for none.
	shared map[[2]Ref][]authorization
}

// of returns the first of the policies of a Service's waypoint that kept callers without an identity out whom none keeps out any more, at
// the waypoint or at the pods themselves; nil where there is none. A policy that stays at the waypoint still does, whomever it lets in
// beside others.
func (l lostGuards) of(was, is *Object) *Ref {
	from, used := l.before.waypointOf(was)
	if !used {
		return nil
	}
	own := l.before.of(was.Namespace).at[was.Ref].keepingOut
	shared := l.sharedBy(from, Ref{})
	if len(own)+len(shared) == 0 {
		return nil
	}
	to, stays := l.after.waypointOf(is)
	if stays {
		shared = l.sharedBy(from, to)
		if l.after.effectOn(is, to).keepsOut() {
			return nil
		}
	}
	var lost *Ref
	for _, list := range [][]authorization{own, shared} {
		i := slices.IndexFunc(list, func(a authorization) bool { return !stays || !l.after.enforces(a, is.Ref, to) })
		if i >= 0 && (lost == nil || list[i].policy.key() < lost.key()) {
			lost = &list[i].policy.Ref
		}
	}
	if lost == nil || l.after.podsKeepOut(is) {
		return nil
	}
	return lost
}

// sharedBy returns the policies of a waypoint, and of all waypoints, that keep callers out and are not enforced at another waypoint, in
// the order of policies.
func (l lostGuards) sharedBy(from, to Ref) []authorization {
	key := [2]Ref{from, to}
	list, known := l.shared[key]
	if known {
		return list
	}
	list = slices.Concat(l.before.of(from.Namespace).at[from].keepingOut, l.before.ofAll().keepingOut)
	slices.SortFunc(list, func(a, b authorization) int { return cmp.Compare(a.policy.key(), b.policy.key()) })
	list = slices.DeleteFunc(list, func(a authorization) bool { return to != Ref{} && l.after.enforces(a, to) })
	l.shared[key] = list
	return list
}

// waypointGuards finds the policies that waypoints and pods of a mesh enforce, each namespace's read once: there may be as many as Services.
type waypointGuards struct {
	snapshot    *Snapshot
	effect      func(authorization) guardEffect // what a policy does where it is enforced
	byNamespace map[string]*placedGuards
}

func newWaypointGuards(s *Snapshot, effect func(authorization) guardEffect) waypointGuards {
	return waypointGuards{snapshot: s, effect: effect, byNamespace: map[string]*placedGuards{}}
}

// placedGuards are the policies of a namespace by where they are enforced.
type placedGuards struct {
	// at has those with targetRefs, by what these name; atClass those for all waypoints.
	at      map[Ref]guardsAt
	atClass guardsAt
	// deny, allow and letIn are the pods of the others by what they do there.
	deny, allow, letIn guardIndex
}

// guardsAt are the policies of a place: those that keep callers without an identity out, and what all do.
type guardsAt struct {
	keepingOut []authorization
	effect     guardEffect
}

// guardEffect is what policies of a place do with callers without an identity: deny all of them, ask for a policy that lets them in, let them in.
type guardEffect struct{ denies, allows, letsIn bool }

func effectOf(a authorization) guardEffect {
	if a.isAllow() {
		return guardEffect{allows: true, letsIn: len(a.rulesForAnybody()) > 0}
	}
	return guardEffect{denies: a.keepsOut()}
}

// effectWithout returns what another policy does with callers that this one, which goes, kept out: nothing, where it is the same.
func (a authorization) effectWithout(other authorization) guardEffect {
	switch {
	case other.policy.Ref == a.policy.Ref:
		return guardEffect{}
	case other.isAllow():
		return guardEffect{allows: true, letsIn: other.letsIn(a)}
	}
	return guardEffect{denies: other.keepsOutLike(a)}
}

func (e guardEffect) and(other guardEffect) guardEffect {
	return guardEffect{e.denies || other.denies, e.allows || other.allows, e.letsIn || other.letsIn}
}

// keepsOut reports whether the policies keep out all callers without an identity: a DENY policy does, or ALLOW policies of which none lets
// such callers in.
func (e guardEffect) keepsOut() bool { return e.denies || e.allows && !e.letsIn }

// waypointOf returns the waypoint of a Service; ok is false where it has none.
func (g waypointGuards) waypointOf(o *Object) (waypoint Ref, ok bool) {
	waypoint, used := g.snapshot.useOfWaypoint(o.Namespace, o.Labels)
	return waypoint, used && g.snapshot.servesAsWaypoint(waypoint, o.Namespace)
}

// effectOn returns what the policies do that are enforced for a Service at its waypoint.
func (g waypointGuards) effectOn(o *Object, waypoint Ref) guardEffect {
	return g.of(o.Namespace).at[o.Ref].effect.and(g.of(waypoint.Namespace).at[waypoint].effect).and(g.ofAll().effect)
}

// podsKeepOut reports whether policies without targetRefs keep callers without an identity out of all pods of a Service.
func (g waypointGuards) podsKeepOut(o *Object) bool {
	pods, ambient := o.Spec.(*Service).Selector, g.snapshot.isAmbient(o.Namespace)
	var all guardEffect
	for _, in := range g.snapshot.ownAndRoot(o.Namespace) {
		found := g.of(in)
		all = all.and(guardEffect{found.deny.matches(pods, ambient), found.allow.matches(pods, ambient), found.letIn.matches(pods, ambient)})
	}
	return all.keepsOut()
}

// enforces reports whether a policy is still enforced at one of these objects, or at all waypoints.
func (g waypointGuards) enforces(a authorization, at ...Ref) bool {
	now, ok := g.snapshot.enforcedAuthorization(a.policy.Ref)
	return ok && slices.ContainsFunc(now.targets(), func(t *istiotype.PolicyTargetReference) bool {
		return g.snapshot.isForAllWaypoints(now, t) || slices.Contains(at, now.targetObject(t))
	})
}

// ofAll returns the policies of all waypoints.
func (g waypointGuards) ofAll() guardsAt { return g.of(g.snapshot.settings.RootNamespace).atClass }

func (g waypointGuards) of(namespace string) *placedGuards {
	found := g.byNamespace[namespace]
	if found != nil {
		return found
	}
	found = &placedGuards{at: map[Ref]guardsAt{}}
	g.byNamespace[namespace] = found
	for _, o := range g.snapshot.objects.Prefix(KindAuthorizationPolicy + "\x00" + namespace + "\x00") {
		a, ok := authorizationOf(o)
		if !ok {
			continue
		}
		if len(a.targets()) == 0 {
			found.addForPods(a, g.effect(a))
			continue
		}
		for _, t := range a.targets() {
			if g.snapshot.isForAllWaypoints(a, t) {
				found.atClass = found.atClass.with(a, g.effect(a))
			} else {
				to := a.targetObject(t)
				found.at[to] = found.at[to].with(a, g.effect(a))
			}
		}
	}
	return found
}

func (p *placedGuards) addForPods(a authorization, effect guardEffect) {
	if effect.denies {
		p.deny.add(a)
	}
	if effect.allows {
		p.allow.add(a)
	}
	if effect.letsIn {
		p.letIn.add(a)
	}
}

func (g guardsAt) with(a authorization, effect guardEffect) guardsAt {
	g.effect = g.effect.and(effect)
	if a.keepsOut() {
		g.keepingOut = append(g.keepingOut, a)
	}
	return g
}

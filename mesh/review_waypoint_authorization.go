package mesh

import (
	"iter"
	"slices"

	istiotype "istio.io/api/type/v1beta1"
)

// openedAtWaypoint returns the Services whose pods lose, by the review of the Service, its Namespace, the waypoint or the class of
// that, the policies which kept callers without an identity out at the waypoint alone; nil where there are none. ztunnel reads no
// policy with targetRefs (pilot/pkg/serviceregistry/ambient/authorization.go), so that it lets everybody in when the waypoint is gone:
//
//	kind: AuthorizationPolicy                                     kind: Service    # under review
//	spec:                                                         metadata:
//	  targetRefs: [{kind: Service, name: cart}]                     name: cart
//	  rules: [{from: [{source: {principals: [...]}}]}]              labels: {istio.io/use-waypoint: none}
func openedAtWaypoint(before, after *Snapshot, ref Ref) *OpenedWorkloads {
	opened := &OpenedWorkloads{Targets: []string{}, ReachedBy: []string{}, By: OpenedByWaypoint}
	for o := range after.servicesBehind(ref) {
		was, is := before.Get(o.Ref), o
		if was == nil || after.IsTerminating(o.Namespace) {
			continue
		}
		policy := lostGuard(before.waypointAuthorizations(was), after, is)
		if policy == nil {
			continue
		}
		opened.Policy = policy
		opened.Targets = append(opened.Targets, KindService+" "+o.Name)
		opened.ReachedBy = append(opened.ReachedBy, o.String())
		if len(opened.ReachedBy) == maxReachedBy {
			break
		}
	}
	if opened.Policy == nil {
		return nil
	}
	return opened
}

// servicesBehind returns an iterator over the Services whose waypoint an object may decide.
func (s *Snapshot) servicesBehind(ref Ref) iter.Seq[*Object] {
	prefix := KindService + "\x00"
	switch ref.Kind {
	case KindService:
		prefix += ref.Namespace + "\x00" + ref.Name
	case KindNamespace:
		prefix += ref.Name + "\x00"
	case KindKubernetesGateway, KindGatewayClass:
	default:
		return func(func(*Object) bool) {}
	}
	return func(yield func(*Object) bool) {
		for _, o := range s.objects.Prefix(prefix) {
			if (ref.Kind != KindService || o.Ref == ref) && !yield(o) {
				return
			}
		}
	}
}

// lostGuard returns the first of the policies of a Service's waypoint that kept callers without an identity out whom none keeps out
// any more, at the waypoint or at the pods themselves; nil where there is none.
func lostGuard(was []authorization, after *Snapshot, o *Object) *Ref {
	if len(was) == 0 {
		return nil
	}
	places := [][]authorization{after.waypointAuthorizations(o), after.podAuthorizations(o)}
	for _, old := range was {
		if old.keepsOut() && !slices.ContainsFunc(places, func(here []authorization) bool { return keepOut(here, old) }) {
			return &old.policy.Ref
		}
	}
	return nil
}

// keepOut reports whether the policies of one place keep out whom one kept out of it, or of another: it is one of them, or a DENY policy
// is, or ALLOW policies of which none lets such callers in.
func keepOut(policies []authorization, old authorization) bool {
	isAllowed, isLetIn := false, false
	for _, a := range policies {
		if a.policy.Ref == old.policy.Ref || !a.isAllow() && a.keepsOutLike(old) {
			return true
		}
		isAllowed, isLetIn = isAllowed || a.isAllow(), isLetIn || a.letsIn(old)
	}
	return isAllowed && !isLetIn
}

// podAuthorizations returns the policies that are enforced at all pods of a Service.
func (s *Snapshot) podAuthorizations(o *Object) []authorization {
	return s.authorizationsIn(s.ownAndRoot(o.Namespace), func(a authorization) bool {
		return s.selectsPods(a, o.Namespace, o.Spec.(*Service).Selector)
	})
}

// waypointAuthorizations returns the policies that are enforced for a Service at its waypoint; none where it has no waypoint.
func (s *Snapshot) waypointAuthorizations(o *Object) []authorization {
	waypoint, used := s.useOfWaypoint(o.Namespace, o.Labels)
	if !used || !s.servesAsWaypoint(waypoint, o.Namespace) {
		return nil
	}
	namespaces := append(s.ownAndRoot(o.Namespace), s.ownAndRoot(waypoint.Namespace)...)
	slices.Sort(namespaces)
	return s.authorizationsIn(slices.Compact(namespaces), func(a authorization) bool {
		return slices.ContainsFunc(a.targets(), func(t *istiotype.PolicyTargetReference) bool {
			to := a.targetObject(t)
			return to == o.Ref || to == waypoint || s.isForAllWaypoints(a, t)
		})
	})
}

// authorizationsIn returns the enforced policies of namespaces for which is true.
func (s *Snapshot) authorizationsIn(namespaces []string, is func(authorization) bool) []authorization {
	var list []authorization
	for _, in := range namespaces {
		for _, o := range s.objects.Prefix(KindAuthorizationPolicy + "\x00" + in + "\x00") {
			if a, ok := authorizationOf(o); ok && is(a) {
				list = append(list, a)
			}
		}
	}
	return list
}

// servicesOpenedAtWaypoints returns Services, maxReachedBy at most, out of which their waypoints keep callers without an identity no
// more, without a policy that was for all waypoints.
func (s *Snapshot) servicesOpenedAtWaypoints(old authorization) []string {
	var list []string
	for _, o := range s.objects.Prefix(KindService + "\x00") {
		if waypoint, used := s.useOfWaypoint(o.Namespace, o.Labels); !used || !s.servesAsWaypoint(waypoint, o.Namespace) {
			continue
		}
		others := slices.DeleteFunc(s.waypointAuthorizations(o), func(a authorization) bool { return a.policy.Ref == old.policy.Ref })
		if keepOut(others, old) {
			continue
		}
		if list = append(list, o.String()); len(list) == maxReachedBy {
			break
		}
	}
	return list
}

package mesh

import (
	"iter"
	"slices"
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
	opened := &OpenedWorkloads{Targets: []string{}, ReachedBy: []string{}}
	for o := range after.servicesBehind(ref) {
		was, is := before.Get(o.Ref), o
		if was == nil || after.IsTerminating(o.Namespace) {
			continue
		}
		policy, guarded := before.waypointGuard(was)
		if !guarded || after.isGuarded(is) {
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

// isGuarded reports whether a policy keeps callers without an identity out of the pods of a Service: at its waypoint, or at the pods
// themselves.
func (s *Snapshot) isGuarded(o *Object) bool {
	if _, guarded := s.waypointGuard(o); guarded {
		return true
	}
	return s.anyAuthorization(o.Namespace, func(a authorization) bool {
		return s.selectsPods(a, o.Namespace, o.Spec.(*Service).Selector)
	}) != nil
}

// waypointGuard returns a policy that keeps callers without an identity out of a Service at its waypoint.
func (s *Snapshot) waypointGuard(o *Object) (policy *Ref, ok bool) {
	waypoint, used := s.useOfWaypoint(o.Namespace, o.Labels)
	if !used || !s.servesAsWaypoint(waypoint, o.Namespace) {
		return nil, false
	}
	policy = s.anyAuthorization(o.Namespace, func(a authorization) bool {
		return slices.ContainsFunc(a.targetObjects(), func(to Ref) bool { return to == o.Ref })
	})
	if policy == nil {
		policy = s.anyAuthorization(waypoint.Namespace, func(a authorization) bool {
			return slices.ContainsFunc(a.targetObjects(), func(to Ref) bool {
				return to == waypoint || to.Kind == KindGatewayClass && to.Namespace == s.settings.RootNamespace
			})
		})
	}
	return policy, policy != nil
}

// anyAuthorization returns a policy of a namespace or of the root namespace for which is true, and that keeps callers without an
// identity out; nil where there is none.
func (s *Snapshot) anyAuthorization(namespace string, is func(authorization) bool) *Ref {
	for _, in := range []string{namespace, s.settings.RootNamespace} {
		for _, o := range s.objects.Prefix(KindAuthorizationPolicy + "\x00" + in + "\x00") {
			if a, ok := authorizationOf(o); ok && a.keepsOut() && is(a) {
				return &o.Ref
			}
		}
	}
	return nil
}

// targetObjects returns the objects that the policy's targetRefs name.
func (a authorization) targetObjects() []Ref {
	var list []Ref
	for _, t := range a.targets() {
		kind := t.GetKind()
		if kind == KindGateway {
			kind = KindKubernetesGateway
		}
		list = append(list, Ref{Kind: kind, Namespace: a.policy.Namespace, Name: t.GetName()})
	}
	return list
}

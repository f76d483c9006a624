package mesh

import (
	"context"
	"iter"
)

// openedAtWaypoint returns the Services whose pods lose, by the review of the Service, its Namespace, the waypoint or the class of
// that, the policies which kept callers without an identity out at the waypoint alone; nil where there are none. ztunnel reads no
// policy with targetRefs (pilot/pkg/serviceregistry/ambient/authorization.go), so that it lets everybody in when the waypoint is gone:
//
//	kind: AuthorizationPolicy                                     kind: Service    # under review
//	spec:                                                         metadata:
//	  targetRefs: [{kind: Service, name: cart}]                     name: cart
//	  rules: [{from: [{source: {principals: [...]}}]}]              labels: {istio.io/use-waypoint: none}
func openedAtWaypoint(ctx context.Context, before, after *Snapshot, ref Ref) (*OpenedWorkloads, error) {
	opened := &OpenedWorkloads{Targets: []string{}, ReachedBy: []string{}, By: OpenedByWaypoint}
	guards := lostGuards{before: newWaypointGuards(before, effectOf), after: newWaypointGuards(after, effectOf), shared: map[[2]Ref][]authorization{}}
	for was, is := range servicesBehind(before, after, ref) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		policy := guards.of(was, is)
		if policy == nil {
			continue
		}
		opened.Policy = policy
		opened.Targets = append(opened.Targets, KindService+" "+is.Name)
		opened.ReachedBy = append(opened.ReachedBy, is.String())
		if len(opened.ReachedBy) == maxReachedBy {
			break
		}
	}
	if opened.Policy == nil {
		opened = nil
	}
	return opened, nil
}

// servicesBehind returns an iterator over the Services, as they were and as they are, whose waypoint the review of an object may take.
func servicesBehind(before, after *Snapshot, ref Ref) iter.Seq2[*Object, *Object] {
	prefix, isIts := KindService+"\x00", func(Ref) bool { return true }
	switch ref.Kind {
	case KindService:
		prefix += ref.Namespace + "\x00" + ref.Name
	case KindNamespace:
		prefix += ref.Name + "\x00"
	case KindKubernetesGateway:
		if old := before.Get(ref); old == nil || !before.isWaypoint(old) {
			return func(func(*Object, *Object) bool) {} // anybody writes gateways, and none of these has Services behind it
		}
		isIts = func(waypoint Ref) bool { return waypoint == ref }
	case KindGatewayClass:
		isIts = func(waypoint Ref) bool {
			o := before.Get(waypoint)
			return o != nil && o.Spec.(*KubernetesGateway).ClassName == ref.Name
		}
	default:
		return func(func(*Object, *Object) bool) {}
	}
	return func(yield func(*Object, *Object) bool) {
		for _, is := range after.objects.Prefix(prefix) {
			was := before.Get(is.Ref)
			if was == nil || ref.Kind == KindService && is.Ref != ref || after.IsTerminating(is.Namespace) {
				continue
			}
			if waypoint, used := before.useOfWaypoint(was.Namespace, was.Labels); used && isIts(waypoint) && !yield(was, is) {
				return
			}
		}
	}
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
	others := newWaypointGuards(s, old.effectWithout)
	var list []string
	for _, o := range s.objects.Prefix(KindService + "\x00") {
		waypoint, ok := others.waypointOf(o)
		if !ok || others.effectOn(o, waypoint).keepsOut() {
			continue
		}
		if list = append(list, o.String()); len(list) == maxReachedBy {
			break
		}
	}
	return list
}

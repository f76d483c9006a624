package mesh

import (
	"iter"

	istiotype "istio.io/api/type/v1beta1"
)

// targetedGuards are what the policies of a namespace with targetRefs do, by what they name, and those for all waypoints.
type targetedGuards struct {
	at         map[Ref]guardsLeft
	everywhere guardsLeft
}

// coverTarget reports whether the policies cover what one of the policy's targetRefs names, and the one that lets callers in where they do not.
// A waypoint obeys those for a Service, for itself and for all waypoints together (pilot/pkg/model/policyattachment.go ShouldAttachPolicy).
// Here the last lets anybody in to cart when the first is gone:
//
//	targetRefs: [{kind: Service, name: cart}]            targetRefs: [{kind: Service, name: cart}]           targetRefs: [{kind: Gateway, name: waypoint}]
//	action: DENY                                         rules: [{from: [{source: {principals: [...]}}]}]    rules: [{}]
//	rules: [{from: [{source: {notPrincipals: ["*"]}}]}]
//
// One for a waypoint, or for all, is for Services that are still to come, too: policies for what is there do not cover it.
func (l *leftGuards) coverTarget(target *istiotype.PolicyTargetReference) (covered bool, letIn *Ref) {
	to, all := l.old.targetObject(target), l.isForAllWaypoints(l.old, target)
	alone := l.targetedIn(to.Namespace).at[to]
	if all {
		alone = l.ofAllWaypoints()
	}
	isBehind := to.Kind == KindService || to.Kind == KindServiceEntry
	if !isBehind && !alone.keepOut() {
		return false, alone.letIn
	}
	found := false
	for o := range l.behindWaypoints(to) {
		waypoint, _ := l.useOfWaypoint(o.Namespace, o.Labels)
		if !all && o.Ref != to && waypoint != to {
			continue
		}
		here := l.targetedIn(o.Namespace).at[o.Ref].and(l.targetedIn(waypoint.Namespace).at[waypoint]).and(l.ofAllWaypoints())
		if !here.keepOut() {
			return false, here.letIn
		}
		found = true
	}
	return found || alone.keepOut(), alone.letIn
}

// behindWaypoints returns an iterator over the services that have a waypoint: all, or one by its Ref.
func (s *Snapshot) behindWaypoints(of Ref) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for _, kind := range []string{KindService, KindServiceEntry} {
			prefix := kind + "\x00"
			if of.Kind == kind {
				prefix = of.key()
			} else if of.Kind == KindService || of.Kind == KindServiceEntry {
				continue
			}
			for _, o := range s.objects.Prefix(prefix) {
				waypoint, used := s.useOfWaypoint(o.Namespace, o.Labels)
				if used && s.servesAsWaypoint(waypoint, o.Namespace) && !yield(o) {
					return
				}
			}
		}
	}
}

func (l *leftGuards) ofAllWaypoints() guardsLeft {
	return l.targetedIn(l.settings.RootNamespace).everywhere
}

func (l *leftGuards) targetedIn(namespace string) targetedGuards {
	found, known := l.targeted[namespace]
	if known {
		return found
	}
	found.at = map[Ref]guardsLeft{}
	for _, o := range l.objects.Prefix(KindAuthorizationPolicy + "\x00" + namespace + "\x00") {
		a, ok := authorizationOf(o)
		if !ok {
			continue
		}
		for _, t := range a.targets() {
			switch to := a.targetObject(t); {
			case !hasItsGroup(t):
			case l.isForAllWaypoints(a, t):
				found.everywhere = found.everywhere.and(l.effectOf(a))
			default:
				found.at[to] = found.at[to].and(l.effectOf(a))
			}
		}
	}
	if l.targeted == nil {
		l.targeted = map[string]targetedGuards{}
	}
	l.targeted[namespace] = found
	return found
}

// hasItsGroup reports whether a targetRef has the group of its kind: Istio obeys no other (pilot/pkg/model/policyattachment.go
// matchesGroupKind).
func hasItsGroup(t *istiotype.PolicyTargetReference) bool {
	switch t.GetKind() {
	case KindService:
		return t.GetGroup() == "" || t.GetGroup() == "core"
	case KindServiceEntry:
		return t.GetGroup() == "networking.istio.io"
	}
	return t.GetGroup() == "gateway.networking.k8s.io"
}

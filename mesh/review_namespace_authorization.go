package mesh

import (
	"slices"

	istiotype "istio.io/api/type/v1beta1"
)

// OpenedBy says what takes a policy out of force when another object than it is under review.
type OpenedBy string

// What takes policies out of force.
const (
	// OpenedByWaypoint is a waypoint that goes.
	OpenedByWaypoint OpenedBy = "waypoint"
	// OpenedUnread are labels of a Namespace by which the control plane of its pods does not read the policy.
	OpenedUnread OpenedBy = "unread"
	// OpenedNoProxy are labels of a Namespace by which its pods have no ztunnel, or start without a sidecar.
	OpenedNoProxy OpenedBy = "no-proxy"
	// OpenedBySidecar is an ingress listener of a Sidecar that leads past it.
	OpenedBySidecar OpenedBy = "sidecar"
)

// openedByNamespace returns the workloads of a Namespace under review whose policies its labels take out of force; nil where
// there are none. Here istio-cni takes the pods that run out of the ztunnel (cni/pkg/nodeagent/informers.go), and nothing enforces what
// the namespace's policies, or those of the root namespace, say:
//
//	kind: Namespace                                    kind: Namespace    # under review
//	metadata:                                          metadata:
//	  name: shop                                         name: shop
//	  labels: {istio.io/dataplane-mode: ambient}         labels: {}
func openedByNamespace(before, after *Snapshot, ref Ref) *OpenedWorkloads {
	was, is := before.Get(ref), after.Get(ref)
	if ref.Kind != KindNamespace || was == nil || is == nil || is.Terminating {
		return nil
	}
	opened := &OpenedWorkloads{Targets: []string{}, ReachedBy: []string{}, By: OpenedUnread}
	if before.isAmbient(ref.Name) && !after.isAmbient(ref.Name) || wasInMesh(was) && !wasInMesh(is) {
		opened.By = OpenedNoProxy
	}
	lost := before.authorizationsIn(before.ownAndRoot(ref.Name), func(a authorization) bool {
		return a.keepsSomeOut() && (opened.By == OpenedNoProxy && before.isEnforcedIn(a, ref.Name) || after.lacks(a))
	})
	if len(lost) == 0 {
		return nil
	}
	opened.Policy = &lost[0].policy.Ref
	return opened
}

// isEnforcedIn reports whether pods of a namespace enforce the policy themselves: with targetRefs, a gateway or a waypoint does.
func (s *Snapshot) isEnforcedIn(a authorization, namespace string) bool {
	return len(a.targets()) == 0 && !(a.isUnreadByZtunnel() && s.isAmbient(namespace))
}

// keepsSomeOut reports whether a policy keeps callers without an identity out of anything.
func (a authorization) keepsSomeOut() bool { return a.keepsOut() || len(a.deniedOperations()) > 0 }

// lacks reports whether a policy is not read, nor are others for what it was for.
func (s *Snapshot) lacks(a authorization) bool {
	if _, stays := s.enforcedAuthorization(a.policy.Ref); stays {
		return false
	}
	left := leftGuards{Snapshot: s, old: a}
	if len(a.targets()) == 0 {
		covered, _ := left.cover()
		return !covered
	}
	return slices.ContainsFunc(a.targets(), func(t *istiotype.PolicyTargetReference) bool {
		covered, _ := left.coverTarget(t)
		return !covered
	})
}

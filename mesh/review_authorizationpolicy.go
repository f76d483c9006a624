package mesh

import (
	"cmp"
	"context"
	"slices"

	istiotype "istio.io/api/type/v1beta1"
)

// OpenedWorkloads are workloads that kept callers without an identity of the mesh out before a review, and do not after it:
// the policy that did so is gone, or is no longer what it was, and no other one is for them.
type OpenedWorkloads struct {
	// Selector has the labels of their pods. Empty, it stands for all pods of the policy's namespace, or of the mesh where
	// that is its root namespace; Targets are then what its targetRefs name, as "Service cart".
	Selector map[string]string `json:"selector"`
	Targets  []string          `json:"targets"`
	// Ports are the only ones that the policy was for; empty for all.
	Ports []string `json:"ports"`
	// Requests are the only ones that the policy was for, as "methods POST"; empty for all.
	Requests []string `json:"requests,omitempty"`
	// ReachedBy are Services and Gateways (as "Service shop/cart") that lead to them, three at most; none where they are gone,
	// or are reached by their own addresses alone, which nobody can tell apart.
	ReachedBy []string `json:"reachedBy"`
	// OthersGuarded reports whether other Services lead to workloads of these that a policy of their own still keeps such callers
	// out of.
	OthersGuarded bool `json:"othersGuarded,omitempty"`
	// LetInBy is an ALLOW policy for some of them that lets callers without an identity in where a DENY policy kept them out; nil where
	// no ALLOW policy is for them, so that everybody is let in.
	LetInBy *Ref `json:"letInBy,omitempty"`
	// StillSelected reports whether the policy stays, for the same workloads, whatever it now does there.
	StillSelected bool `json:"stillSelected"`
	// Policy is the policy, where another object is under review, and By what takes it out of force there.
	Policy *Ref     `json:"policy,omitempty"`
	By     OpenedBy `json:"by,omitempty"`
	// Field is what of that object does, where it is not the object as a whole.
	Field string `json:"field,omitempty"`
}

// maxReachedBy is how many Services that lead to workloads are listed: they are told as examples.
const maxReachedBy = 3

// Opened returns the workloads that a review of an AuthorizationPolicy opens to callers without an identity, or of what takes such
// policies out of force (openedAtWaypoint, openedByNamespace), or leads past them (openedBySidecar); nil where there are none; object is the
// object as it would be stored, nil on DELETE. Clients of ingress gateways have no identity, so nobody is kept out of these.
//
// It stops when ctx is done: an error is ctx's.
func Opened(ctx context.Context, before, after *Snapshot, ref Ref, object *Object) (*OpenedWorkloads, error) {
	if ref.Kind == KindAuthorizationPolicy {
		return openedByPolicy(before, after, ref, object), nil
	}
	if opened := cmp.Or(openedByNamespace(before, after, ref), openedBySidecar(before, after, ref)); opened != nil {
		return opened, nil
	}
	return openedAtWaypoint(ctx, before, after, ref)
}

// openedByPolicy returns the workloads that the AuthorizationPolicy under review opens; nil where there are none.
func openedByPolicy(before, after *Snapshot, ref Ref, object *Object) *OpenedWorkloads {
	old, ok := before.enforcedAuthorization(ref)
	if !ok || before.isEnforcedNowhere(old) {
		return nil
	}
	ports, requests := []string{}, []string(nil)
	if !old.keepsOut() {
		ports, requests = old.keepsOutOf(), operationTexts(old.deniedRequests())
		if len(ports) == 0 && len(requests) == 0 {
			return nil
		}
	}
	if c := before.Callers(old.policy); len(c.Ingress) > 0 && !c.Workloads && len(c.Waypoints) == 0 {
		return nil
	}
	opened := &OpenedWorkloads{Selector: old.selector(), Targets: []string{}, Ports: ports, Requests: requests, ReachedBy: []string{}}
	opened.StillSelected = isForTheSame(old, object)
	left := leftGuards{Snapshot: after, old: old}
	if len(old.targets()) == 0 {
		covered, letIn := left.cover()
		if covered {
			return nil
		}
		opened.LetInBy = letIn
		opened.ReachedBy, opened.OthersGuarded = after.servicesReaching(old)
		return opened
	}
	for _, t := range old.targets() {
		covered, letIn := left.coverTarget(t)
		if covered || after.isForNothing(old, t) {
			continue
		}
		opened.LetInBy = cmp.Or(opened.LetInBy, letIn)
		opened.Targets = append(opened.Targets, t.GetKind()+" "+t.GetName())
		opened.ReachedBy = append(opened.ReachedBy, after.targetReaching(old, t)...)
	}
	if len(opened.Targets) == 0 {
		return nil
	}
	return opened
}

// keepsOutLike reports whether the policy, whatever others let in, keeps out whom another one keeps out.
func (a authorization) keepsOutLike(old authorization) bool {
	if a.isAllow() {
		return old.isAllow() // whom it lets in, it let in before
	}
	if a.keepsOut() {
		return true
	}
	ports := a.keepsOutOf()
	return !old.keepsOut() && !slices.ContainsFunc(old.keepsOutOf(), func(port string) bool { return !slices.Contains(ports, port) }) &&
		coversRequests(a.deniedRequests(), old.deniedRequests())
}

// isForTheSame reports whether an object selects what a policy selected.
func isForTheSame(old authorization, now *Object) bool {
	if now == nil {
		return false
	}
	a, _ := authorizationOf(now)
	if len(a.targets()) != len(old.targets()) || !selectorMatches(a.selector(), old.selector()) {
		return false
	}
	return !slices.ContainsFunc(old.targets(), func(t *istiotype.PolicyTargetReference) bool { return !a.hasTarget(t) })
}

// targetReaching returns what leads to a target of a policy: the target itself or, where that is the class of all waypoints, Services
// behind them that no other policy there keeps callers without an identity out of; none where it is not there.
func (s *Snapshot) targetReaching(old authorization, t *istiotype.PolicyTargetReference) []string {
	if s.isForAllWaypoints(old, t) {
		return s.servicesOpenedAtWaypoints(old)
	}
	if o := s.Get(old.targetObject(t)); o != nil {
		return []string{o.String()}
	}
	return nil
}

// servicesReaching returns Services that lead to pods which a policy may select and no other policy keeps callers without an identity
// out of; guarded reports whether there are some that another policy does.
func (s *Snapshot) servicesReaching(old authorization) (list []string, guarded bool) {
	prefix := KindService + "\x00" + old.policy.Namespace + "\x00"
	if old.policy.Namespace == s.settings.RootNamespace {
		prefix = KindService + "\x00"
	}
	found := guardsOf{snapshot: s, old: old, byNamespace: map[string]guards{}}
	list = []string{}
	for _, o := range s.objects.Prefix(prefix) {
		svc := o.Spec.(*Service)
		pods, some := joinLabels(svc.Selector, old.selector())
		if !some || len(svc.Selector) == 0 {
			continue
		}
		if found.haveFor(o.Namespace, pods) {
			guarded = true
			continue
		}
		if list = append(list, o.String()); len(list) == maxReachedBy {
			break
		}
	}
	return list, guarded
}

package mesh

import (
	"context"
	"slices"
)

// Review returns the flows that a review has to answer for, in a stable order: those that an object has to do with,
// as they are in after, with what they were in before. object is created, replaced or, where after does not have it,
// deleted. Where there are several control planes, after is the mesh of one, and the flows are those of its pods; so is before, or
// that of the one to which the pods of a Namespace belonged (Moved).
//
// Of flows that differ in nothing but their host one may stand for all (Flow.OtherHosts), but only among hosts that the
// same of lists cover.
//
// It stops when ctx is done, and where there are more clients than it looks at. An error means that nothing could be
// decided: it is ctx's, or a *LimitError.
func Review(ctx context.Context, before, after *Snapshot, object Ref, lists HostLists) ([]Flow, error) {
	r := &review{
		ctx: ctx, before: before, after: after, old: before.Get(object), object: after.Get(object), lists: lists, index: map[flowKey]int{},
	}
	if r.old == nil && r.object == nil && object.Kind != KindNamespace {
		return nil, nil // an object of another revision: this control plane reads it neither before nor after
	}
	r.routeCost = after.routeCost(r.object)
	r.limitServerNames()
	switch object.Kind {
	case KindServiceEntry:
		r.serviceEntry()
	case KindDestinationRule:
		r.destinationRule()
	case KindBackendTLSPolicy:
		r.backendTLSPolicy()
	case KindVirtualService, KindHTTPRoute, KindGRPCRoute, KindTLSRoute, KindTCPRoute:
		r.virtualService()
	case KindGateway:
		r.gateway(object)
	case KindSidecar:
		r.sidecar()
	case KindWorkloadEntry:
		r.workloadEntry()
	case KindService:
		r.service()
	case KindNamespace:
		r.namespace(object.Name)
	case KindKubernetesGateway:
		r.kubernetesGateway(object)
	case KindGatewayClass:
		r.gatewayClass(object.Name)
	case KindListenerSet:
		r.madeGateways(object)
	case KindReferenceGrant:
		r.referenceGrant()
	}
	if !r.stopped() {
		r.diverted()
		r.requestsLedTo()
		r.withdrawn()
		r.awaited()
		r.released()
	}
	if r.stopped() {
		return nil, r.err
	}
	r.flows = slices.DeleteFunc(r.flows, func(f Flow) bool { return !after.Configures(f.Client) })
	return groupFlows(sortedFlows(r.flows), lists), nil
}

// review collects the flows of one review.
type review struct {
	ctx           context.Context //nolint:containedctx // a review lives as long as the call that it is made for
	err           error           // why it has stopped
	before, after *Snapshot
	old, object   *Object // nil where it does not exist before, after
	lists         HostLists
	flows         []Flow
	routeCost     int // see routeCost
	routeWork     int // the sum of what was spent
	pairs         int // see spendPairs
	taken         int // see maxTaken
	index         map[flowKey]int
	listeners     map[uint32]*portListeners                   // after the review, by port
	outbound      map[clientPort]map[string]*outboundListener // after the review, see outboundOf
	without       withoutEntries
	ways          [2]*gatewayWays        // before and after the review, see waysBefore and waysAfter
	classes       map[string][]hostClass // see hostClasses
	// repeatsOther reports whether the rule under review has the same TLS as the one that is taken in its place, or leaves
	// some clients, under TLS, to that one and counts for others.
	repeatsOther bool
}

// stopped reports whether the review has ended without an answer. Every loop over clients or hosts asks it.
func (r *review) stopped() bool {
	if r.err == nil {
		r.err = r.ctx.Err()
	}
	return r.err != nil
}

// reviewed returns the object as it is, or as it was before it was deleted.
func (r *review) reviewed() *Object {
	if r.object != nil {
		return r.object
	}
	return r.old
}

// versions returns the object as it is and as it was, where it exists: once where the review changes nothing.
func (r *review) versions() []*Object {
	return slices.Compact(slices.DeleteFunc([]*Object{r.object, r.old}, func(o *Object) bool { return o == nil }))
}

// isOfRule reports whether a DestinationRule is under review.
func (r *review) isOfRule() bool { return r.reviewed().Kind == KindDestinationRule }

package mesh

import "slices"

// Review returns what a review has to answer for: the flows that the object takes part in, as they are in after,
// with what they were in before. object is the Ref that is created, replaced or (absent from after) deleted.
// The order is stable.
//
// Flows that differ in nothing but their host may be told as one (Flow.Also), but never those to hosts that apart has
// different words for; nil has the same for all.
func Review(before, after *Snapshot, object Ref, apart func(host string) string) []Flow {
	r := &review{
		before: before, after: after, old: before.Get(object), object: after.Get(object), apart: apart, index: map[flowKey]int{},
	}
	switch object.Kind {
	case KindServiceEntry:
		r.serviceEntry()
	case KindDestinationRule:
		r.destinationRule()
	case KindVirtualService:
		r.virtualService()
	case KindGateway:
		r.gateway(object)
	}
	slices.SortStableFunc(r.flows, compareFlows)
	return groupFlows(r.flows, apart)
}

// review collects the flows of one review.
type review struct {
	before, after *Snapshot
	old, object   *Object // nil where it does not exist before, after
	apart         func(host string) string
	flows         []Flow
	index         map[flowKey]int
	// onlyRoutes is true if the ways that routes lead are to be answered for: those of the takers.
	onlyRoutes      bool
	virtualServices []Ref
	// externalHosts are the known external hosts that a DestinationRule under review governs.
	externalHosts int
	// onlyLosses is true where nothing counts but the loss of TLS, or of the routes that let nothing out.
	onlyLosses bool
	// repeatsOther is true if the rule under review only repeats what the rule that stands in its place says, or leaves some
	// clients, under TLS, to that rule and is there for others.
	repeatsOther bool
}

// reviewed returns the object as it is, or as it was before it was deleted.
func (r *review) reviewed() *Object {
	if r.object != nil {
		return r.object
	}
	return r.old
}

// isOfRule reports whether a DestinationRule is under review.
func (r *review) isOfRule() bool { return r.reviewed().Kind == KindDestinationRule }

package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// judgeRule sets whether the rule under review decides a flow, and whether Istio ignores the TLS that it has for it.
func (r *review) judgeRule(f *Flow, h hop) {
	decided := h.cluster.Hop.DecidedBy
	f.DecidedByObject = decided != nil && r.object != nil && decided.Object == r.object.Ref
	if r.object == nil || h.kind == HopNone {
		return
	}
	if r.object.Kind == KindBackendTLSPolicy {
		r.judgePolicy(f, h)
	}
	if !r.isOfRule() {
		return
	}
	own := newConsolidatedRule(r.object).tlsFor(h.port, h.subset)
	if own.settings == nil || own.settings.Mode == networking.ClientTLSSettings_DISABLE {
		return
	}
	rule := h.cluster.rule
	switch cause := h.cluster.Cause; {
	case cause == CauseZtunnel && rule != nil && slices.Contains(rule.from, r.object):
		f.DecidedByObject, f.Ignored = true, true
	case r.isAbsorbed(cause, h):
		f.Ignored = true
	case cause == CauseSelectorAtWaypoint && h.cluster.lookup.contains(r.object):
		f.DecidedByObject, f.Ignored = true, true
	case f.DecidedByObject:
		f.Ignored = cause == CauseCredential || cause == CauseIncompleteMutual || cause == CauseMutualAtWaypoint
	case r.isReplaced(h):
		r.judgeReplaced(f, h, own)
	}
}

// isAbsorbed reports whether the rule under review is for a client that no selector selects, and is merged into rules with
// a selector alone, so that this client has no rule:
//
//	# stored                                        # under review
//	workloadSelector: {matchLabels: {app: web}}     exportTo: ["."]
func (r *review) isAbsorbed(cause Cause, h hop) bool {
	return cause == CauseUnselected && ruleSpec(r.object).WorkloadSelector == nil && h.cluster.lookup.contains(r.object)
}

// leavesUncovered reports whether the rule under review starts TLS for some pods of its namespace, and another one, which
// says nothing of TLS, leaves a client of that namespace in plaintext:
//
//	# under review                                  # stored
//	workloadSelector: {matchLabels: {app: web}}     subsets: [{name: v1}]
//	trafficPolicy: {tls: {mode: SIMPLE}}
func (r *review) leavesUncovered(f Flow, h hop) bool {
	return r.isOfRule() && r.object != nil && ruleSpec(r.object).WorkloadSelector != nil && asksForTLS(ruleSpec(r.object)) &&
		h.client.Kind == ClientSidecar && h.client.Namespace == r.object.Namespace &&
		h.hasRule() && !h.cluster.rule.hasSelector && f.Verdict == Plaintext && f.Cause == CauseUnset
}

// judgeReplaced sets what comes of the TLS in the rule under review where another rule's trafficPolicy is taken in
// its place. Here it is ignored, with CauseMergedAway, and the older rule is the related one:
//
//	# stored, the older                                     # under review
//	host: edition.cnn.com                                   host: edition.cnn.com
//	trafficPolicy: {loadBalancer: {simple: RANDOM}}         trafficPolicy: {tls: {mode: SIMPLE}}
func (r *review) judgeReplaced(f *Flow, h hop, own tlsSetting) {
	kept := h.tlsSetting()
	if kept.bySubset && !own.bySubset {
		return // as in one rule: a subset's own policy goes before the rule's
	}
	forSome := h.cluster.lookup.endedAt.hasTLS(own.settings, h.port, h.subset)
	if sameTLS(own.settings, kept.settings) || forSome && f.Verdict != Plaintext {
		r.repeatsOther = true
		return
	}
	by := h.decidingRule()
	f.Ignored, f.Cause, f.Related, f.IgnoredForSome, f.RelatedUnused = true, CauseMergedAway, by.Ref.String(), forSome, r.wasUnused(by, h)
}

// isReplaced reports whether the rule under review is where the client's lookup ended, and is for the client, so that
// its TLS would count if another rule's trafficPolicy were not taken in its place.
func (r *review) isReplaced(h hop) bool {
	stopped := h.cluster.lookup.endedAt
	if stopped == nil || !slices.Contains(stopped.rules, r.object) || h.cluster.rule == nil {
		return false
	}
	spec := ruleSpec(r.object)
	if spec.WorkloadSelector != nil {
		return r.object.Namespace == h.client.Namespace && selectorMatches(spec.WorkloadSelector.MatchLabels, h.client.Labels)
	}
	if h.cluster.rule.hasSelector && !slices.Contains(h.cluster.rule.from, r.object) {
		return false
	}
	return visible(spec.ExportTo, r.object.Namespace, h.client.Namespace) &&
		(r.object.Namespace == h.client.Namespace || !r.after.settings.isPrivateRule(r.after.settings.newMergeCandidate(r.object), r.object.Namespace))
}

// wasUnused reports whether a rule decided no client's TLS before the review.
func (r *review) wasUnused(o *Object, h hop) bool {
	set := r.before.rules.At(h.cluster.lookup.endedAt.host + "\x00" + o.Namespace)
	return set != nil && slices.Contains(set.rules, o) && !set.decidesTLS(o, h.port, h.subset)
}

// judgeCredentialForGateway judges a credential that sidecars ignore and that is meant for a gateway:
//  1. What is TLS of the application's loses nothing by it, where a gateway uses the rule for the host. Where no gateway sends
//     anything to the host yet, the rule may come before its route, if it is in the root namespace, where gateways are.
//  2. So may one for what was in plaintext before, if a Gateway has a server for the host already: the route that takes it
//     to the gateway and out of there has to come after the rule.
func (r *review) judgeCredentialForGateway() {
	isFirst := r.object.Namespace == r.after.settings.RootNamespace &&
		!slices.ContainsFunc(r.flows, func(f Flow) bool { return f.Client.Kind == ClientGateway })
	isAwaited := isFirst && r.after.hasGatewayServer(ruleSpec(r.object).Host)
	for i := range r.flows {
		f := &r.flows[i]
		switch {
		case !f.Ignored || f.Cause != CauseCredential:
		case f.Verdict == ApplicationTLS:
			f.Ignored = !isFirst && !slices.ContainsFunc(r.flows, f.isHostOfGateway)
		case f.Verdict == Plaintext && f.Before == Plaintext:
			f.IgnoredForSome = isAwaited
		}
	}
}

// isHostOfGateway reports whether g is TLS that a gateway starts to the same host, on any port, by the rule under review.
func (f *Flow) isHostOfGateway(g Flow) bool {
	return g.Client.Kind == ClientGateway && g.Verdict == Originated && g.Host == f.Host && g.DecidedByObject
}

package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// judgeRule sets whether the rule under review decides a flow, and whether Istio ignores the TLS that it has for it.
func (r *review) judgeRule(f *Flow, h hop) {
	decided := h.cluster.Hop.DecidedBy
	f.DecidedByObject = decided != nil && r.object != nil && decided.Object == r.object.Ref
	if r.object == nil || r.object.Kind != KindDestinationRule || h.kind == HopNone {
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
		(r.object.Namespace == h.client.Namespace || !r.after.settings.isPrivateRule(newMergeCandidate(r.object), r.object.Namespace))
}

// wasUnused reports whether a rule decided no client's TLS before the review.
func (r *review) wasUnused(o *Object, h hop) bool {
	set := r.before.rules.At(h.cluster.lookup.endedAt.host + "\x00" + o.Namespace)
	return set != nil && slices.Contains(set.rules, o) && !set.decidesTLS(o, h.port, h.subset)
}

// clearCredentialUsedByGateway clears Ignored of a credential that sidecars ignore, where what they send is TLS of the
// application's, and a gateway uses the credential for the same port. Where no gateway sends anything to the host yet, the
// rule may come before its route, if it is in the root namespace, where gateways are.
func (r *review) clearCredentialUsedByGateway() {
	isFirst := r.object.Namespace == r.after.settings.RootNamespace &&
		!slices.ContainsFunc(r.flows, func(f Flow) bool { return f.Client.Kind == ClientGateway })
	for i := range r.flows {
		f := &r.flows[i]
		if f.Ignored && f.Cause == CauseCredential && f.Verdict == ApplicationTLS &&
			(isFirst || slices.ContainsFunc(r.flows, f.isUsedByGateway)) {
			f.Ignored = false
		}
	}
}

// isUsedByGateway reports whether g is TLS that a gateway starts to the same port, by the rule under review.
func (f *Flow) isUsedByGateway(g Flow) bool {
	return g.Client.Kind == ClientGateway && g.Verdict == Originated && g.Host == f.Host && g.Port == f.Port && g.DecidedByObject
}

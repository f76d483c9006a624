package mesh

import (
	"fmt"
	"slices"
	"strings"
)

// backendTLSPolicy adds the flows of the hosts that the policy is for, or was, for the clients whose lookup of rules comes to its
// namespace.
func (r *review) backendTLSPolicy() {
	var hosts, sni []string
	for _, o := range r.versions() {
		hosts = append(hosts, r.after.hostsOfTargets(o)...)
		sni = append(sni, o.Spec.(*BackendTLSPolicy).Validation.Hostname)
	}
	slices.Sort(hosts)
	for _, pattern := range slices.Compact(hosts) {
		r.addCoveredHosts(pattern, sni)
	}
	if r.object != nil {
		r.addUnknownTargets()
	}
}

// addUnknownTargets adds a flow for each target of the policy that is not there, or has no port of the name.
func (r *review) addUnknownTargets() {
	for _, t := range r.object.Spec.(*BackendTLSPolicy).TargetRefs {
		ref, ok := t.ref(r.object.Namespace)
		if !ok {
			continue // no such kind is Istio's
		}
		what := ref.String()
		if object := r.after.Get(ref); object != nil {
			if _, found := portNamed(object, t.SectionName); found {
				continue
			}
			what = fmt.Sprintf("port %s of %s", t.SectionName, ref)
		}
		r.flows = append(r.flows, Flow{Path: Path{
			Client: Client{Kind: ClientSidecar, Namespace: r.object.Namespace}, Host: t.Name, Hops: []Hop{}, Verdict: Unknown, Cause: CauseUnknownHost,
		}, HopKind: HopEgress, DecidedByObject: true, Related: what})
	}
}

// judgePolicy sets whether the policy under review is for a flow that leaves in plaintext all the same: its CA certificates are in no
// ConfigMap, no waypoint serves the host, or a DestinationRule goes before it:
//
//	# stored                                                  # under review
//	host: edition.cnn.com                                     targetRefs: [{kind: ServiceEntry, name: cnn, ...}]
//	exportTo: ["*"]                                           validation: {hostname: edition.cnn.com, ...}
//	trafficPolicy: {loadBalancer: {simple: RANDOM}}
func (r *review) judgePolicy(f *Flow, h hop) {
	switch rule := h.cluster.rule; {
	case f.DecidedByObject:
		f.Ignored = h.cluster.Cause == CauseCredential
	case f.Verdict != Plaintext || !h.hasRule() || !r.after.hasBackendTLS(h.host, h.port, r.object.Ref):
	case h.cluster.Cause == CauseZtunnel:
		f.Ignored = slices.ContainsFunc(rule.from, func(o *Object) bool { return o.isMadeOf(r.object.Ref) })
		f.DecidedByObject = f.Ignored
	default:
		f.Ignored, f.Cause, f.Related = true, CauseMergedAway, h.decidingRule().Ref.String()
	}
}

// ownTargets returns the services that the policy under review is for, or was.
func (r *divertedReview) ownTargets() []*service {
	var list []*service
	for _, o := range r.versions() {
		for _, target := range o.Spec.(*BackendTLSPolicy).targets(o.Namespace) {
			if object := r.after.Get(target); object != nil {
				list = append(list, r.after.settings.servicesOf(object)...)
			}
		}
	}
	return list
}

// backendSection returns the name of a hop's port, where a BackendTLSPolicy is what those would write who declare the host: their
// namespace has one, and what is made of it is no secret of that namespace. An entry with other hosts would have them all asked for by
// one name.
func (r *review) backendSection(h hop) string {
	svc := h.cluster.service
	if svc.service == nil || svc.entry == nil || len(svc.entry.Hosts) != 1 || svc.entry.Hosts[0] != h.host || strings.HasPrefix(h.host, "*") {
		return ""
	}
	isPrivate := slices.Contains(r.after.settings.DestinationRuleExportTo, ".") && h.client.Namespace != svc.namespace
	if h.cluster.Cause != CauseNoRule || isPrivate || !r.after.hasPoliciesIn(svc.namespace) {
		return ""
	}
	p, _ := svc.service.port(h.port)
	return p.name
}

// hasPoliciesIn reports whether a namespace has BackendTLSPolicies.
func (s *Snapshot) hasPoliciesIn(namespace string) bool {
	for range s.objects.Prefix(KindBackendTLSPolicy + "\x00" + namespace + "\x00") {
		return true
	}
	return false
}

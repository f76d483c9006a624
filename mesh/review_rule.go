package mesh

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// destinationRule adds the flows of the hosts that the rule matches, for the clients whose lookup reaches it, and
// the hops to an egress gateway that it governs.
func (r *review) destinationRule() {
	var patterns []string
	for _, o := range []*Object{r.object, r.old} {
		if o != nil {
			patterns = append(patterns, r.after.settings.qualify(ruleSpec(o).Host, o.Namespace))
		}
	}
	for i, pattern := range slices.Compact(patterns) {
		known := 0
		for host, also := range r.after.hostGroups(pattern, namesSent(ruleSpec(r.either())), r.apart) {
			known++
			if !r.after.external(host) {
				continue
			}
			r.hosts++
			r.hostAlso(host, also, func(c Client) bool { return r.reached(c, host) })
		}
		if r.object != nil && i == 0 {
			hops := r.hopsOf(pattern)
			if known == 0 && !hops {
				r.unknownHost(pattern)
			}
		}
	}
	if r.object != nil && r.hosts > 0 {
		r.usedElsewhere()
		r.offPath(patterns[0])
	}
}

// reached tells whether a client's lookup for host comes to the rule's namespace, before or after the review.
func (r *review) reached(c Client, host string) bool {
	for _, s := range []*Snapshot{r.after, r.before} {
		svc, ok := s.serviceFor(c, host)
		if ok && s.reaches(c, svc, r.either().Namespace) {
			return true
		}
	}
	return false
}

func (s *Snapshot) reaches(c Client, svc view, namespace string) bool {
	if namespace == c.Namespace {
		return true
	}
	root := s.settings.RootNamespace
	from, ok := s.ruledFrom(c, svc)
	if !ok || namespace != from && namespace != root {
		return false
	}
	l := s.rulesAt(c, svc)
	switch {
	case l.stopped == nil || l.stopped.namespace == namespace:
		return true
	case l.stopped.namespace == c.Namespace && c.Namespace != from:
		return false
	}
	return l.stopped.namespace == root && namespace == from
}

// hopsOf adds the hops to an egress gateway behind host: every port that its Gateways serve, for each subset of the
// rule, or for the whole rule where it has none.
func (r *review) hopsOf(host string) bool {
	gateways := r.after.gatewaysAt(host)
	if len(gateways) == 0 {
		return false
	}
	names := []string{""}
	if subsets := ruleSpec(r.object).Subsets; len(subsets) > 0 {
		names = names[:0]
		for _, sub := range subsets {
			names = append(names, sub.GetName())
		}
	}
	client := r.hopClient()
	for _, number := range serverPorts(gateways) {
		for _, name := range names {
			l := leg{kind: LegGateway, client: client, host: host, port: number, subset: name, gateways: gateways}
			l.server, _ = serverAt(gateways, number)
			l.payload = l.server.payload()
			l.cluster, l.known = r.after.hopCluster(client, host, number, name, l.server)
			if l.known && l.cluster.rule != nil && slices.Contains(l.cluster.rule.from, r.object) {
				r.addHop(l)
			}
		}
	}
	return true
}

// hopClient is a client that the rule applies to: one it selects in its own namespace.
func (r *review) hopClient() Client {
	return Client{
		Kind: ClientSidecar, Namespace: r.object.Namespace, Labels: ruleSpec(r.object).GetWorkloadSelector().GetMatchLabels(),
	}
}

// payload is what arrives at a server over the hop, inside the mesh's own TLS.
func (srv server) payload() Family {
	if srv.passthrough() {
		return FamilyTLS
	}
	if srv.protocol == FamilyTLS {
		return FamilyHTTP
	}
	return srv.protocol
}

func serverPorts(gateways []*Object) []uint32 {
	var list []uint32
	for _, g := range gateways {
		for _, srv := range gatewaySpec(g).Servers {
			list = append(list, srv.GetPort().GetNumber())
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// unknownHost adds what there is to say of a rule for a host that nothing declares. Names of the cluster's own
// Services are never unknown: not every Service is a part of the mesh.
func (r *review) unknownHost(host string) {
	suffix := ".svc." + r.after.settings.ClusterDomain
	if strings.HasSuffix(host, suffix) || isWildcard(host) && strings.HasSuffix(suffix, host[1:]) {
		return
	}
	f := Flow{Path: Path{
		Client: Client{Kind: ClientSidecar, Namespace: r.object.Namespace}, Host: host, Hops: []Hop{}, Verdict: Unknown, Cause: CauseUnknownHost,
	}, Leg: LegEgress, Ours: true, Rule: &r.object.Ref}
	if known, ok := r.after.known.get(strings.ToLower(host)); ok {
		f.Cause, f.By = CauseCaseMismatch, known
	}
	r.flows = append(r.flows, f)
}

// judgeRule says whether the rule under review decides a flow, and whether Istio ignores the TLS that it asks for.
func (r *review) judgeRule(f *Flow, l leg) {
	decided := l.cluster.Hop.DecidedBy
	f.Ours = decided != nil && r.object != nil && decided.Object == r.object.Ref
	if r.object == nil || r.object.Kind != KindDestinationRule || l.kind == LegNowhere {
		return
	}
	own := newMerged(r.object).tlsFor(l.port, l.subset)
	if own.settings == nil || own.settings.Mode == networking.ClientTLSSettings_DISABLE {
		return
	}
	rule := l.cluster.rule
	switch cause := l.cluster.Cause; {
	case cause == CauseZtunnel && rule != nil && slices.Contains(rule.from, r.object):
		f.Ours, f.Ignored = true, true
	case cause == CauseSelectorAtWaypoint && l.cluster.lookup.holds(r.object):
		f.Ours, f.Ignored = true, true
	case f.Ours:
		f.Ignored = cause == CauseCredential || cause == CauseIncompleteMutual || cause == CauseMutualAtWaypoint
	case r.dropped(l):
		r.judgeDropped(f, l, own)
	}
}

// judgeDropped says what comes of TLS in the rule under review in whose place another rule's policy is taken.
func (r *review) judgeDropped(f *Flow, l leg, own clientTLS) {
	kept := l.effective()
	if kept.bySubset && !own.bySubset {
		return // as in one rule: a subset's own policy goes before the rule's
	}
	partly := l.cluster.lookup.stopped.has(own.settings, l.port, l.subset)
	if sameTLS(own.settings, kept.settings) || partly && f.Verdict != Plaintext {
		r.harmless = true
		return
	}
	by := l.by()
	f.Ignored, f.Cause, f.By, f.Partly, f.Idle = true, CauseMergedAway, by.Ref.String(), partly, r.idleBefore(by, l)
}

// holds tells whether the lookup found this rule.
func (l lookup) holds(o *Object) bool {
	return slices.ContainsFunc(l.found.all, func(m *merged) bool { return slices.Contains(m.from, o) })
}

// dropped tells whether the rule under review stands where the client's lookup stopped, and yet another rule's
// policy is taken in its place.
func (r *review) dropped(l leg) bool {
	stopped := l.cluster.lookup.stopped
	if stopped == nil || !slices.Contains(stopped.rules, r.object) || l.cluster.rule == nil {
		return false
	}
	spec := ruleSpec(r.object)
	if spec.WorkloadSelector != nil {
		return r.object.Namespace == l.client.Namespace && subsetOf(spec.WorkloadSelector.MatchLabels, l.client.Labels)
	}
	if l.cluster.rule.selects && !slices.Contains(l.cluster.rule.from, r.object) {
		return false
	}
	return visible(spec.ExportTo, r.object.Namespace, l.client.Namespace)
}

// keeps tells whether a rule decides the TLS of a port for some clients.
func (r *ruleSet) keeps(o *Object, number uint32, subsetName string) bool {
	return r.anyTLS(number, subsetName, func(t clientTLS) bool { return t.from.Object == o.Ref })
}

// has tells whether some clients have this TLS on a port, whichever rule says so.
func (r *ruleSet) has(tls *networking.ClientTLSSettings, number uint32, subsetName string) bool {
	return r.anyTLS(number, subsetName, func(t clientTLS) bool { return sameTLS(t.settings, tls) })
}

// anyTLS tells whether is holds for what the rules say of a port to some clients.
func (r *ruleSet) anyTLS(number uint32, subsetName string, is func(clientTLS) bool) bool {
	views := append(slices.Collect(maps.Values(r.to)), r.local.all, r.private.all, r.toAll)
	return slices.ContainsFunc(views, func(seen []*merged) bool {
		return slices.ContainsFunc(seen, func(m *merged) bool { return is(m.tlsFor(number, subsetName)) })
	})
}

// effective is the TLS setting that applies to a leg.
func (l leg) effective() clientTLS { return l.cluster.rule.tlsFor(l.port, l.subset) }

// by is the rule whose policy applies to a leg.
func (l leg) by() *Object {
	from := l.effective().from.Object
	return l.cluster.rule.from[slices.IndexFunc(l.cluster.rule.from, func(o *Object) bool { return o.Ref == from })]
}

// idleBefore tells whether a rule decided nothing for anybody before the review.
func (r *review) idleBefore(o *Object, l leg) bool {
	set := r.before.rules.at(l.cluster.lookup.stopped.host + "\x00" + o.Namespace)
	return set != nil && slices.Contains(set.rules, o) && !set.keeps(o, l.port, l.subset)
}

// sameTLS tells whether two settings do the same on the wire.
func sameTLS(a, b *networking.ClientTLSSettings) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Mode == b.Mode && a.Sni == b.Sni && a.CredentialName == b.CredentialName && a.CaCertificates == b.CaCertificates &&
		a.ClientCertificate == b.ClientCertificate && a.PrivateKey == b.PrivateKey && a.CaCrl == b.CaCrl &&
		slices.Equal(a.SubjectAltNames, b.SubjectAltNames) && a.InsecureSkipVerify.GetValue() == b.InsecureSkipVerify.GetValue()
}

// usedElsewhere takes back that a credential is ignored where the sidecar's own bytes are encrypted by the application, and
// a gateway uses it for the same port.
func (r *review) usedElsewhere() {
	for i := range r.flows {
		f := &r.flows[i]
		if f.Ignored && f.Cause == CauseCredential && f.Verdict == ApplicationTLS && slices.ContainsFunc(r.flows, f.gatewayUse) {
			f.Ignored = false
		}
	}
}

func (f *Flow) gatewayUse(g Flow) bool {
	return g.Client.Kind == ClientGateway && g.Verdict == Originated && g.Host == f.Host && g.Port == f.Port && g.Ours
}

// offPath adds what there is to say of a rule whose TLS decides for no client at all.
func (r *review) offPath(host string) {
	if r.harmless || !asksForTLS(ruleSpec(r.object)) || slices.ContainsFunc(r.flows, func(f Flow) bool { return f.Ours || f.Ignored }) {
		return
	}
	r.flows = append(r.flows, Flow{Path: Path{
		Client: Client{Kind: ClientSidecar, Namespace: r.object.Namespace}, Host: host, Hops: []Hop{}, Verdict: Unknown, Cause: CauseOffPath,
	}, Leg: LegEgress, Rule: &r.object.Ref, Ignored: true})
}

// asksForTLS tells whether a rule sets TLS anywhere.
func asksForTLS(spec *networking.DestinationRule) bool {
	policies := []*networking.TrafficPolicy{spec.TrafficPolicy}
	for _, sub := range spec.Subsets {
		policies = append(policies, sub.GetTrafficPolicy())
	}
	for _, p := range policies {
		if p.GetTls().GetMode() != networking.ClientTLSSettings_DISABLE {
			return true
		}
		for _, entry := range p.GetPortLevelSettings() {
			if entry.GetTls().GetMode() != networking.ClientTLSSettings_DISABLE {
				return true
			}
		}
	}
	return false
}

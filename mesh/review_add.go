package mesh

import (
	"cmp"
	"slices"
)

// add adds the flows of changes.
func (r *review) add(list ...change) {
	for _, c := range list {
		switch c.hop.kind {
		case HopGateway:
			r.addGatewayHop(c.hop)
		case hopInside: // see routedInside
		default:
			r.addEgress(c)
		}
	}
}

// addEgress adds the flow of a hop that leaves the mesh, or that routes have no destination for. Two ways to one
// cluster are one flow, which was under TLS if either was.
func (r *review) addEgress(c change) {
	h, was := c.hop, c.before
	if i, known := r.index[h.key()]; known {
		if was == Originated || r.flows[i].Before == "" {
			r.flows[i].Before = was
		}
		r.flows[i].LostVerification = cmp.Or(r.flows[i].LostVerification, c.lost)
		r.flows[i].Opened = cmp.Or(r.flows[i].Opened, c.opened)
		r.flows[i].WasUnrouted = r.flows[i].WasUnrouted || h.wasUnrouted
		taken := cmp.Or(c.led, r.takenFromTLS(c))
		r.flows[i].TakenFromTLS = cmp.Or(r.flows[i].TakenFromTLS, taken)
		if taken != nil || c.losesTLS() {
			r.flows[i].AsksFor = cmp.Or(r.flows[i].AsksFor, c.asked)
		}
		return
	}
	f := h.flow()
	f.Before, f.ClientInRootNamespace = was, h.client.Namespace == r.after.settings.RootNamespace
	if r.isOfRule() && f.Verdict == Originated && was != Originated {
		f.Before = r.clusterBefore(h) // where routes lead to several clusters, was is the worst of their verdicts
	}
	if h.cluster.service.service != nil {
		f.Service = &h.cluster.service.ref
	}
	if entry := h.cluster.service.serviceEntry(); entry != nil {
		f.SNIHosts = entry.Hosts
		f.EndpointHosts = endpointHosts(entry)
		f.BackendSection = r.backendSection(h)
		f.RuleForServices = f.WildcardRule && r.after.settings.isForServices(h.cluster.lookup.endedAt.host) && h.cluster.asksForService() &&
			f.Rule.Namespace != h.cluster.service.ref.Namespace
	}
	f.PortFallback, f.NamesOfOthers = r.isPortFallback(h), h.namesOfOthers()
	r.judgeRule(&f, h)
	f.LostVerification, f.Opened, f.TakenFromTLS = c.lost, c.opened, cmp.Or(c.led, r.takenFromTLS(c))
	if f.TakenFromTLS != nil || c.losesTLS() {
		f.AsksFor = c.asked
	}
	if r.isDecidedElsewhere(f, h) || was != Originated && !r.isMeantFor(h) {
		return
	}
	f.LostTLS = r.lostTLS(f, h)
	r.index[h.key()] = len(r.flows)
	r.flows = append(r.flows, f)
}

// addGatewayHop adds the flow of a hop to a gateway, where it is known what the gateway serves there. Clients without a
// rule of their own that the route needs, for its subset or for a server of TLS, cannot use it: nothing leaks, and
// it is not meant for their namespaces.
func (r *review) addGatewayHop(h hop) {
	if _, known := r.index[h.key()]; known || len(h.servers) == 0 {
		return
	}
	f := h.flow()
	f.ServerTLS = h.servers.tlsMode()
	if f.ServerTLS == "" {
		f.Server = r.onlyServer(h)
	}
	needsRule := f.ServerTLS != "" || !h.exists
	if needsRule && !h.hasRule() && h.client.Namespace != h.route.virtualService.Namespace {
		return
	}
	if f.ServerTLS != "" {
		f.SNIHosts = h.servers.sniHosts()
		f.MissingServer = r.after.missingServer(h)
	}
	f.ServerName = r.after.serverNameFor(h)
	f.Service = r.after.gatewayServiceRef(h)
	if !h.exists {
		f.Verdict, f.Cause = Plaintext, CauseNoRule
	}
	r.index[h.key()] = len(r.flows)
	r.flows = append(r.flows, f)
}

// lostTLS returns the TLS that the rule under review had for a hop, where now another rule of its host and namespace,
// which it hid before, leaves the bytes in plaintext; nil anywhere else. When the first of these is deleted, it is
// the place where the second would need it:
//
//	# created first                                      # created second
//	host: edition.cnn.com                                host: edition.cnn.com
//	trafficPolicy: {tls: {mode: SIMPLE}}                 trafficPolicy: {loadBalancer: {simple: RANDOM}}
func (r *review) lostTLS(f Flow, h hop) *LostTLS {
	if !r.isOfRule() || r.old == nil || f.Rule == nil || f.Verdict != Plaintext || f.Before != Originated {
		return nil
	}
	svc, ok := r.before.serviceFor(h.client, h.host)
	if !ok {
		return nil
	}
	was := r.before.directHop(h.client, svc, h.port, h.subset, h.payload)
	if !was.hasRule() || was.tlsSetting().decision.Object != r.old.Ref {
		return nil
	}
	successor := h.tlsSetting()
	if was.tlsSetting().bySubset && !successor.bySubset {
		successor.decision = h.cluster.rule.subsetTLS(h.port, h.subset).decision
	}
	hidden := func(o *Object) bool { return o.Ref == successor.decision.Object && o.Ref != r.old.Ref }
	if !slices.ContainsFunc(was.cluster.lookup.endedAt.rules, hidden) {
		return nil
	}
	return &LostTLS{Field: was.tlsSetting().decision.Field, Successor: successor.decision}
}

// isDecidedElsewhere reports whether a flow is decided by other objects, and as before. Then the review has nothing
// to answer for.
func (r *review) isDecidedElsewhere(f Flow, h hop) bool {
	if r.object == nil || f.Before != f.Verdict || f.WasUnrouted || f.LostVerification != nil {
		return false
	}
	switch r.object.Kind {
	case KindDestinationRule:
		return f.Rule != nil && !f.DecidedByObject && !f.Ignored && !r.leavesUncovered(f, h)
	case KindBackendTLSPolicy:
		return f.Rule != nil && !f.DecidedByObject && !f.Ignored
	case KindServiceEntry:
		return f.Service != nil && !h.cluster.service.declares(h.port, r.object.Ref)
	}
	return false
}

// isMeantFor reports whether the service of a hop is exported to its client. ztunnel has all services, whatever their exportTo:
// who keeps one to itself does not answer for what pods of other namespaces send there, unless they had TLS.
func (r *review) isMeantFor(h hop) bool {
	svc := h.cluster.service.service
	return h.client.Kind != ClientZtunnel || svc == nil || visible(svc.exportTo, svc.namespace, h.client.Namespace)
}

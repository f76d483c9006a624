package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// add puts a leg that leaves the mesh among the flows. Two ways to the same cluster are one flow; it was under TLS
// if either was.
func (r *review) add(l leg, was Verdict) {
	if r.losses && !lost(was, l) && !l.opened {
		return
	}
	if i, known := r.index[l.key()]; known {
		if was == Originated || r.flows[i].Before == "" {
			r.flows[i].Before = was
		}
		r.flows[i].Opened = r.flows[i].Opened || l.opened
		return
	}
	f := l.flow()
	f.Before, f.Private = was, l.client.Namespace == r.after.settings.RootNamespace
	if r.ofRule() && f.Verdict == Originated && was != Originated {
		f.Before = r.clusterBefore(l) // where routes lead to several, the worst of those was told
	}
	if l.cluster.service.service != nil {
		f.Service = &l.cluster.service.ref
	}
	if entry := l.cluster.service.entryOrNil(); entry != nil {
		f.SNIHosts = entry.Hosts
		f.EndpointHosts = endpointHosts(entry)
	}
	r.judgeRule(&f, l)
	if r.untouched(f, l) {
		return
	}
	f.Held = r.heldBefore(f, l)
	r.index[l.key()] = len(r.flows)
	r.flows = append(r.flows, f)
}

// ofRule is true of the review of a DestinationRule.
func (r *review) ofRule() bool { return r.either().Kind == KindDestinationRule }

// heldBefore tells what the rule under review decided for a leg where now, in its place, another rule of its host and
// namespace leaves the bytes in plaintext: one that it hid before.
func (r *review) heldBefore(f Flow, l leg) *Held {
	if !r.ofRule() || r.old == nil || f.Rule == nil || f.Verdict != Plaintext || f.Before != Originated {
		return nil
	}
	svc, ok := r.before.serviceFor(l.client, l.host)
	if !ok {
		return nil
	}
	was := r.before.direct(l.client, svc, l.port, l.subset, l.payload)
	if !was.governed() || was.effective().from.Object != r.old.Ref {
		return nil
	}
	heir := l.effective()
	if was.effective().bySubset && !heir.bySubset {
		heir.from = l.cluster.rule.subsetTLS(l.port, l.subset).from
	}
	hidden := func(o *Object) bool { return o.Ref == heir.from.Object && o.Ref != r.old.Ref }
	if !slices.ContainsFunc(was.cluster.lookup.stopped.rules, hidden) {
		return nil
	}
	return &Held{Field: was.effective().from.Field, Heir: heir.from}
}

// untouched is true of a flow that other objects decide as they did before: what they do is theirs to answer.
func (r *review) untouched(f Flow, l leg) bool {
	if r.object == nil || f.Before != f.Verdict || f.Opened {
		return false
	}
	switch r.object.Kind {
	case KindDestinationRule:
		return f.Rule != nil && !f.Ours && !f.Ignored
	case KindServiceEntry:
		return f.Service != nil && !l.cluster.service.declares(l.port, r.object.Ref)
	}
	return false
}

// addHop puts the hop to a gateway among the flows, where it is known what the gateway serves there.
func (r *review) addHop(l leg) {
	if _, known := r.index[l.key()]; known || l.server.protocol == "" || r.losses {
		return
	}
	if l.server.tls != "" && !l.governed() && l.client.Namespace != l.from.from.Namespace {
		return // nothing leaks: without a rule of its own the namespace cannot use this route, which is not meant for it
	}
	f := l.flow()
	f.ServerTLS = l.server.tls
	if l.server.tls != "" {
		f.SNIHosts = l.server.hosts
	}
	if !l.known {
		f.Verdict, f.Cause = Plaintext, CauseNoRule
	}
	r.index[l.key()] = len(r.flows)
	r.flows = append(r.flows, f)
}

// governed is true if a rule applies to the leg's cluster.
func (l leg) governed() bool { return l.known && l.cluster.rule != nil }

func (l leg) key() flowKey {
	return flowKey{kind: l.client.Kind, client: l.client.Namespace + labelsKey(l.client.Labels), host: l.host, port: l.port, subset: l.subset, leg: l.kind, payload: l.payload}
}

func (l leg) flow() Flow {
	f := Flow{
		Path: Path{Client: l.client, Host: l.host, Port: l.port, Hops: []Hop{l.hop()}, Verdict: l.verdict(), Cause: l.cause()},
		Leg:  l.kind, Subset: l.subset, Protocol: l.cluster.Protocol, Family: l.cluster.Family, Payload: l.payload,
		TargetPorts: l.cluster.TargetPorts, Opened: l.opened, Unseen: l.cluster.lookup.unseen,
	}
	if l.cluster.rule != nil {
		f.Rule = &l.cluster.rule.first.Ref
		f.Wide = l.cluster.lookup.stopped != nil && l.cluster.lookup.stopped.host != l.host
	}
	if l.authority != "" {
		f.By = l.from.from.Ref.String()
	}
	return f
}

// declares tells whether an object declares the service, or a port that was merged into it.
func (v view) declares(number uint32, object Ref) bool {
	p, ok := v.port(number)
	return v.ref == object || ok && p.owner.ref == object
}

func (v view) entryOrNil() *networking.ServiceEntry {
	if v.service == nil {
		return nil
	}
	return v.entry
}

// endpointHosts lists the DNS names among a ServiceEntry's endpoints.
func endpointHosts(entry *networking.ServiceEntry) []string {
	var list []string
	for _, e := range entry.Endpoints {
		if a := e.GetAddress(); strings.ContainsAny(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") &&
			!strings.Contains(a, ":") && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

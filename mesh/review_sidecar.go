package mesh

import (
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// sidecar adds what the Sidecar under review changes for the pods that it configures, now or before. It decides which
// entry of a host they know, and which routes they follow:
//
//	egress:
//	- hosts: ["egress/a.example"]   # the entry of namespace egress, not that of another namespace
//	- hosts: ["./*"]                # not the route of namespace egress that sends a.example to a gateway
//
// It answers for connections that were under TLS and now go differently, for those that routes kept in the mesh and that
// leave now, and for those that were hidden and are now under TLS without a check of the server's name. A host that its pods no
// longer know is no loss, and is told (addHidden).
func (r *review) sidecar() {
	if r.limitSidecars(); r.stopped() {
		return
	}
	sr := newSidecarReview(r)
	for known, services := range r.after.services.Prefix("") {
		if r.stopped() {
			return
		}
		if !slices.ContainsFunc(services, r.after.leavesMesh) {
			continue
		}
		switch sr.effectOn(known, services) {
		case effectHidden:
			sr.addHiddenHost(services[0])
		case effectAny:
			sr.addHost(known, sr.sidecarClients(known), r.after.Ports(known))
		}
	}
	for _, name := range r.after.routedNames() {
		if r.stopped() {
			return
		}
		for _, wide := range r.after.externalWildcardsOver(name) {
			sr.addHost(name, sr.sidecarClients(wide), r.after.Ports(wide))
		}
	}
	r.addAllowedAny()
}

// sidecarClients returns the clients of a host that the Sidecar under review configures, now or before.
func (r *review) sidecarClients(host string) []Client {
	var list []Client
	if namespace := r.reviewed().Namespace; namespace == r.after.settings.RootNamespace {
		list = r.clients(host)
	} else {
		list = r.after.clientsIn(namespace, host)
		for _, c := range r.before.clientsIn(namespace, host) {
			if !slices.ContainsFunc(list, func(have Client) bool { return have.compare(c) == 0 }) {
				list = append(list, c)
			}
		}
	}
	list = append(list, r.combinedClients(host, list)...)
	return slices.DeleteFunc(list, func(c Client) bool { return !r.isConfigured(c) })
}

// isConfigured reports whether the Sidecar under review configures a client, now or before.
func (r *review) isConfigured(c Client) bool {
	return slices.ContainsFunc([]*Snapshot{r.before, r.after}, func(s *Snapshot) bool {
		o := s.sidecarFor(c)
		return o != nil && o.Ref == r.reviewed().Ref
	})
}

// addHost adds the flows of clients to a name, by its own service or by that of a wildcard over it.
func (r *sidecarReview) addHost(name string, clients []Client, ports []uint32) {
	for _, client := range clients {
		if r.stopped() {
			return
		}
		hidden := false // which is told once, whatever the port
		for _, number := range ports {
			hops, earlier := r.after.parsedHops(client, name, number), r.before.parsedHops(client, name, number)
			hops = r.after.takenAsBytes(hops, earlier, client, name, number)
			switch was := egressVerdict(earlier); {
			case len(hops) == 0 && len(earlier) > 0,
				was == Originated && (r.newlyPassesBy(client, name, number) || areForTLSAlone(hops) && !areForTLSAlone(earlier)):
				if !hidden {
					r.addHidden(client, name, number)
				}
				hidden = true
			case isUnrouted(earlier) && !isUnrouted(hops):
				markUnrouted(hops)
				r.add(askedFor(name, r.leaving(hops, was))...)
			case nothingLeaves(earlier) && egressVerdict(hops) == Plaintext:
				r.add(askedFor(name, r.leaving(hops, was))...)
			case (was == Originated || isUnchecked(hops)) && !slices.EqualFunc(hops, earlier, hop.sameOnTheWire):
				r.add(askedFor(name, r.leaving(hops, was))...)
			}
		}
	}
}

// newlyPassesBy reports whether what a client sends to a port of a name passes by the listeners of its Sidecar, and did not before.
func (r *sidecarReview) newlyPassesBy(client Client, name string, number uint32) bool {
	_, was := r.before.passesBy(client, name, number)
	_, is := r.after.passesBy(client, name, number)
	return is && !was
}

// isUnchecked reports whether what hops lead out is under TLS, some of it without a check of the server's name.
func isUnchecked(hops []hop) bool {
	return egressVerdict(hops) == Originated && slices.ContainsFunc(hops, func(h hop) bool { return h.kind == HopEgress && !h.shown().Verified })
}

// leaving returns the changes of hops that do not stay in the mesh, which had this verdict before.
func (r *review) leaving(hops []hop, was Verdict) []change {
	return slices.DeleteFunc(routedChanges(hops, was), func(c change) bool {
		svc := c.hop.cluster.service.service
		return c.hop.kind == HopEgress && svc != nil && !r.after.leavesMesh(svc) && c.hop.route == nil
	})
}

// sameOnTheWire reports whether two hops lead to the same place under the same TLS.
func (h hop) sameOnTheWire(other hop) bool {
	a, b := h.shown(), other.shown()
	return h.kind == other.kind && h.host == other.host && h.port == other.port && h.payload == other.payload &&
		h.verdict() == other.verdict() && a.Port == b.Port && a.TLS == b.TLS && a.SNI == b.SNI && a.Verified == b.Verified
}

// addHidden adds the flow of a client to a host that its Sidecar hides now, or whose listeners do not take it, one for all such
// hosts that the same of lists cover: what is sent there passes as the application writes it, unless the proxy lets nothing unknown out.
func (r *sidecarReview) addHidden(client Client, name string, number uint32) {
	key := client.String() + "\x00" + r.lists.covering(name)
	if i, told := r.hidden[key]; told {
		r.flows[i].OtherHosts++
		return
	}
	if !r.after.allowsAny(client) {
		return
	}
	f := r.passthrough(client, name, number)
	if field, ok := r.after.passesBy(client, name, number); ok {
		f.Hops[0].DecidedBy.Field = field
	}
	if hops := r.before.connectionHops(client, name, number); len(hops) > 0 {
		f.Before = hops[0].verdict()
		if svc := hops[0].cluster.service.service; svc != nil {
			f.Service = &svc.ref
		}
	}
	r.hidden[key] = len(r.flows)
	r.flows = append(r.flows, f)
}

// addAllowedAny adds a flow that stands for all hosts that the Sidecar's pods do not know, where these may be asked for
// now, and were not before.
func (r *review) addAllowedAny() {
	namespace := r.reviewed().Namespace
	if namespace == r.after.settings.RootNamespace {
		namespace = AnyNamespace
	}
	for _, o := range r.versions() {
		client := Client{Kind: ClientSidecar, Namespace: namespace, Labels: sidecarSpec(o).GetWorkloadSelector().GetLabels()}
		if r.isConfigured(client) && r.after.allowsAny(client) && !r.before.allowsAny(client) {
			r.flows = append(r.flows, r.passthrough(client, "*", 0))
			return
		}
	}
}

// passthrough returns the flow of what a client's proxy does not know and lets pass.
func (r *review) passthrough(client Client, name string, number uint32) Flow {
	hop := Hop{From: client.String(), To: name, Port: number, Names: []string{}}
	if o := r.after.sidecarFor(client); o != nil {
		hop.DecidedBy = &Decision{Object: o.Ref, Field: "spec.egress"}
	}
	return Flow{
		Path:    Path{Client: client, Host: name, Port: number, Hops: []Hop{hop}, Verdict: Unknown, Cause: CausePassthrough},
		HopKind: HopNone,
	}
}

// routedNames returns the names, in lower case, for which there are VirtualServices and that no object declares.
func (s *Snapshot) routedNames() []string {
	var names []string
	for key := range s.virtualServices.Prefix(byHost) {
		name, _, _ := strings.Cut(strings.TrimPrefix(key, byHost), "\x00")
		if !host.IsWildcard(name) && len(s.services.At(name)) == 0 {
			names = append(names, name)
		}
	}
	return slices.Compact(names)
}

package mesh

import (
	"cmp"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// Review lists what a review has to answer for: the flows that the object takes part in, as they are in after,
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
	return fold(r.flows, apart)
}

// review collects the flows of one review.
type review struct {
	before, after *Snapshot
	old, object   *Object // nil where it does not exist before, after
	apart         func(host string) string
	flows         []Flow
	index         map[flowKey]int
	// routes is true if the ways that routes lead are to be answered for: those of the takers.
	routes bool
	takers []Ref
	// hosts are the known external hosts that a DestinationRule under review governs.
	hosts int
	// losses is true where nothing counts but the loss of TLS, or of the routes that let nothing out.
	losses bool
	// harmless is true if the rule under review only repeats what the rule that stands in its place says, or leaves some
	// clients, under TLS, to that rule and is there for others.
	harmless bool
}

// flowKey tells flows apart.
type flowKey struct {
	client, host, subset string
	kind                 ClientKind
	port                 uint32
	leg                  Leg
	payload              Family
}

func compareFlows(a, b Flow) int {
	return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Leg, b.Leg),
		a.Client.compare(b.Client), cmp.Compare(a.Subset, b.Subset), cmp.Compare(a.Payload, b.Payload))
}

// either gives the object as it is, or as it was.
func (r *review) either() *Object {
	if r.object != nil {
		return r.object
	}
	return r.old
}

func (r *review) serviceEntry() {
	var hosts []string
	for _, o := range []*Object{r.object, r.old} {
		if o != nil {
			hosts = append(hosts, o.Spec.(*networking.ServiceEntry).Hosts...)
		}
	}
	slices.Sort(hosts)
	for _, host := range slices.Compact(hosts) {
		r.host(host, func(Client) bool { return true })
	}
}

// host adds all flows to host of the clients for which touched is true.
func (r *review) host(host string, touched func(Client) bool) {
	ports := r.after.Ports(host)
	if len(ports) == 0 || !r.after.external(host) {
		return
	}
	clients := slices.DeleteFunc(r.clients(host), func(c Client) bool { return !touched(c) })
	for _, client := range clients {
		for _, number := range ports {
			r.client(client, host, number)
		}
	}
	r.routesHere(host, clients)
	for _, v := range r.after.gatewayRoutesTo(host) {
		for _, l := range r.after.gatewayLegs(v) {
			if l.host == host && touched(l.client) {
				r.add(l, r.clusterBefore(l))
			}
		}
	}
	r.doubtful(host, clients, touched)
}

// hostAlso adds all flows to host, which stand for so many other hosts too.
func (r *review) hostAlso(host string, also int, touched func(Client) bool) {
	from := len(r.flows)
	r.host(host, touched)
	for i := range r.flows[from:] {
		r.flows[from+i].Also += also
	}
}

// clients lists the vantages of both snapshots.
func (r *review) clients(host string) []Client {
	list := r.after.Clients(host)
	seen := map[string]bool{}
	for _, c := range list {
		seen[c.String()] = true
	}
	for _, c := range r.before.Clients(host) {
		gone := c.Kind == ClientWaypoint && !r.after.ServedAt(c, host)
		if !seen[c.String()] && !gone {
			list = append(list, c)
		}
	}
	return list
}

// client adds the flows of one client to one host and port: the direct way unless routes take all traffic to
// gateways, what lies beyond the gateways, and every subset.
func (r *review) client(client Client, host string, number uint32) {
	svc, ok := r.after.serviceFor(client, host)
	if !ok || !svc.external {
		return
	}
	p, ok := svc.port(number)
	if !ok || p.family() == FamilyUDP {
		return
	}
	legs, earlier := r.after.legs(client, host, number), r.before.legs(r.clientBefore(client, host), host, number)
	was := egressVerdict(earlier)
	if leadNowhere(earlier) {
		open(legs)
	}
	if r.routes {
		if r.takes(legs) || r.takes(earlier) || leadNowhere(earlier) {
			r.routed(legs, was)
		}
		return
	}
	if leadNowhere(legs) {
		r.add(legs[0], was)
		if !r.after.ledTo(host, number) {
			return
		}
	}
	for _, l := range legs {
		switch {
		case l.kind == LegEgress && l.client.Kind == ClientGateway:
			r.add(l, was)
		case l.kind == LegEgress && l.host == host && l.port == number && l.subset == "":
			r.add(l, cmp.Or(was, r.clusterBefore(l)))
		}
	}
	if diverted(legs) {
		return
	}
	if len(legs) > 1 || legs[0].from != nil {
		direct := r.after.direct(client, svc, number, "", p.family())
		r.add(direct, r.clusterBefore(direct))
	}
	r.subsets(client, svc, p)
}

// clientBefore is the proxy before the same pods as it was before the review: which waypoint stands for a host, if any, is
// a label of its entry.
func (r *review) clientBefore(client Client, host string) Client {
	switch client.Kind {
	case ClientZtunnel:
		return r.before.ClientOf(client.Namespace, nil, host)
	case ClientWaypoint:
		if before := r.before.waypointsOf(host); len(before) > 0 && !r.before.ServedAt(client, host) {
			return before[0]
		}
	}
	return client
}

// takes tells whether the VirtualService under review takes traffic off the direct way, itself or as a delegate.
func (r *review) takes(legs []leg) bool {
	return slices.ContainsFunc(legs, func(l leg) bool { return l.from != nil && slices.Contains(r.takers, l.from.from.Ref) })
}

// routed adds the ways that traffic takes which a VirtualService takes, or gives back.
func (r *review) routed(legs []leg, was Verdict) {
	for _, l := range legs {
		switch l.kind {
		case LegEgress, LegNowhere:
			r.add(l, was)
		case LegGateway:
			r.addHop(l)
		}
	}
}

// subsets adds the clusters of all subsets of the rule that applies.
func (r *review) subsets(client Client, svc view, p port) {
	if client.Kind == ClientZtunnel {
		return
	}
	rule := r.after.rulesAt(client, svc).choose(client)
	if rule == nil {
		return
	}
	for _, sub := range rule.subsets {
		l := r.after.direct(client, svc, p.number, sub.Name, p.family())
		if l.known {
			r.add(l, r.clusterBefore(l))
		}
	}
}

// clusterBefore is the verdict of the same cluster before the review; "" if there was none.
func (r *review) clusterBefore(l leg) Verdict {
	svc, ok := r.before.serviceFor(l.client, l.host)
	if !ok {
		return ""
	}
	was := r.before.direct(l.client, svc, l.port, l.subset, l.payload)
	if !was.known {
		return ""
	}
	return was.verdict()
}

// gateway adds the hops to this Gateway that stored routes take: its servers say which SNI they accept. What it lets out
// by those routes that it did not before is its to answer for.
func (r *review) gateway(ref Ref) {
	for _, v := range r.after.routes.prefix(byGateway + ref.Namespace + "/" + ref.Name + "\x00") {
		r.letOut(ref, v)
		for _, pattern := range v.hosts {
			for host := range r.after.hostGroups(pattern, nil, r.apart) {
				r.hopsTo(host)
			}
		}
	}
}

// hopsTo adds the gateway hops of all clients of a host, and nothing else.
func (r *review) hopsTo(host string) {
	for _, client := range r.clients(host) {
		for _, number := range r.after.Ports(host) {
			for _, l := range r.after.legs(client, host, number) {
				if l.kind == LegGateway {
					r.addHop(l)
				}
			}
		}
	}
}

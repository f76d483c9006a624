package mesh

import (
	"net/netip"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// maxHeldHosts is how many hosts of others a namespace's own objects may keep from its clients, maxOwnObjects how many objects a
// namespace may have for that, maxReleasedLooks of how many of its clients' connections it may be asked whether they leave under TLS, and
// maxReleasedWork how much may be spent on the others, before an object that may let them out is refused.
const (
	maxHeldHosts     = 256
	maxOwnObjects    = 2048
	maxReleasedLooks = 1 << 15
	maxReleasedWork  = 8192
)

// releaseCost is what it costs to follow what a client sends that does not leave under TLS, where it costs 1 to see what it sends.
const releaseCost = 4

// releasedReview is the review of an object as to what clients of its own namespace send to hosts of other namespaces that objects of
// theirs kept from leaving, and that leaves in plaintext now. So several writes, each of which takes no TLS away, are no way to
// plaintext, whatever kinds they are of. Here requests for api.example.com, which are under TLS without namespace shop's own objects,
// go to an entry without endpoints by the first, and by the second on to where they are sent, as a port for requests shares the
// listener and no virtual host is theirs:
//
//	kind: ServiceEntry                                    kind: Service   # under review
//	metadata: {name: own, namespace: shop}                metadata: {name: web, namespace: shop}
//	spec:                                                 spec:
//	  hosts: [api.example.com]                              ports: [{name: http, port: 80}]
//	  location: MESH_INTERNAL
//	  resolution: STATIC
//	  ports: [{number: 80, name: tcp, protocol: TCP}]
//
// What a Sidecar hides from pods whose proxies pass it on is told by its own review. Waypoints, gateways and ztunnel are not looked at.
type releasedReview struct {
	*review
	// without is the mesh after the review without the namespace's own objects; nil until it is asked for.
	without *Snapshot
	// made has the listeners of a client's port, by mesh.
	made        map[listenersKey]portOutbound
	looks, work int // see maxReleasedLooks and maxReleasedWork
	// told is how many connections that are let out are listed, at most maxTakenHosts of hosts that exemptions do not tell apart.
	told map[string]int
}

type listenersKey struct {
	snapshot *Snapshot
	client   string
	number   uint32
}

// portOutbound is what outboundListeners returns.
type portOutbound struct {
	listeners map[string]*outboundListener
	unsure    string
}

// released adds the flows of clients of the namespace of the object under review that are let out in plaintext.
func (r *review) released() {
	o := r.reviewed()
	if o == nil || o.Namespace == "" || o.Namespace == r.after.settings.RootNamespace || r.after.IsTerminating(o.Namespace) {
		return
	}
	rr := &releasedReview{review: r, made: map[listenersKey]portOutbound{}, told: map[string]int{}}
	may := rr.mayChange()
	for _, name := range rr.hosts() {
		alike := r.lists.covering(name)
		if ports := rr.ports(name, may); len(ports) > 0 && rr.told[alike] < maxTakenHosts {
			rr.told[alike] += rr.addHost(name, ports, maxTakenHosts-rr.told[alike])
		}
	}
}

// addHost adds the flows of what is let out to the ports of a host, at most so many, and returns how many there are.
func (r *releasedReview) addHost(name string, ports []uint32, most int) int {
	found := 0
	for _, client := range r.after.clientsIn(r.reviewed().Namespace, name) {
		if client.Kind != ClientSidecar {
			continue
		}
		for _, number := range ports {
			if r.stopped() || found == most {
				return found
			}
			if r.add(client, name, number) {
				found++
			}
		}
	}
	return found
}

// hosts returns the hosts outside the mesh that other namespaces declare and objects of the namespace under review name.
func (r *releasedReview) hosts() []string {
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] && slices.ContainsFunc(r.after.services.At(name), r.isOthers) {
			seen[name] = true
		}
	}
	for _, o := range r.own() {
		switch spec := o.Spec.(type) {
		case *networking.ServiceEntry:
			for _, name := range spec.Hosts {
				add(name)
			}
		case *networking.VirtualService:
			for _, name := range spec.Hosts {
				add(name)
			}
		case *networking.DestinationRule:
			add(spec.Host)
		}
	}
	if len(seen) > maxHeldHosts {
		r.exceed("its namespace has objects of its own for more than %d hosts of other namespaces", maxHeldHosts)
		return nil
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// isOthers reports whether a service is outside the mesh and of another namespace than the object under review.
func (r *releasedReview) isOthers(svc *service) bool {
	return svc.namespace != r.reviewed().Namespace && r.after.leavesMesh(svc)
}

// own returns the objects of the namespace under review that may keep its clients' connections from leaving, the object itself as
// it was too.
func (r *releasedReview) own() []*Object {
	list := r.versions()
	for _, kind := range []string{KindServiceEntry, KindService, KindSidecar, KindDestinationRule, KindVirtualService} {
		for _, o := range r.after.objects.Prefix(kind + "\x00" + r.reviewed().Namespace + "\x00") {
			list = append(list, o)
		}
	}
	return list
}

// ports returns the ports of a host that others declare and the object under review may change.
func (r *releasedReview) ports(name string, may func(number uint32) bool) []uint32 {
	var list []uint32
	for _, svc := range r.after.services.At(name) {
		if !r.isOthers(svc) {
			continue
		}
		for _, p := range svc.ports {
			if family := FamilyOf(p.protocol); family != FamilyTLS && family != FamilyUDP && may(p.number) {
				list = append(list, p.number)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// mayChange returns a function that reports whether the object under review may change who takes connections to a port: a service has
// or had it.
func (r *releasedReview) mayChange() func(number uint32) bool {
	if kind := r.reviewed().Kind; kind != KindServiceEntry && kind != KindService {
		return func(uint32) bool { return true }
	}
	ports := map[uint32]bool{}
	for _, o := range r.versions() {
		for _, svc := range r.after.settings.servicesOf(o) {
			for _, p := range svc.ports {
				ports[p.number] = true
			}
		}
	}
	return func(number uint32) bool { return ports[number] }
}

// add adds the flow of what a client sends to a port of a host where it did not leave in plaintext before and does now, and would be
// under TLS without the namespace's own objects. It reports whether there is one.
func (r *releasedReview) add(client Client, name string, number uint32) bool {
	if r.looks++; r.looks > maxReleasedLooks {
		r.spend(maxReleasedWork + 1)
	}
	if r.leavesUnderTLS(r.before, client, name, number) {
		return false // what is lost of that the review of each kind says
	}
	r.spend(1)
	for _, o := range r.sent(name, number) {
		if r.spend(releaseCost); r.stopped() {
			return false
		}
		hops := r.plainHops(r.after, client, name, o)
		if len(hops) == 0 || len(r.plainHops(r.before, client, name, o)) > 0 || r.passesOn(r.before, client, o) || !r.hasTLSWithoutOwn(client, name, o) {
			continue
		}
		r.addReleased(hops, r.holder(client, name, number), name)
		return true
	}
	return false
}

// spend counts what was spent, and stops the review of an object that is not deleted where it is too much.
func (r *releasedReview) spend(n int) {
	if r.work += n; r.work > maxReleasedWork && r.object != nil {
		r.exceed("objects of its namespace are for too many hosts, ports and addresses of other namespaces, by too many selectors (workloadSelector "+
			"of DestinationRules and Sidecars, sourceLabels of routes), for a review to look at all that its pods send there: %d connections",
			maxReleasedWork/releaseCost)
	}
}

// addReleased adds the flows of hops to which connections to name are let out, which by kept from leaving. One that leaves in plaintext
// as some review has it already is told once.
func (r *releasedReview) addReleased(hops []hop, by Ref, name string) {
	for _, h := range hops {
		i := slices.IndexFunc(r.flows, func(f Flow) bool {
			return f.HopKind == HopEgress && f.Verdict == Plaintext && f.Host == h.host && f.Port == h.port && f.Client.compare(h.client) == 0
		})
		if i < 0 {
			r.review.add(change{hop: h, led: &by, asked: name})
			continue
		}
		if f := &r.flows[i]; f.TakenFromTLS == nil && f.Before != Originated && !f.WasUnrouted {
			f.TakenFromTLS = &by
		}
	}
}

// leavesUnderTLS reports whether what a client sends to a port of a host leaves, all of it by clusters that are there.
func (r *releasedReview) leavesUnderTLS(s *Snapshot, client Client, name string, number uint32) bool {
	hops := s.hops(client, name, number)
	missing := slices.ContainsFunc(hops, func(h hop) bool { return h.kind == HopEgress && !h.exists })
	return !missing && egressVerdict(hops) == Originated
}

// sent returns what clients send to a port of a host: to the addresses that others wrote down, and to one that is nobody's; to a port
// for bytes requests, too.
func (r *releasedReview) sent(name string, number uint32) []Outbound {
	addresses, bytes := []netip.Addr{{}}, false
	for _, svc := range r.after.services.At(name) {
		p, has := svc.port(number)
		if !has || !r.isOthers(svc) {
			continue
		}
		bytes = bytes || FamilyOf(p.protocol) != FamilyHTTP
		for _, prefix := range svc.addresses() {
			addresses = append(addresses, prefix.Addr())
		}
		addresses = append(addresses, r.after.endpointAddresses(svc, number)...)
	}
	var list []Outbound
	for _, at := range addresses {
		to := netip.AddrPortFrom(at, uint16(number)) //nolint:gosec // a port
		list = append(list, Outbound{To: to, Request: name})
		if bytes {
			list = append(list, Outbound{To: to})
		}
	}
	return list
}

// outcome returns where a client's connection goes.
func (r *releasedReview) outcome(s *Snapshot, client Client, o Outbound) Outcome {
	key := listenersKey{s, client.String(), uint32(o.To.Port())}
	made, known := r.made[key]
	if !known {
		made.listeners, made.unsure = s.outboundListeners(client, o)
		r.made[key] = made
	}
	if made.unsure != "" {
		return Outcome{Unsure: made.unsure}
	}
	return s.outboundBy(made.listeners, client, o)
}

// passesOn reports whether a client's proxy passes a connection on as it is.
func (r *releasedReview) passesOn(s *Snapshot, client Client, o Outbound) bool {
	return r.outcome(s, client, o).PassesOn
}

// plainHops returns the hops of a connection that leave in plaintext. What is passed on, as the host is not known, is none.
func (r *releasedReview) plainHops(s *Snapshot, client Client, name string, o Outbound) []hop {
	number, payload := uint32(o.To.Port()), FamilyOpaque
	if o.Request != "" {
		payload = FamilyHTTP
	}
	out := r.outcome(s, client, o)
	if out.PassesOn {
		svc, ok := s.serviceFor(client, name)
		if !ok {
			return nil
		}
		p, has := svc.port(number)
		cause := CauseOtherListener
		switch {
		case !has:
			cause = CausePortNotDeclared
		case p.family() != FamilyUnspecified && p.family() != payload:
			cause = CauseDeclaredOtherwise
		}
		return []hop{{
			kind: HopEgress, client: client, host: name, port: number, payload: payload, passesOn: cause,
			cluster: Cluster{Protocol: p.protocol, Family: p.family(), TargetPorts: []uint32{number}, service: svc},
		}}
	}
	var list []hop
	for _, d := range out.Destinations {
		if h, leaves := s.hopTo(client, d, payload); leaves && h.verdict() == Plaintext {
			list = append(list, h)
		}
	}
	return list
}

// hopTo returns the hop to a destination; leaves reports whether it is there, and outside the mesh.
func (s *Snapshot) hopTo(client Client, d Destination, payload Family) (h hop, leaves bool) {
	svc, ok := s.serviceFor(client, d.Host)
	if !ok || !s.leavesMesh(svc.service) {
		return hop{}, false
	}
	h = s.directHop(client, svc, d.Port, d.Subset, payload)
	return h, h.exists
}

// hasTLSWithoutOwn reports whether a connection would be under TLS without the objects of the client's namespace.
func (r *releasedReview) hasTLSWithoutOwn(client Client, name string, o Outbound) bool {
	if r.without == nil {
		own := r.own()
		if len(own) > maxOwnObjects {
			r.exceed("its namespace has more than %d objects, and some keep hosts of other namespaces from its pods", maxOwnObjects)
			return false
		}
		r.without = r.after
		for _, object := range own {
			r.without = r.without.Without(object.Ref)
		}
	}
	client.Labels = nil // what selects them is gone
	if egressVerdict(r.without.hops(client, name, uint32(o.To.Port()))) != Originated {
		return false
	}
	out := r.outcome(r.without, client, o)
	return !out.PassesOn && out.Unsure == "" && len(out.Destinations) > 0
}

// holder returns the object of the client's namespace that keeps what it sends to a host from leaving under TLS: its entry, its
// route, its rule or its Sidecar.
func (r *releasedReview) holder(client Client, name string, number uint32) Ref {
	namespace := client.Namespace
	if svc, ok := r.after.serviceFor(client, name); ok && svc.namespace == namespace && svc.ref != r.reviewed().Ref {
		return svc.ref
	}
	for _, h := range r.before.hops(client, name, number) {
		if h.route != nil && h.route.author.Namespace == namespace {
			return h.route.by()
		}
	}
	if o := r.before.sidecarFor(client); o != nil && o.Namespace == namespace {
		return o.Ref
	}
	for _, h := range r.after.hops(client, name, number) {
		if h.hasRule() && h.cluster.rule.first.Namespace == namespace {
			return h.cluster.rule.first.Ref
		}
	}
	return r.reviewed().Ref
}

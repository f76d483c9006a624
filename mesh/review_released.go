package mesh

import (
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

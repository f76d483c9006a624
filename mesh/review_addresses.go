package mesh

import (
	"maps"
	"net/netip"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// addressReview is the review of a ServiceEntry as to what it takes from ambient clients by its addresses. ztunnel has one
// service for an address, the last that it heard of, whatever its exportTo and its namespace (ztunnel src/state/service.rs
// insert_internal), and asks that for the port, whatever its protocol:
//
//	metadata: {name: api, namespace: egress}   metadata: {name: x, namespace: team-a}    # under review
//	spec:                                      spec:
//	  hosts: [api.example.com]                   hosts: [evil.example.net]
//	  addresses: [240.1.1.1]                     addresses: [240.1.1.1]
//
// What sidecars make of addresses otherListeners and divertedReview tell.
type addressReview struct {
	*review
	// own is a service of the entry, and number one of its ports.
	own    *service
	number uint32
}

// ambientAddresses adds the flows of ambient clients whose connections the ServiceEntry under review takes by addresses that
// it did not have before: those to its own ports, and those to others where ztunnel passes on what comes to its addresses.
func (r *review) ambientAddresses() {
	if r.object == nil || r.after.ambientNamespaces.Len() == 0 {
		return
	}
	byPort := map[uint32][]addressClaim{}
	for _, own := range r.after.settings.servicesOf(r.object) {
		if r.after.serviceInNamespace(own.host, own.namespace).ref != own.ref {
			continue // ztunnel has another one of the host
		}
		numbers := []uint32{}
		for _, p := range own.ports {
			numbers = append(numbers, p.number)
		}
		if r.after.passesOnOtherPorts(own) {
			numbers = append(numbers, everyOtherPort)
		}
		for _, number := range numbers {
			ar := &addressReview{review: r, own: own, number: number}
			if at := ar.newAddresses(); len(at) > 0 {
				byPort[number] = append(byPort[number], addressClaim{ar, at})
			}
		}
	}
	for _, number := range slices.Sorted(maps.Keys(byPort)) {
		r.takeAddresses(byPort[number])
	}
}

// everyOtherPort stands for all the ports that an entry does not have.
const everyOtherPort = 0

// passesOnOtherPorts reports whether ztunnel passes on what comes to the addresses of a service, on ports too that it does not have: it
// looks for resolution NONE (LoadBalancing PASSTHROUGH, pilot/pkg/serviceregistry/ambient/services.go serviceEntriesInfo) before it
// looks for the port (ztunnel src/state.rs find_upstream). A waypoint takes its own ports alone.
func (s *Snapshot) passesOnOtherPorts(svc *service) bool {
	return svc.entry.GetResolution() == networking.ServiceEntry_NONE && s.waypointNamespaceOf(svc) == ""
}

// addressClaim is the addresses that a host of the entry under review takes on a port.
type addressClaim struct {
	*addressReview
	addresses []netip.Addr
}

// takeAddresses adds what is taken of other services at the addresses that an entry claims on a port. The services at an address are
// gone through once, however many hosts the entry has.
func (r *review) takeAddresses(claims []addressClaim) {
	claimed := map[netip.Addr][]int{}
	for i, c := range claims {
		for _, at := range c.addresses {
			claimed[at] = append(claimed[at], i)
		}
	}
	victims := make([][]*service, len(claims))
	type found struct {
		claim  int
		victim *service
	}
	seen := map[found]bool{}
	for _, at := range slices.SortedFunc(maps.Keys(claimed), netip.Addr.Compare) {
		for _, victim := range r.after.ports.Prefix(vipKey(at)) {
			if r.stopped() {
				return
			}
			for _, i := range claimed[at] {
				if f := (found{i, victim}); !seen[f] {
					seen[f] = true
					victims[i] = append(victims[i], victim)
				}
			}
		}
	}
	for i, c := range claims {
		c.add(victims[i], c.addresses)
	}
}

// newAddresses returns the addresses at which the entry has the port, and had it not before.
func (r *addressReview) newAddresses() []netip.Addr {
	list := r.own.ambientAddresses()
	if r.old == nil {
		return list
	}
	for _, was := range r.before.settings.servicesOf(r.old) {
		_, had := was.port(r.number)
		if r.number == everyOtherPort {
			had = r.before.passesOnOtherPorts(was)
		}
		if had && was.host == r.own.host {
			known := was.ambientAddresses()
			list = slices.DeleteFunc(list, func(at netip.Addr) bool { return slices.Contains(known, at) })
		}
	}
	return list
}

// add adds what is taken of other services, which have one of the addresses.
func (r *addressReview) add(victims []*service, addresses []netip.Addr) {
	found := 0
	for _, victim := range victims {
		own := victim.ambientAddresses()
		i := slices.IndexFunc(addresses, func(at netip.Addr) bool { return slices.Contains(own, at) })
		takes := func(string) (claim, bool) { return claim{address: addresses[i].String()}, true }
		for _, p := range r.taken(victim) {
			if r.stopped() || found == maxTakenHosts {
				return
			}
			if r.spendTaken(); r.stopped() {
				return
			}
			at := *r
			at.number = p.number
			if at.addVictim(victim, p, r.after.clientNamespaces(victim.host), takes) {
				found++
			}
		}
	}
}

// taken returns the ports of another service that the entry takes by its address: that of its own number or, for everyOtherPort, those
// whose numbers it does not have. Clients of ports for TLS start it themselves, and of those for UDP ztunnel knows nothing.
func (r *addressReview) taken(victim *service) []port {
	if victim.ref == r.own.ref {
		return nil
	}
	var list []port
	for _, p := range victim.ports {
		_, own := r.own.port(p.number)
		if family := FamilyOf(p.protocol); family == FamilyTLS || family == FamilyUDP {
			continue
		}
		if p.number == r.number || r.number == everyOtherPort && !own {
			list = append(list, p)
		}
	}
	return list
}

// maxTaken is how many services with an address of an entry, or a name that one of its hosts may answer, a review looks at: once
// for each of the entry's hosts.
const maxTaken = 4096

// spendTaken counts one of maxTaken, and stops the review where there are more.
func (r *review) spendTaken() {
	if r.taken++; r.taken > maxTaken {
		r.exceed("its hosts may take what is meant for other hosts, by addresses or by search domains, in more than the %d ways that a review looks at: "+
			"name fewer hosts", maxTaken)
	}
}

// claim is that by which an entry takes connections to another service: an address, or a name for which clients ask.
type claim struct{ address, name string }

// addVictim adds the flows of the ambient clients of a service in those namespaces where the entry takes them, and reports whether
// there are any.
func (r *addressReview) addVictim(victim *service, p port, namespaces []string, takes func(namespace string) (claim, bool)) bool {
	found := false
	for _, namespace := range namespaces {
		if !r.after.isAmbient(namespace) || r.after.IsTerminating(namespace) {
			continue
		}
		if has := r.after.ambientService(namespace, victim.host); has == nil || has.ref != victim.ref {
			continue
		}
		by, ok := takes(namespace)
		switch {
		case !ok:
		case r.after.leavesMesh(victim):
			found = r.addTakenBy(by, namespace, victim, p) || found
		default:
			found = r.addDivertedBy(by, namespace, victim, p) || found
		}
	}
	return found
}

// addTakenBy adds the flow to a host outside the mesh that was under TLS, and is taken in plaintext or for another server.
func (r *addressReview) addTakenBy(by claim, namespace string, victim *service, p port) bool {
	before := r.before.ClientOf(namespace, nil, victim.host)
	earlier := r.before.hops(before, victim.host, r.number)
	if egressVerdict(earlier) != Originated {
		return false
	}
	now, ztunnel := r.after.ambientClient(namespace, r.own), Client{Kind: ClientZtunnel, Namespace: namespace}
	if egressVerdict(r.after.hops(now, r.own.host, r.number)) == Originated {
		h := r.hopToOwn(now)
		lost := r.lostVerification(h, r.checkedBefore(earlier, victim.host), ztunnel, victim.host, victim.host)
		if lost != nil {
			r.review.add(change{hop: h, before: Originated, lost: lost})
		}
		return lost != nil
	}
	_, declared := r.own.port(r.number)
	other := OtherListener{
		Service: r.own.ref, Host: r.own.host, Protocol: r.ownPort().protocol, Addresses: by.address, Name: by.name, PassedOn: !declared,
	}
	(&listenerReview{review: r.review, number: r.number}).addTaken(ztunnel, scopedService{service: victim, ports: victim.ports}, p, other)
	return true
}

// addDivertedBy adds the flow to a service of another namespace of the mesh, towards which ztunnel starts the mesh's own mutual
// TLS.
func (r *addressReview) addDivertedBy(by claim, namespace string, victim *service, p port) bool {
	now := r.after.ambientClient(namespace, r.own)
	svc := scopedService{service: victim, ports: victim.ports}
	ztunnel := Client{Kind: ClientZtunnel, Namespace: namespace}
	_, declared := r.own.port(r.number) // another one is passed on as it comes
	if victim.namespace == r.own.namespace || !r.before.isMeshService(victim) ||
		declared && r.after.keepsUnderTLS(asked{client: ztunnel, host: victim.host}, svc, r.hopToOwn(now)) {
		return false
	}
	h := r.after.directHop(ztunnel, svc, r.number, "", FamilyOf(p.protocol))
	h.kind = HopMesh
	f := h.flow()
	f.Service, f.Verdict, f.Cause, f.Before = &victim.ref, Plaintext, CauseOtherListener, Originated
	f.Diverted = &Diversion{
		By: r.own.ref, To: r.own.host, Service: r.own.ref, Addresses: by.address, Name: by.name, Outside: r.after.leavesMesh(r.own),
	}
	f.Hops = []Hop{{From: ztunnel.String(), To: r.own.host, Port: r.number, Protocol: h.cluster.Protocol, Names: []string{}}}
	r.index[h.key()] = len(r.flows)
	r.flows = append(r.flows, f)
	return true
}

// hopToOwn returns the hop of a client to the entry under review.
func (r *addressReview) hopToOwn(client Client) hop {
	svc := scopedService{service: r.own, ports: r.own.ports, atWaypoint: client.Kind == ClientWaypoint}
	return r.after.directHop(client, svc, r.number, "", FamilyOf(r.ownPort().protocol))
}

func (r *addressReview) ownPort() port {
	p, _ := r.own.port(r.number)
	return p
}

package mesh

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// addressed adds what services of the namespace under review take of requests whose Host is the address of another service: each
// virtual host has the addresses of its service as domains, and of two that have one the map's order decides who keeps it
// (pilot/pkg/networking/core/httproute.go generateVirtualHostDomains, dedupeDomains). Two entries whose hosts differ in case have
// one virtual host's name: the second gets no virtual host, and the first none of these domains, so that such requests are passed on.
func (r *divertedReview) addressed(list []*service) {
	claims := addressesByPort{}
	otherCases := r.after.otherCasesOf(len(list))
	for _, own := range list {
		if own.entry == nil {
			continue // no two Services have an address in common
		}
		for _, known := range otherCases(own.host) {
			if known != own.host {
				r.victimByAddresses(known, r.after.callAddresses(known))
			}
		}
		at := singleAddresses(own.addresses())
		for _, p := range own.ports {
			if len(at) > 0 && own.takesRequests(p.number) {
				claims.add(p.number, at)
			}
		}
	}
	for _, number := range slices.Sorted(maps.Keys(claims)) {
		r.victimsAt(claims[number], number)
	}
}

// addressSet is a set of addresses.
type addressSet map[netip.Addr]bool

// addressesByPort are sets of addresses by port.
type addressesByPort map[uint32]addressSet

// add adds addresses to those of a port.
func (a addressesByPort) add(number uint32, addresses []netip.Addr) {
	if a[number] == nil {
		a[number] = addressSet{}
	}
	for _, at := range addresses {
		a[number][at] = true
	}
}

// victimsAt adds what is taken of requests to the services on a port that have one of the addresses.
func (r *divertedReview) victimsAt(addresses addressSet, number uint32) {
	if len(addresses) == 0 {
		return
	}
	for known, victim := range r.after.hostsOnPort(number) {
		if r.stopped() {
			return
		}
		if victim.namespace == r.reviewed().Namespace {
			continue
		}
		shared := slices.DeleteFunc(r.after.callAddresses(known), func(at netip.Addr) bool { return !addresses[at] })
		r.victimByAddresses(known, shared)
	}
}

func (r *divertedReview) victimByAddresses(known string, addresses []netip.Addr) {
	for _, at := range addresses {
		r.victim(known, at.String())
	}
}

// callAddresses returns the addresses that requests to a host may have as Host.
func (s *Snapshot) callAddresses(known string) []netip.Addr {
	var list []netip.Addr
	for _, svc := range s.services.At(known) {
		list = append(list, singleAddresses(append(slices.Clip(svc.addresses()), svc.allocated...))...)
	}
	return list
}

// singleAddresses returns the addresses among ranges.
func singleAddresses(ranges []netip.Prefix) []netip.Addr {
	var list []netip.Addr
	for _, p := range ranges {
		if p.IsSingleIP() {
			list = append(list, p.Addr())
		}
	}
	return list
}

// sharedAddresses adds what routes take of requests whose Host is an address: that of an entry that a pattern covers, and of
// another one. The entry that a VirtualService is for has the address then.
func (r *divertedReview) sharedAddresses(pattern string) {
	if r.sharing == nil {
		r.sharing = map[string][]*service{}
	}
	claims := addressesByPort{}
	for known, services := range r.after.hostsCoveredBy(strings.ToLower(pattern)) {
		if r.stopped() || len(r.sharing) == maxLookedAt {
			break
		}
		if _, has := r.sharing[known]; has {
			continue
		}
		for _, own := range services {
			at := singleAddresses(own.addresses())
			if own.entry == nil || len(at) == 0 {
				continue
			}
			r.sharing[known] = append(r.sharing[known], own)
			for _, p := range own.ports {
				if own.takesRequests(p.number) {
					claims.add(p.number, at)
				}
			}
		}
	}
	for _, number := range slices.Sorted(maps.Keys(claims)) {
		r.victimsAt(claims[number], number)
	}
}

// divertedByAddress returns what takes requests whose Host is an address of a service: a VirtualService for that, the entry under
// review, or one that the routes under review are for.
func (r *divertedReview) divertedByAddress(s *Snapshot, c asked, svc scopedService, p port, at netip.Addr) *diverted {
	if d := s.divertedByName(c, svc, p); d != nil || p.family() != FamilyHTTP && p.family() != FamilyUnspecified {
		return d
	}
	for _, own := range r.mayShare(s) {
		to, ok := s.serviceFor(c.client, own.host)
		if !ok || to.ref != own.ref || own.host == svc.host || !own.takesRequests(c.number) {
			continue
		}
		hops := []hop{s.directHop(c.client, to, c.number, "", FamilyHTTP)}
		byChance := false
		if !strings.EqualFold(own.host, svc.host) {
			if !slices.Contains(singleAddresses(own.addresses()), at) {
				continue
			}
			hops = s.hops(c.client, own.host, c.number)
			byChance = s.leavesMesh(svc.service) && !s.hasAddressFirst(c, own.host)
		}
		for _, h := range hops {
			if d := s.divertedByHop(c, svc, h); d != nil && d.diversion != nil {
				d.cause, d.diversion.Name, d.diversion.ByChance = CauseOtherName, c.name, byChance
				return d
			}
		}
	}
	return nil
}

// mayShare returns the services that may take requests for an address of another: those of the entry under review, as it is in s,
// or those that the routes under review are for, by their hosts.
func (r *divertedReview) mayShare(s *Snapshot) []*service {
	if o := s.Get(r.reviewed().Ref); o != nil && o.Kind == KindServiceEntry {
		return s.settings.servicesOf(o)
	}
	var list []*service
	for _, known := range slices.Sorted(maps.Keys(r.sharing)) {
		list = append(list, r.sharing[known]...)
	}
	return list
}

// hasAddressFirst reports whether requests whose Host is an address go for certain to the virtual host of one of the hosts that have
// it, and not to that of c. Those for which a VirtualService has HTTP routes go first, as their VirtualServices go; the others in the
// order of a Go map (pilot/pkg/networking/core/route/route.go BuildSidecarVirtualHostWrapper).
func (s *Snapshot) hasAddressFirst(c asked, name string) bool {
	for _, l := range s.egressListeners(c.client) {
		own, victims := s.firstForRequests(c, name, l), s.firstForRequests(c, c.host, l)
		if own != nil && (victims == nil || own.compareRank(victims, c.client.Namespace) < 0) {
			return true
		}
	}
	return false
}

// firstForRequests returns the first VirtualService with HTTP routes for a host; nil where there is none.
func (s *Snapshot) firstForRequests(c asked, name string, l egressListener) *virtualService {
	r := matchContext{gateway: meshGateway, host: name, port: c.number, client: c.client}
	for _, v := range s.virtualServicesForRequests(s.selectVirtualServices(c.client, name, l), name, r, l) {
		if len(v.spec.Http) > 0 {
			return v
		}
	}
	return nil
}

// takesRequests reports whether a service has a port for requests.
func (svc *service) takesRequests(number uint32) bool {
	p, has := svc.port(number)
	return has && (p.family() == FamilyHTTP || p.family() == FamilyUnspecified)
}

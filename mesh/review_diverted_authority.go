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
	claims := map[uint32]addressSet{}
	for _, own := range list {
		if own.entry == nil {
			continue // no two Services have an address in common
		}
		for _, known := range r.after.hostsInAnyCase(own.host) {
			if known != own.host {
				r.victimByAddresses(known, r.after.callAddresses(known))
			}
		}
		for _, p := range own.ports {
			if !own.takesRequests(p.number) {
				continue
			}
			if claims[p.number] == nil {
				claims[p.number] = addressSet{}
			}
			for _, at := range singleAddresses(own.addresses()) {
				claims[p.number][at] = true
			}
		}
	}
	for _, number := range slices.Sorted(maps.Keys(claims)) {
		r.victimsAt(claims[number], number)
	}
}

// addressSet is a set of addresses.
type addressSet map[netip.Addr]bool

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

// divertedByAddress returns what takes requests whose Host is an address of a service: a VirtualService for that, or the entry under
// review.
func (r *divertedReview) divertedByAddress(s *Snapshot, c asked, svc scopedService, p port, at netip.Addr) *diverted {
	if d := s.divertedByName(c, svc, p); d != nil || p.family() != FamilyHTTP && p.family() != FamilyUnspecified {
		return d
	}
	o := s.Get(r.reviewed().Ref)
	if o == nil || o.Kind != KindServiceEntry {
		return nil
	}
	for _, own := range s.settings.servicesOf(o) {
		to, ok := s.serviceFor(c.client, own.host)
		if !ok || to.ref != own.ref || own.host == svc.host || !own.takesRequests(c.number) {
			continue
		}
		if !strings.EqualFold(own.host, svc.host) && (s.leavesMesh(svc.service) || !slices.Contains(singleAddresses(own.addresses()), at)) {
			continue // of entries outside that share an address on purpose, each has its own name
		}
		h := s.directHop(c.client, to, c.number, "", FamilyHTTP)
		if d := s.divertedByHop(c, svc, h); d != nil && d.diversion != nil {
			d.cause, d.diversion.Name = CauseOtherName, c.name
			return d
		}
	}
	return nil
}

// takesRequests reports whether a service has a port for requests.
func (svc *service) takesRequests(number uint32) bool {
	p, has := svc.port(number)
	return has && (p.family() == FamilyHTTP || p.family() == FamilyUnspecified)
}

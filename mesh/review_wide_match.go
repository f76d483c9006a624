package mesh

import (
	"fmt"
	"math"
	"net/netip"
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// wideMatches returns the matches of an object's tls and tcp routes for which sidecars have a filter chain that takes connections of other
// hosts on the port, whoever these are of: one without a server name, which is for all bytes, and one for addresses that none of the
// route's own hosts declares. Envoy asks for the address before it asks what the connection is, so that requests to such an
// address no longer come to the chain of all requests, and pass on as they are:
//
//	kind: ServiceEntry                                       kind: VirtualService
//	spec:                                                    spec:
//	  hosts: [own.example]                                     hosts: [own.example]
//	  ports: [{number: 80, name: tls, protocol: TLS}]          tls:
//	  resolution: DNS                                          - match: [{sniHosts: [own.example], destinationSubnets: [0.0.0.0/1, 128.0.0.0/1]}]
//
// For an entry it returns the ports on which a route that was there does so. An update that leaves the spec alone has none.
func (s *Snapshot) wideMatches(object, stored *Object) []OutsideModel {
	if stored != nil && sameSpec(object, stored) {
		return nil
	}
	var found []OutsideModel
	at := map[string]int{} // of a match for several ports, each once
	add := func(field string, plaintext bool) {
		i, known := at[field]
		if !known {
			i, at[field] = len(found), len(found)
			found = append(found, OutsideModel{Field: field, Means: MeansWideMatch})
		}
		found[i].StartsPlaintext = found[i].StartsPlaintext || plaintext
	}
	if entry, ok := object.Spec.(*networking.ServiceEntry); ok {
		taken := s.portsTakenWide(entry.Hosts)
		for i, p := range entry.Ports {
			if plaintext, is := taken[p.GetNumber()]; is {
				add(fmt.Sprintf("spec.ports[%d]", i), plaintext)
			}
		}
	}
	for _, v := range s.virtualServicesOf(object) {
		for i, m := range s.wideMatchesOf(v) {
			add(m.field, i == maxWideMatches || s.takesOthers(v, m))
		}
	}
	return append(found, s.waitingMatches(object)...)
}

// portsTakenWide returns the ports on which routes for hosts take connections of others, and whether these leave in plaintext by that.
func (s *Snapshot) portsTakenWide(hosts []string) map[uint32]bool {
	taken, seen := map[uint32]bool{}, map[*virtualService]bool{}
	for _, name := range hosts {
		for _, v := range s.virtualServicesForHost(name) {
			if seen[v] {
				continue
			}
			seen[v] = true
			for i, m := range s.wideMatchesOf(v) {
				taken[m.number] = taken[m.number] || i == maxWideMatches || s.takesOthers(v, m)
			}
		}
	}
	return taken
}

// maxWideMatches is how many of a VirtualService's wide matches are held against the others of their ports. One more counts as taking them.
const maxWideMatches = 16

// wideMatch is a match that takes connections of others on a port: to ranges that are nobody's of its route's hosts, or, where there
// are none, all bytes.
type wideMatch struct {
	field  string
	number uint32
	ranges map[netip.Prefix]bool
}

// wideMatchesOf returns those of a VirtualService in the mesh. Of a route of the Gateway API it is the route's hostnames that
// are none, where Istio drops them all: those that are not for the host of its parent.
func (s *Snapshot) wideMatchesOf(v *virtualService) []wideMatch {
	found, _ := s.wideMatchesWithin(v, math.MaxInt)
	return found
}

// wideMatchesWithin is wideMatchesOf with at most so many ranges, and services of v's hosts, looked at. looked is how many were: where it is
// more, there is no answer.
func (s *Snapshot) wideMatchesWithin(v *virtualService, limit int) (found []wideMatch, looked int) {
	if !slices.Contains(v.gateways, meshGateway) {
		return nil, 1
	}
	w := wideMatcher{Snapshot: s, v: v, limit: limit, looked: 1 + matchedRanges(v.spec)}
	if w.looked > w.limit {
		return nil, w.looked
	}
	for i, route := range v.spec.Tls {
		for j, m := range route.GetMatch() {
			if len(route.GetRoute()) == 0 || !matchesGateway(m.GetGateways(), v.Namespace, meshGateway) {
				continue // no filter chain of a sidecar
			}
			field := fmt.Sprintf("spec.tls[%d].match[%d].", i, j)
			switch names := m.GetSniHosts(); {
			case slices.Contains(names, "*"):
				w.add(field+"sniHosts", m.GetPort(), []Family{FamilyTLS}, anyBytes)
			case len(names) == 0 && len(v.sources) > 0:
				w.add("spec.hostnames", m.GetPort(), []Family{FamilyTLS}, anyBytes)
			}
			w.addRanges(field, m.GetPort(), m.GetDestinationSubnets(), FamilyTLS)
		}
	}
	for i, route := range v.spec.Tcp {
		for j, m := range route.GetMatch() {
			if len(route.GetRoute()) > 0 && matchesGateway(m.GetGateways(), v.Namespace, meshGateway) {
				w.addRanges(fmt.Sprintf("spec.tcp[%d].match[%d].", i, j), m.GetPort(), m.GetDestinationSubnets(), FamilyOpaque, FamilyUnspecified)
			}
		}
	}
	return w.found, w.looked
}

// wideMatcher finds the wide matches of a VirtualService.
type wideMatcher struct {
	*Snapshot
	v     *virtualService
	found []wideMatch
	// services are those of its hosts; alike has, by port, a text that is the same where the same of them have it for addresses,
	// and declared, by that text, which these are. All are nil until something asks for them.
	services []*service
	alike    map[uint32]string
	declared map[string]map[netip.Prefix]bool
	// looked is how many ranges and services were looked at, of limit.
	looked, limit int
}

func (w *wideMatcher) look() {
	if w.declared != nil {
		return
	}
	w.alike, w.declared = map[uint32]string{}, map[string]map[netip.Prefix]bool{}
	for _, name := range w.v.hosts {
		for _, services := range w.hostsCoveredBy(name) {
			if w.looked += len(services); w.looked > w.limit {
				return
			}
			w.services = append(w.services, services...)
		}
	}
	having := map[uint32][]int{}
	for i, svc := range w.services {
		for _, p := range svc.ports {
			if len(svc.listenerAddresses(p)) > 0 {
				having[p.number] = append(having[p.number], i)
			}
		}
	}
	for number, of := range having {
		key := fmt.Sprint(of)
		if w.alike[number] = key; w.declared[key] == nil {
			w.declared[key] = w.declaredBy(of)
		}
	}
}

// declaredBy returns the addresses of some of the services that are conditions of filter chains, or have listeners. Nobody holds an entry to
// be for others, and so a route must not make it so.
func (w *wideMatcher) declaredBy(of []int) map[netip.Prefix]bool {
	declared := map[netip.Prefix]bool{}
	for _, i := range of {
		for _, at := range slices.Concat(w.services[i].addresses(), w.services[i].allocated) {
			if w.looked++; isMatched(at) {
				declared[at.Masked()] = true
			}
		}
	}
	return declared
}

// addRanges adds a match by its ranges, for the ports on which any of them is not declared, or, where none of them becomes a condition, for
// those on which its host has bytes of a range alone.
func (w *wideMatcher) addRanges(field string, only uint32, ranges []string, families ...Family) {
	if len(ranges) == 0 {
		return
	}
	asked := map[netip.Prefix]bool{}
	for _, text := range ranges {
		if prefix, ok := parseAddresses(text); ok && isMatched(prefix) {
			asked[prefix.Masked()] = true
		}
	}
	undeclared := map[string]map[netip.Prefix]bool{} // by what alike has
	w.add(field+"destinationSubnets", only, families, func(svc *service, p port) (map[netip.Prefix]bool, bool) {
		if len(asked) == 0 {
			return nil, p.family() != FamilyTLS && len(svc.addresses()) > 0 && !isFallback(svc, p.number) && w.sharesListener(svc, p.number)
		}
		key := w.alike[p.number]
		if undeclared[key] == nil {
			w.looked += len(asked)
			undeclared[key] = notWithin(asked, w.declared[key])
		}
		return undeclared[key], len(undeclared[key]) > 0
	})
}

// notWithin returns which of some ranges are within none of others.
func notWithin(asked, ranges map[netip.Prefix]bool) map[netip.Prefix]bool {
	list := map[netip.Prefix]bool{}
	for prefix := range asked {
		if !isWithin(prefix, ranges) {
			list[prefix] = true
		}
	}
	return list
}

// anyBytes is of a match without ranges.
func anyBytes(*service, port) (ranges map[netip.Prefix]bool, wide bool) { return nil, true }

// add adds a match for each port of the services of the hosts that is for bytes of one of the families, or for the one that it names: with the
// ranges that its function returns, where it is wide there.
func (w *wideMatcher) add(field string, only uint32, families []Family, onPort func(*service, port) (ranges map[netip.Prefix]bool, wide bool)) {
	w.look()
	if w.looked += len(w.services); w.looked > w.limit {
		return
	}
	seen := map[uint32]bool{}
	for _, svc := range w.services {
		for _, p := range svc.ports {
			if len(w.found) > maxWideMatches || only != 0 && only != p.number || !slices.Contains(families, p.family()) || seen[p.number] {
				continue
			}
			if ranges, wide := onPort(svc, p); wide {
				seen[p.number] = true
				w.found = append(w.found, wideMatch{field, p.number, ranges})
			}
		}
	}
}

// isWithin reports whether a range is within one of a set.
func isWithin(asked netip.Prefix, ranges map[netip.Prefix]bool) bool {
	for bits := 0; bits <= asked.Bits(); bits++ {
		if p, err := asked.Addr().Prefix(bits); err == nil && ranges[p] {
			return true
		}
	}
	return false
}

// takesOthers reports whether a match takes connections that leave in plaintext by that: to hosts whose addresses it has, or to others outside,
// which may have any. What is TLS stays so. Where single servers' addresses are matched for clients of its own namespace alone, or none outside,
// nobody but DNS could tell of these others, and nothing is refused.
func (s *Snapshot) takesOthers(v *virtualService, m wideMatch) bool {
	mayBeAny := s.mayTakeAny(v, m)
	for _, svc := range s.ports.Prefix(portKey(portScope, m.number)) {
		if s.takesFrom(v, m, svc, mayBeAny) {
			return true
		}
	}
	return false
}

// mayTakeAny reports whether a match may take connections of any host outside.
func (s *Snapshot) mayTakeAny(v *virtualService, m wideMatch) bool {
	return m.ranges == nil || !s.isOwnAlone(v, m) && !s.isInternalAlone(m)
}

// takesFrom is takesOthers for one service.
func (s *Snapshot) takesFrom(v *virtualService, m wideMatch, svc *service, mayBeAny bool) bool {
	p, has := svc.port(m.number)
	family := p.family()
	if !has || family == FamilyTLS || family == FamilyUDP || family == FamilyHTTP && m.ranges == nil || host.AnyCovers(v.hosts, svc.host) {
		return false
	}
	leaves := s.leavesMesh(svc)
	return leaves && mayBeAny || (leaves || s.sharesListener(svc, m.number)) && s.hasAddressIn(svc, m)
}

// hasAddressIn reports whether an address of a service, or of a server of it, is in a match's ranges.
func (s *Snapshot) hasAddressIn(svc *service, m wideMatch) bool {
	return slices.ContainsFunc(svc.addresses(), func(at netip.Prefix) bool { return isWithin(at, m.ranges) }) ||
		slices.ContainsFunc(s.endpointAddresses(svc, m.number), func(at netip.Addr) bool { return isWithin(netip.PrefixFrom(at, at.BitLen()), m.ranges) })
}

// isOwnAlone reports whether a match is for single servers, and for clients of its route's own namespace alone.
func (s *Snapshot) isOwnAlone(v *virtualService, m wideMatch) bool {
	for r := range m.ranges {
		if r.Bits() < wideBits(r.Addr()) {
			return false
		}
	}
	return len(v.exportTo) > 0 && !slices.ContainsFunc(v.exportTo, func(to string) bool { return to != "." && to != v.Namespace })
}

// isInternalAlone reports whether all addresses of a match are inside the mesh, where no server outside has one.
func (s *Snapshot) isInternalAlone(m wideMatch) bool {
	inside := map[netip.Prefix]bool{}
	for _, p := range s.settings.internal() {
		inside[p.Masked()] = true
	}
	for r := range m.ranges {
		if !isWithin(r, inside) {
			return false
		}
	}
	return true
}

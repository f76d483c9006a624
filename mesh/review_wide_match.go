package mesh

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

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
// Where no other host outside has the port there is nothing to take, nor is there for an update that leaves the spec alone.
func (s *Snapshot) wideMatches(object, stored *Object) []OutsideModel {
	if stored != nil && sameSpec(object, stored) {
		return nil
	}
	var found []OutsideModel
	if entry, ok := object.Spec.(*networking.ServiceEntry); ok {
		for i, p := range entry.Ports {
			if s.isTakenWide(entry.Hosts, p.GetNumber()) {
				found = append(found, OutsideModel{Field: fmt.Sprintf("spec.ports[%d]", i), StartsPlaintext: true, Means: MeansWideMatch})
			}
		}
		return found
	}
	seen := map[string]bool{}
	for _, v := range s.virtualServicesOf(object) {
		for _, c := range s.wideMatchesOf(v) {
			if !seen[c.field] && (c.number == 0 || s.isOthersPort(v.hosts, c.number)) {
				seen[c.field] = true
				found = append(found, OutsideModel{Field: c.field, StartsPlaintext: true, Means: MeansWideMatch})
			}
		}
	}
	return found
}

// isTakenWide reports whether a route for one of the hosts of an entry takes connections of others on a port.
func (s *Snapshot) isTakenWide(hosts []string, number uint32) bool {
	for _, name := range hosts {
		for _, v := range s.virtualServices.Prefix(byHost + strings.ToLower(name) + "\x00") {
			if slices.ContainsFunc(s.wideMatchesOf(v), func(c wideMatch) bool { return c.number == number }) && s.isOthersPort(v.hosts, number) {
				return true
			}
		}
	}
	return false
}

// wideMatch is a match that takes connections of others on a port; 0 stands for any.
type wideMatch struct {
	field  string
	number uint32
}

// wideMatchesOf returns those of a VirtualService in the mesh. Of a route of the Gateway API it is the route's hostnames that
// are none, where Istio drops them all: those that are not for the host of its parent.
func (s *Snapshot) wideMatchesOf(v *virtualService) []wideMatch {
	if !slices.Contains(v.gateways, meshGateway) || len(v.spec.Tls)+len(v.spec.Tcp) == 0 {
		return nil
	}
	var list []wideMatch
	add := func(field string, port uint32, family ...Family) {
		for _, number := range s.portsOfHosts(v.hosts, port, family...) {
			list = append(list, wideMatch{field, number})
		}
	}
	declared := s.addressesOfHosts(v.hosts)
	for i, route := range v.spec.Tls {
		for j, m := range route.GetMatch() {
			field := fmt.Sprintf("spec.tls[%d].match[%d].", i, j)
			switch names := m.GetSniHosts(); {
			case slices.Contains(names, "*"):
				add(field+"sniHosts", m.GetPort(), FamilyTLS)
			case len(names) == 0 && len(v.sources) > 0:
				add("spec.hostnames", m.GetPort(), FamilyTLS)
			}
			if !areWithin(m.GetDestinationSubnets(), declared) {
				add(field+"destinationSubnets", m.GetPort(), FamilyTLS)
			}
		}
	}
	for i, route := range v.spec.Tcp {
		for j, m := range route.GetMatch() {
			if !areWithin(m.GetDestinationSubnets(), declared) {
				add(fmt.Sprintf("spec.tcp[%d].match[%d].destinationSubnets", i, j), m.GetPort(), FamilyOpaque, FamilyUnspecified)
			}
		}
	}
	return list
}

// portsOfHosts returns the ports of the services of hosts for bytes of one of the families, the one that a match names alone if it
// names one. A wildcard has any, which is 0, where no match names one.
func (s *Snapshot) portsOfHosts(hosts []string, only uint32, families ...Family) []uint32 {
	var list []uint32
	for _, name := range hosts {
		services := s.services.At(name)
		if len(services) == 0 && host.IsWildcard(name) {
			list = append(list, only)
		}
		for _, svc := range services {
			for _, p := range svc.ports {
				if (only == 0 || only == p.number) && slices.Contains(families, p.family()) {
					list = append(list, p.number)
				}
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// addressesOfHosts returns the addresses that the services of hosts declare.
func (s *Snapshot) addressesOfHosts(hosts []string) []netip.Prefix {
	var list []netip.Prefix
	for _, name := range hosts {
		for _, svc := range s.services.At(name) {
			list = append(append(list, svc.addresses()...), svc.allocated...)
		}
	}
	return list
}

// areWithin reports whether all ranges are of what is declared. What is no range counts as if it were.
func areWithin(ranges []string, declared []netip.Prefix) bool {
	for _, text := range ranges {
		asked, ok := parseAddresses(text)
		if ok && asked.Bits() > 0 && !slices.ContainsFunc(declared, func(d netip.Prefix) bool { return d.Bits() <= asked.Bits() && d.Contains(asked.Addr()) }) {
			return false
		}
	}
	return true
}

// isOthersPort reports whether a host outside the mesh other than some has a port.
func (s *Snapshot) isOthersPort(hosts []string, number uint32) bool {
	for _, svc := range s.ports.Prefix(portKey(portScope, number)) {
		if !slices.Contains(hosts, svc.host) && s.leavesMesh(svc) {
			return true
		}
	}
	return false
}

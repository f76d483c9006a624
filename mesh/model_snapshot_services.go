package mesh

import (
	"iter"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// addService adds a service to the registry of s, which nobody else sees yet.
func (s *Snapshot) addService(svc *service) {
	list := append(slices.Clip(s.services.At(svc.host)), svc)
	slices.SortFunc(list, olderService)
	s.services = s.services.Set(svc.host, list)
	s.hostsByDomain = s.hostsByDomain.Set(host.Reversed(svc.host), svc.host)
	s.hostsByLowerCase = s.hostsByLowerCase.Set(strings.ToLower(svc.host)+"\x00"+svc.host, svc.host)
	for _, p := range svc.ports {
		for key := range portKeys(svc, p) {
			s.ports = s.ports.Set(key, svc)
		}
	}
	if svc.alias {
		s.aliases = s.aliases.Set(resolvedName(svc.externalName)+"\x00"+svc.host, svc.host)
	}
}

// removeService removes a service from the registry of s, which nobody else sees yet.
func (s *Snapshot) removeService(svc *service) {
	if svc.alias {
		s.aliases = s.aliases.Remove(resolvedName(svc.externalName) + "\x00" + svc.host)
	}
	for _, p := range svc.ports {
		for key := range portKeys(svc, p) {
			s.ports = s.ports.Remove(key)
		}
	}
	list := slices.DeleteFunc(slices.Clone(s.services.At(svc.host)), func(have *service) bool { return have.ref == svc.ref })
	if len(list) > 0 {
		s.services = s.services.Set(svc.host, list)
		return
	}
	s.services = s.services.Remove(svc.host)
	s.hostsByDomain = s.hostsByDomain.Remove(host.Reversed(svc.host))
	s.hostsByLowerCase = s.hostsByLowerCase.Remove(strings.ToLower(svc.host) + "\x00" + svc.host)
}

// hostsInAnyCase returns the known hosts that are a name in lower case.
func (s *Snapshot) hostsInAnyCase(name string) []string {
	var list []string
	for _, known := range s.hostsByLowerCase.Prefix(strings.ToLower(name) + "\x00") {
		list = append(list, known)
	}
	return list
}

// otherCasesOf returns hostsInAnyCase for n hosts, but for those that no other known host differs from in case alone: where they are
// many, all hosts are gone over once.
func (s *Snapshot) otherCasesOf(n int) func(name string) []string {
	if n*lookupCost < s.hostsByLowerCase.Len() {
		return s.hostsInAnyCase
	}
	several := map[string][]string{}
	before, beforeLower := "", ""
	for _, known := range s.hostsByLowerCase.Prefix("") {
		lower := strings.ToLower(known)
		if lower == beforeLower && before != "" {
			if several[lower] == nil {
				several[lower] = []string{before}
			}
			several[lower] = append(several[lower], known)
		}
		before, beforeLower = known, lower
	}
	return func(name string) []string {
		if len(several) == 0 {
			return nil
		}
		return several[strings.ToLower(name)]
	}
}

// lookupCost is what finding a host takes, against a step from one to the next.
const lookupCost = 16

// hostsCoveredBy returns an iterator over the known hosts that a host of a rule or route covers, by their reversed names.
func (s *Snapshot) hostsCoveredBy(hostname string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !host.IsWildcard(hostname) {
			if _, known := s.services.Get(hostname); known {
				yield(hostname)
			}
			return
		}
		for _, known := range s.hostsByDomain.Prefix(host.Reversed(hostname[1:])) {
			if !yield(known) {
				return
			}
		}
	}
}

// Hosts returns the known hosts that a host of a rule or route covers, in a stable order.
func (s *Snapshot) Hosts(host string) []string { return slices.Collect(s.hostsCoveredBy(host)) }

// HostsOf returns the hosts that a ServiceEntry declares, or the known ones that a DestinationRule governs.
func (s *Snapshot) HostsOf(o *Object) []string {
	switch spec := o.Spec.(type) {
	case *networking.ServiceEntry:
		return spec.Hosts
	case *networking.DestinationRule:
		return s.Hosts(s.settings.qualify(spec.Host, o.Namespace))
	case *BackendTLSPolicy:
		var hosts []string
		for _, pattern := range s.hostsOfTargets(o) {
			hosts = append(hosts, s.Hosts(pattern)...)
		}
		return hosts
	}
	return nil
}

// Ports returns the ports of all services of a host, ascending.
func (s *Snapshot) Ports(host string) []uint32 {
	var list []uint32
	for _, svc := range s.services.At(host) {
		for _, p := range svc.ports {
			list = append(list, p.number)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

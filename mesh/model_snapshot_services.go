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
	s.setServices(svc.host, list)
	for _, p := range svc.ports {
		for key := range portKeys(svc, p) {
			s.ports = s.ports.Set(key, svc)
		}
	}
	if svc.alias {
		s.aliases = s.aliases.Set(resolvedName(svc.externalName)+"\x00"+svc.host, svc.host)
	}
}

// setServices sets the services of a host in s, which nobody else sees yet.
func (s *Snapshot) setServices(hostname string, list []*service) {
	s.services = s.services.Set(hostname, list)
	s.servicesByDomain = s.servicesByDomain.Set(domainKey(hostname), list)
}

// domainKey returns the key of a host by which those of one domain lie side by side, and those that differ in case alone.
func domainKey(hostname string) string {
	return host.Reversed(strings.ToLower(hostname)) + "\x00" + hostname
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
		s.setServices(svc.host, list)
		return
	}
	s.services = s.services.Remove(svc.host)
	s.servicesByDomain = s.servicesByDomain.Remove(domainKey(svc.host))
}

// hostsInAnyCase returns the known hosts that are a name in lower case.
func (s *Snapshot) hostsInAnyCase(name string) []string {
	var list []string
	for _, services := range s.servicesByDomain.Prefix(host.Reversed(strings.ToLower(name)) + "\x00") {
		list = append(list, services[0].host)
	}
	return list
}

// otherCasesOf returns hostsInAnyCase for n hosts, but for those that no other known host differs from in case alone: where they are
// many, all hosts are gone over once.
func (s *Snapshot) otherCasesOf(n int) func(name string) []string {
	if n*lookupCost < s.servicesByDomain.Len() {
		return s.hostsInAnyCase
	}
	several := map[string][]string{}
	before, beforeLower := "", ""
	for _, services := range s.servicesByDomain.Prefix("") {
		known := services[0].host
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

// hostsCoveredBy returns an iterator over the known hosts that a host of a rule or route covers, by domainKey, with their services.
func (s *Snapshot) hostsCoveredBy(hostname string) iter.Seq2[string, []*service] {
	return func(yield func(string, []*service) bool) {
		if !host.IsWildcard(hostname) {
			if services, known := s.services.Get(hostname); known {
				yield(hostname, services)
			}
			return
		}
		for known, services := range s.hostsBelow(hostname) {
			if strings.HasSuffix(known, hostname[1:]) && !yield(known, services) {
				return
			}
		}
	}
}

// hostsBelow returns an iterator over the known hosts, with their services, that a wildcard covers if case does not count.
func (s *Snapshot) hostsBelow(wildcard string) iter.Seq2[string, []*service] {
	return func(yield func(string, []*service) bool) {
		for _, services := range s.servicesByDomain.Prefix(host.Reversed(strings.ToLower(wildcard[1:]))) {
			if !yield(services[0].host, services) {
				return
			}
		}
	}
}

// withServices returns an iterator over hosts with their services.
func (s *Snapshot) withServices(hosts []string) iter.Seq2[string, []*service] {
	return func(yield func(string, []*service) bool) {
		for _, known := range hosts {
			if !yield(known, s.services.At(known)) {
				return
			}
		}
	}
}

// Hosts returns the known hosts that a host of a rule or route covers, in a stable order.
func (s *Snapshot) Hosts(host string) []string {
	var list []string
	for known := range s.hostsCoveredBy(host) {
		list = append(list, known)
	}
	return list
}

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

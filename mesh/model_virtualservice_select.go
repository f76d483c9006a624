package mesh

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// selectVirtualServices returns the VirtualServices for sidecars that a client's listener imports and that have a
// host that matches host: private before exported before public ones, of each first the compareConsumer of the client's namespace,
// then the oldest (pilot/pkg/model/virtualservice.go SelectVirtualServices).
func (s *Snapshot) selectVirtualServices(client Client, host string, l egressListener) []*virtualService {
	return s.selectAmong(s.virtualServicesForHost(host), client, l)
}

// selectVirtualServicesNaming returns those of selectVirtualServices that have host itself, in any case.
func (s *Snapshot) selectVirtualServicesNaming(client Client, host string, l egressListener) []*virtualService {
	return s.selectAmong(s.virtualServicesNaming(nil, host), client, l)
}

// selectAmong returns those of list, which it changes, that selectVirtualServices returns.
func (s *Snapshot) selectAmong(list []*virtualService, client Client, l egressListener) []*virtualService {
	if len(list) == 0 {
		return nil
	}
	limited := s.sidecarFor(client) != nil
	list = slices.DeleteFunc(list, func(v *virtualService) bool {
		return !slices.Contains(v.gateways, meshGateway) || !visible(v.exportTo, v.Namespace, client.Namespace) ||
			limited && !l.importsVirtualService(v, client.Namespace)
	})
	slices.SortFunc(list, func(a, b *virtualService) int { return a.compareRank(b, client.Namespace) })
	return slices.Compact(list)
}

// compareRank returns the order in which the sidecars of a namespace have two VirtualServices: see selectVirtualServices.
func (v *virtualService) compareRank(other *virtualService, namespace string) int {
	return cmp.Or(cmp.Compare(v.exportRank(namespace), other.exportRank(namespace)),
		v.compareConsumer(other, namespace), v.compareAge(other))
}

// virtualServicesForHost returns the VirtualServices with a host that covers host or, where host is a wildcard, is
// covered by it. It may return one twice.
func (s *Snapshot) virtualServicesForHost(hostname string) []*virtualService {
	var list []*virtualService
	for _, pattern := range s.virtualServiceHostsCovering(hostname) {
		list = s.virtualServicesNaming(list, pattern)
	}
	if host.IsWildcard(hostname) {
		for _, v := range s.virtualServices.Prefix(byDomain + host.Reversed(strings.ToLower(hostname[1:]))) {
			list = append(list, v)
		}
	}
	return list
}

// virtualServicesNaming appends the VirtualServices that have a host, in any case.
func (s *Snapshot) virtualServicesNaming(to []*virtualService, hostname string) []*virtualService {
	for _, v := range s.virtualServices.Prefix(byHost + strings.ToLower(hostname) + "\x00") {
		to = append(to, v)
	}
	return to
}

// virtualServicesWithDestination returns the VirtualServices whose routes, or whose delegates' routes, have host as a
// destination.
func (s *Snapshot) virtualServicesWithDestination(host string) []*virtualService {
	var list []*virtualService
	for _, v := range s.virtualServices.Prefix(byDestination + host + "\x00") {
		if len(v.hosts) > 0 {
			list = append(list, v)
			continue
		}
		for _, root := range s.virtualServices.Prefix(byDelegate + v.key() + "\x00") {
			list = append(list, root)
		}
	}
	return list
}

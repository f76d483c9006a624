package mesh

import (
	"cmp"
	"slices"
)

// virtualServicesForGateway returns the VirtualServices for host that are bound to a gateway and seen from its namespace: an exact host
// before wildcards, private before exported before public ones, the oldest first.
func (s *Snapshot) virtualServicesForGateway(gateway, namespace, host string) []*virtualService {
	var list []*virtualService
	for _, pattern := range s.virtualServiceHostsCovering(host) {
		start := len(list)
		for _, v := range s.virtualServices.Prefix(byHost + pattern + "\x00") {
			if slices.Contains(v.gateways, gateway) && visible(v.spec.ExportTo, v.Namespace, namespace) {
				list = append(list, v)
			}
		}
		slices.SortStableFunc(list[start:], func(a, b *virtualService) int {
			return cmp.Or(cmp.Compare(a.exportRank(namespace), b.exportRank(namespace)), a.compareAge(b))
		})
	}
	return list
}

// gatewayVirtualServicesForHost returns the VirtualServices that may bind gateways to host. A
// VirtualService for the same host is where nearly all of them are found.
func (s *Snapshot) gatewayVirtualServicesForHost(host string) []*virtualService {
	var list []*virtualService
	for _, pattern := range s.virtualServiceHostsCovering(host) {
		for _, v := range s.virtualServices.Prefix(byHost + pattern + "\x00") {
			if v.bindsGateway() {
				list = append(list, v)
			}
		}
	}
	slices.SortFunc(list, func(a, b *virtualService) int { return cmp.Compare(a.key(), b.key()) })
	return slices.Compact(list)
}

// gatewayVirtualServicesWithTCP returns the VirtualServices with tcp routes that are bound to a gateway and seen from its namespace.
func (s *Snapshot) gatewayVirtualServicesWithTCP(gateway, namespace string) []*virtualService {
	var list []*virtualService
	for _, v := range s.virtualServices.Prefix(byGateway + gateway + "\x00") {
		if len(v.spec.Tcp) > 0 && visible(v.spec.ExportTo, v.Namespace, namespace) {
			list = append(list, v)
		}
	}
	return sortVirtualServices(list, namespace)
}

// gatewayVirtualServicesBySNI returns those that have tls routes for a name at servers that pass TLS on, and those with which they clash: such
// as have a name in common with one of them.
func (s *Snapshot) gatewayVirtualServicesBySNI(servers []gatewayServer, namespace, sni string) []*virtualService {
	if !slices.ContainsFunc(servers, gatewayServer.isTLSPassthrough) {
		return nil
	}
	bound := func(gateway string) bool {
		return slices.ContainsFunc(servers, func(srv gatewayServer) bool { return srv.isTLSPassthrough() && srv.gateway == gateway })
	}
	names := []string{"", "*", sni}
	for i := range sni {
		if sni[i] == '.' {
			names = append(names, "*"+sni[i:])
		}
	}
	var list []*virtualService
	asked := map[string]bool{}
	for len(names) > 0 {
		name := names[0]
		if names = names[1:]; asked[name] {
			continue
		}
		asked[name] = true
		for _, v := range s.virtualServices.Prefix(bySNI + name + "\x00") {
			if slices.ContainsFunc(v.gateways, bound) && visible(v.spec.ExportTo, v.Namespace, namespace) {
				list = append(list, v)
				names = slices.AppendSeq(names, v.serverNames())
			}
		}
	}
	return slices.Compact(sortVirtualServices(list, namespace))
}

// gatewayVirtualServicesByName returns those with a host that covers a name.
func (s *Snapshot) gatewayVirtualServicesByName(gateway, namespace, name string) []*virtualService {
	return slices.Compact(sortVirtualServices(s.virtualServicesForGateway(gateway, namespace, name), namespace))
}

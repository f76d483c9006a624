package mesh

import (
	"cmp"
	"slices"
)

// boundWithTCP lists the VirtualServices with tcp routes that are bound to a gateway and seen from its namespace.
func (s *Snapshot) boundWithTCP(gateway, namespace string) []*virtualService {
	var list []*virtualService
	for _, v := range s.routes.prefix(byGateway + gateway + "\x00") {
		if len(v.spec.Tcp) > 0 && visible(v.spec.ExportTo, v.Namespace, namespace) {
			list = append(list, v)
		}
	}
	return sortBound(list, namespace)
}

// boundByName lists those that have tls routes for a name at servers that pass TLS on, and those with which they clash: such
// as have a name in common with one of them.
func (s *Snapshot) boundByName(servers []gatewayServer, namespace, sni string) []*virtualService {
	if !slices.ContainsFunc(servers, gatewayServer.passthrough) {
		return nil
	}
	bound := func(gateway string) bool {
		return slices.ContainsFunc(servers, func(srv gatewayServer) bool { return srv.passthrough() && srv.gateway == gateway })
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
		for _, v := range s.routes.prefix(bySNI + name + "\x00") {
			if slices.ContainsFunc(v.gateways, bound) && visible(v.spec.ExportTo, v.Namespace, namespace) {
				list = append(list, v)
				names = slices.AppendSeq(names, v.serverNames())
			}
		}
	}
	return slices.Compact(sortBound(list, namespace))
}

// boundFor lists those with a host that covers a name.
func (s *Snapshot) boundFor(gateway, namespace, name string) []*virtualService {
	return slices.Compact(sortBound(s.routesFor(gateway, namespace, name), namespace))
}

// sortBound gives Istio's order (pilot/pkg/model/push_context.go VirtualServicesForGateway).
func sortBound(list []*virtualService, namespace string) []*virtualService {
	slices.SortFunc(list, func(a, b *virtualService) int {
		return cmp.Or(cmp.Compare(a.distance(namespace), b.distance(namespace)), a.compareAge(b))
	})
	return list
}

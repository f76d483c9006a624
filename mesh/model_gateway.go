package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// parseGatewayName returns the Gateway that "namespace/name" names.
func parseGatewayName(name string) Ref {
	namespace, short, _ := strings.Cut(name, "/")
	return Ref{Kind: KindGateway, Namespace: namespace, Name: short}
}

// stripNamespace returns a host of a Gateway's server without its "namespace/".
func stripNamespace(host string) string {
	if _, rest, found := strings.Cut(host, "/"); found {
		return rest
	}
	return host
}

// gatewaysBehind returns the Gateways that configure the pods behind a Service of the cluster.
func (s *Snapshot) gatewaysBehind(host string) []*Object {
	labels, ok := s.podLabelsBehind(host)
	if !ok {
		return nil
	}
	_, namespace, _ := s.settings.parseServiceHost(host)
	list := s.gatewaysSelecting(namespace, labels)
	if !slices.ContainsFunc(list, func(g *Object) bool { return len(gatewaySpec(g).Selector) > 0 }) {
		return nil // nothing says that these are pods of a gateway
	}
	return list
}

// hasGatewayServer reports whether a Gateway has a server that names a host, itself or by a wildcard of its domain.
func (s *Snapshot) hasGatewayServer(name string) bool {
	for g := range s.allGateways() {
		if slices.ContainsFunc(gatewaySpec(g).Servers, func(srv *networking.Server) bool {
			return slices.ContainsFunc(srv.GetHosts(), func(h string) bool {
				h = stripNamespace(h)
				return h != "*" && host.Covers(h, name)
			})
		}) {
			return true
		}
	}
	return false
}

// podLabelsBehind returns the labels of the pods behind a Service of the cluster. Where the Service itself is not known,
// its pods are taken to have those that istiod gives the pods of a Gateway of the Gateway API or, where that is none's, those that
// Istio's own charts set: app is the name, istio the name without "istio-".
func (s *Snapshot) podLabelsBehind(host string) (map[string]string, bool) {
	name, namespace, ok := s.settings.parseServiceHost(host)
	if !ok {
		return nil, false
	}
	if svc := s.Get(Ref{Kind: KindService, Namespace: namespace, Name: name}); svc != nil {
		return svc.Spec.(*Service).Selector, true
	}
	for _, g := range s.gateways.dependent.Prefix(Ref{Kind: KindService, Namespace: namespace, Name: name}.key() + "\x00") {
		if g.Spec.(*KubernetesGateway).isManaged() {
			return map[string]string{gatewayNameLabel: g.Name}, true
		}
	}
	return map[string]string{"app": name, "istio": strings.TrimPrefix(name, "istio-")}, true
}

// routedServicesOf returns the hosts of the Services whose pods a Gateway configures and to which routes lead, ascending.
func (s *Snapshot) routedServicesOf(g *Object) []string {
	var list []string
	selector, last := gatewaySpec(g).Selector, ""
	for key := range s.virtualServices.Prefix(byDestination) {
		host, _, _ := strings.Cut(strings.TrimPrefix(key, byDestination), "\x00")
		if host == last {
			continue
		}
		last = host
		labels, ok := s.podLabelsBehind(host)
		_, namespace, _ := s.settings.parseServiceHost(host)
		if ok && s.settings.gatewayReaches(g, namespace) && selectorMatches(selector, labels) && (len(selector) > 0 || len(s.gatewaysBehind(host)) > 0) {
			list = append(list, host)
		}
	}
	return list
}

// isEgressGateway reports whether host is an egress gateway's Service:
//  1. Gateways select its pods; or
//  2. it is a Service of the cluster that no ServiceEntry declares, and via, the VirtualService that routes there,
//     is bound to a gateway too.
func (s *Snapshot) isEgressGateway(host string, via *virtualService) bool {
	if len(s.gatewaysBehind(host)) > 0 {
		return true
	}
	if _, _, ok := s.settings.parseServiceHost(host); !ok || via == nil || s.isExternal(host) {
		return false
	}
	return via.bindsGateway() && !slices.Contains(via.hosts, host)
}

// serverPorts returns the ports of the Gateways' servers, ascending.
func serverPorts(gateways []*Object) []uint32 {
	var list []uint32 // a few, however many the servers are
	for _, g := range gateways {
		for _, srv := range gatewaySpec(g).Servers {
			number := srv.GetPort().GetNumber()
			if i, known := slices.BinarySearch(list, number); !known {
				list = slices.Insert(list, i, number)
			}
		}
	}
	return list
}

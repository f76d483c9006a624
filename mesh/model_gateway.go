package mesh

import (
	"slices"
	"strings"
)

// parseGatewayName reads "namespace/name".
func parseGatewayName(name string) Ref {
	namespace, short, _ := strings.Cut(name, "/")
	return Ref{Kind: KindGateway, Namespace: namespace, Name: short}
}

// stripNamespace takes the "ns/" off a Gateway server's host.
func stripNamespace(host string) string {
	if _, rest, found := strings.Cut(host, "/"); found {
		return rest
	}
	return host
}

// gatewaysBehind returns the Gateways that configure the pods behind a service of the cluster. Where the Service itself is
// not known, its name tells its labels as Istio's own charts set them: app is the name, istio the name without
// "istio-".
func (s *Snapshot) gatewaysBehind(host string) []*Object {
	name, namespace, ok := s.settings.parseServiceHost(host)
	if !ok {
		return nil
	}
	labels := map[string]string{"app": name, "istio": strings.TrimPrefix(name, "istio-")}
	if svc := s.Get(Ref{Kind: KindService, Namespace: namespace, Name: name}); svc != nil {
		labels = svc.Spec.(*Service).Selector
	}
	list := s.gatewaysSelecting(labels)
	if !slices.ContainsFunc(list, func(g *Object) bool { return len(gatewaySpec(g).Selector) > 0 }) {
		return nil // nothing says that these are pods of a gateway
	}
	return list
}

// isEgressGateway reports whether host is an egress gateway's service: Gateways configure its pods, or the route that
// sends there is itself bound to a gateway and host is a service of the cluster that no ServiceEntry declares.
func (s *Snapshot) isEgressGateway(host string, via *virtualService) bool {
	if len(s.gatewaysBehind(host)) > 0 {
		return true
	}
	if _, _, ok := s.settings.parseServiceHost(host); !ok || via == nil || s.isExternal(host) {
		return false
	}
	return via.bindsGateway() && !slices.Contains(via.hosts, host)
}

// gatewayPort is one port of the gateways behind a service: what it speaks and for which hosts.
type gatewayPort struct {
	protocol Family
	tls      string // the TLS mode; "" for plaintext
	hosts    []string
}

// gatewayPortOf returns what the gateways serve on a port: the servers of one port speak alike, their hosts add up.
func gatewayPortOf(gateways []*Object, number uint32) (found gatewayPort, ok bool) {
	for i, srv := range mergedServersOn(gateways, number) {
		if i == 0 {
			found.protocol = srv.family
			if srv.isTLS() {
				found.tls = srv.tls.Mode.String()
			}
		}
		found.hosts = append(found.hosts, srv.sniHosts()...)
		ok = true
	}
	return found, ok
}

func (srv gatewayPort) isTLSPassthrough() bool {
	return srv.tls == "PASSTHROUGH" || srv.tls == "AUTO_PASSTHROUGH"
}

// payload returns what arrives at a server over the hop, inside the mesh's own TLS.
func (srv gatewayPort) payload() Family {
	if srv.isTLSPassthrough() {
		return FamilyTLS
	}
	if srv.protocol == FamilyTLS {
		return FamilyHTTP
	}
	return srv.protocol
}

func serverPorts(gateways []*Object) []uint32 {
	var list []uint32
	for _, g := range gateways {
		for _, srv := range gatewaySpec(g).Servers {
			list = append(list, srv.GetPort().GetNumber())
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

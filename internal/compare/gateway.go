package compare

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
)

// AtGateway lists the connections that come to a gateway: to each port of its servers, for each name that the servers and the
// VirtualServices bound to them have.
func AtGateway(s *mesh.Snapshot, client mesh.Client) []Connection {
	type arriving struct {
		port          uint32
		protocol, sni string
	}
	seen := map[arriving]bool{}
	var all []Connection
	for o := range s.Objects() {
		gateway, ok := o.Spec.(*networking.Gateway)
		if !ok || !selected(gateway.Selector, client.Labels) {
			continue
		}
		for _, server := range gateway.Servers {
			port := server.GetPort().GetNumber()
			for _, name := range arrivingNames(s, o, server) {
				a := arriving{port: port, protocol: strings.ToUpper(server.GetPort().GetProtocol()), sni: name}
				if seen[a] {
					continue
				}
				seen[a] = true
				if c, ok := atServer(s, client, server, name); ok {
					all = append(all, c)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b Connection) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// selected reports whether labels have all of a selector's; one without any selects everything.
func selected(selector, labels map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return true
}

// atServer returns the connection that comes to a server for a name; ok is false where its first bytes are not those of a name.
func atServer(s *mesh.Snapshot, client mesh.Client, server *networking.Server, name string) (Connection, bool) {
	protocol, number := server.GetPort().GetProtocol(), server.GetPort().GetNumber()
	c := Connection{Host: name, Port: number, Protocol: strings.ToUpper(protocol)}
	c.At = netip.AddrPortFrom(Nowhere, listenerPort(s, client, number))
	request := envoy.Payload{HTTP: &envoy.Request{Host: name}}
	family := mesh.FamilyOf(protocol)
	encrypted := server.GetTls() != nil && !server.GetTls().GetHttpsRedirect()
	passes := server.GetTls().GetMode() == networking.ServerTLSSettings_PASSTHROUGH || server.GetTls().GetMode() == networking.ServerTLSSettings_AUTO_PASSTHROUGH
	hello := &envoy.ClientHello{ServerName: name, ALPN: []string{"h2", "http/1.1"}}
	switch {
	case server.GetTls().GetMode() == networking.ServerTLSSettings_AUTO_PASSTHROUGH:
		return c, false // its names are those of clusters
	case encrypted && passes:
		c.SNI, c.Payload.TLS = name, hello
	case encrypted && (family == mesh.FamilyHTTP || strings.EqualFold(protocol, "HTTPS")):
		hello.Inside = request
		c.SNI, c.Authority, c.Payload.TLS = name, name, hello
	case encrypted:
		hello.ALPN = nil
		c.SNI, c.Payload.TLS = name, hello
	case family == mesh.FamilyHTTP:
		c.Authority, c.Payload = name, request
	}
	return c, true
}

// arrivingNames lists the names for which something may come to a server: its hosts, and those that VirtualServices bound to the
// Gateway have, as far as the server has them.
func arrivingNames(s *mesh.Snapshot, gateway *mesh.Object, server *networking.Server) []string {
	names := map[string]bool{}
	var own []string
	for _, h := range server.GetHosts() {
		if _, rest, found := strings.Cut(h, "/"); found {
			h = rest
		}
		own = append(own, h)
		names[nameBelow(h)] = true
	}
	for o := range s.Objects() {
		v, ok := o.Spec.(*networking.VirtualService)
		if !ok || !bound(v, o.Namespace, gateway) {
			continue
		}
		for _, h := range v.Hosts {
			if covered(own, h) {
				names[nameBelow(h)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func nameBelow(host string) string {
	if host == "*" {
		return "stranger.example.net"
	}
	return named(strings.Replace(host, "*.", "*unnamed.", 1))
}

func covered(hosts []string, name string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool {
		rest, wild := strings.CutPrefix(h, "*")
		return strings.EqualFold(h, name) || wild && strings.HasSuffix(strings.ToLower(name), strings.ToLower(rest))
	})
}

func bound(v *networking.VirtualService, namespace string, gateway *mesh.Object) bool {
	return slices.ContainsFunc(v.Gateways, func(name string) bool {
		if !strings.Contains(name, "/") {
			name = namespace + "/" + name
		}
		return name == gateway.Namespace+"/"+gateway.Name
	})
}

// listenerPort returns the port on which a gateway's pods have the listener of a server's port: that to which their Service leads
// from it (pilot/pkg/networking/core/gateway.go), else itself.
func listenerPort(s *mesh.Snapshot, client mesh.Client, number uint32) uint16 {
	for o := range s.Objects() {
		service, ok := o.Spec.(*mesh.Service)
		if !ok || o.Namespace != client.Namespace || len(service.Selector) == 0 || !selected(service.Selector, client.Labels) {
			continue
		}
		for _, p := range service.Ports {
			if p.Number == number && p.TargetPort != 0 {
				return uint16(p.TargetPort)
			}
		}
	}
	return uint16(number)
}

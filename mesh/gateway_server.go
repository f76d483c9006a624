package mesh

import (
	"cmp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// gatewayServer is one server that the proxy of a gateway's pods has: what comes to a port for certain hosts.
type gatewayServer struct {
	gateway  string // "namespace/name"
	number   uint32
	protocol string // as written
	family   Family
	tls      *networking.ServerTLSSettings
	name     string   // of the port
	hosts    []string // "host" or, for VirtualServices of one namespace, "namespace/host"
}

// newGatewayServer reads a server of a Gateway (pilot/pkg/model/gateway.go sanitizeServerHostNamespace).
func newGatewayServer(g *Object, srv *networking.Server) gatewayServer {
	out := gatewayServer{
		gateway: g.Namespace + "/" + g.Name, number: srv.GetPort().GetNumber(), protocol: srv.GetPort().GetProtocol(),
		family: FamilyOf(srv.GetPort().GetProtocol()), tls: srv.Tls, name: srv.GetPort().GetName(),
	}
	for _, h := range srv.Hosts {
		namespace, host, found := strings.Cut(h, "/")
		switch {
		case h == "*/*":
			out.hosts = []string{"*"} // Istio forgets the others
			return out
		case found && namespace == ".":
			h = g.Namespace + "/" + host
		case found && namespace == "*":
			h = host
		}
		out.hosts = append(out.hosts, h)
	}
	return out
}

func (srv gatewayServer) http() bool { return srv.family == FamilyHTTP }

// encrypted tells whether TLS comes to the server (pkg/config/gateway/gateway.go IsTLSServer).
func (srv gatewayServer) encrypted() bool { return srv.tls != nil && !srv.http() }

// passthrough tells whether TLS is not ended here.
func (srv gatewayServer) passthrough() bool {
	return srv.tls != nil && (srv.tls.Mode == networking.ServerTLSSettings_PASSTHROUGH || srv.automatic())
}

// automatic tells whether TLS goes by its SNI to services of the mesh, past all routes.
func (srv gatewayServer) automatic() bool {
	return srv.tls != nil && srv.tls.Mode == networking.ServerTLSSettings_AUTO_PASSTHROUGH
}

// routesHTTP tells whether the server reads requests: HTTP, or HTTPS of which it ends the TLS.
func (srv gatewayServer) routesHTTP() bool {
	return srv.http() || strings.EqualFold(srv.protocol, "https") && srv.tls != nil && !srv.passthrough()
}

// redirects tells whether requests are answered with where TLS is spoken.
func (srv gatewayServer) redirects() bool { return srv.http() && srv.tls.GetHttpsRedirect() }

// names lists the hosts that the server has for VirtualServices of a namespace (pkg/config/host/names.go
// NamesForNamespace).
func (srv gatewayServer) names(namespace string) []string {
	var list []string
	for _, h := range srv.hosts {
		if where, host, found := strings.Cut(h, "/"); !found {
			list = append(list, h)
		} else if where == namespace || where == "*" {
			list = append(list, host)
		}
	}
	return list
}

// sni lists the names that TLS for the server has.
func (srv gatewayServer) sni() []string {
	var list []string
	for _, h := range srv.hosts {
		list = append(list, stripNamespace(h))
	}
	return list
}

// common lists the hosts that both the server and v are for: of each two the narrower (pkg/config/host/names.go
// Intersection). For HTTP they are in lower case.
func (srv gatewayServer) common(v *virtualService) []string {
	var list []string
	for _, a := range srv.names(v.Namespace) {
		for _, b := range v.hosts {
			var host string
			switch {
			case within(a, b):
				host = a
			case within(b, a):
				host = b
			default:
				continue
			}
			if host = strings.ToLower(host); !slices.Contains(list, host) {
				list = append(list, host)
			}
		}
	}
	return list
}

// covers tells whether one of the server's hosts and one of v's overlap (pilot/pkg/networking/core/gateway.go
// pickMatchingGatewayHosts).
func (srv gatewayServer) covers(v *virtualService) bool {
	return slices.ContainsFunc(srv.names(v.Namespace), func(a string) bool {
		return slices.ContainsFunc(v.hosts, func(b string) bool { return HostMatches(a, b) || HostMatches(b, a) })
	})
}

// serversOn lists what the proxy of the pods that these Gateways select has on one port. Servers that clash with an older
// Gateway's are left out (pilot/pkg/model/gateway.go mergeGateways): such with a TLS host that another has, and such that
// do not speak as the first in plaintext does. That one takes the place of those for TLS of its protocol.
func serversOn(gateways []*Object, number uint32) []gatewayServer {
	sorted := slices.SortedStableFunc(slices.Values(gateways), func(a, b *Object) int {
		return cmp.Or(compareAge(a.Created, b.Created), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
	})
	var merged mergedServers
	for _, g := range sorted {
		for _, srv := range gatewaySpec(g).Servers {
			if srv.GetPort() != nil && srv.GetPort().GetNumber() == number {
				merged.add(newGatewayServer(g, srv))
			}
		}
	}
	return merged.list
}

// mergedServers are the servers of one port.
type mergedServers struct {
	list  []gatewayServer
	plain bool     // one of them is in plaintext
	taken []string // TLS hosts
}

func (m *mergedServers) add(srv gatewayServer) {
	if srv.tls != nil {
		if slices.ContainsFunc(srv.hosts, func(h string) bool { return slices.Contains(m.taken, h) }) {
			return
		}
		m.taken = append(m.taken, srv.hosts...)
	}
	if m.plain && (!srv.http() || !m.list[m.firstPlain()].http()) || m.clashes(srv) {
		return
	}
	if !m.plain && !srv.encrypted() {
		m.plain = true
		m.list = slices.DeleteFunc(m.list, func(have gatewayServer) bool { return have.protocol == srv.protocol })
	}
	m.list = append(m.list, srv)
}

func (m *mergedServers) firstPlain() int {
	return slices.IndexFunc(m.list, func(srv gatewayServer) bool { return !srv.encrypted() })
}

// clashes tells whether the Gateway has another HTTPS server with a port of this name: their routes would have one name.
func (m *mergedServers) clashes(srv gatewayServer) bool {
	return srv.encrypted() && srv.routesHTTP() && slices.ContainsFunc(m.list, func(have gatewayServer) bool {
		return have.encrypted() && have.routesHTTP() && have.gateway == srv.gateway && have.name == srv.name
	})
}

package mesh

import (
	"cmp"
	"slices"
)

// mergedServersOn returns what the proxy of the pods that these Gateways select has on one port. Servers that clash with an older
// Gateway's are left out (pilot/pkg/model/gateway.go mergeGateways): such with a TLS host that another has, and such that
// do not speak as the first in plaintext does. That one takes the place of those for TLS of its protocol.
func mergedServersOn(gateways []*Object, number uint32) []gatewayServer {
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
	list         []gatewayServer
	hasPlaintext bool     // one of them is in plaintext
	tlsHosts     []string // TLS hosts
}

func (m *mergedServers) add(srv gatewayServer) {
	if srv.tls != nil {
		if slices.ContainsFunc(srv.hosts, func(h string) bool { return slices.Contains(m.tlsHosts, h) }) {
			return
		}
		m.tlsHosts = append(m.tlsHosts, srv.hosts...)
	}
	if m.hasPlaintext && (!srv.isHTTP() || !m.list[m.firstPlain()].isHTTP()) || m.hasRouteName(srv) {
		return
	}
	if !m.hasPlaintext && !srv.isTLS() {
		m.hasPlaintext = true
		m.list = slices.DeleteFunc(m.list, func(have gatewayServer) bool { return have.protocol == srv.protocol })
	}
	m.list = append(m.list, srv)
}

func (m *mergedServers) firstPlain() int {
	return slices.IndexFunc(m.list, func(srv gatewayServer) bool { return !srv.isTLS() })
}

// hasRouteName reports whether the Gateway has another HTTPS server with a port of this name: their routes would have one name.
func (m *mergedServers) hasRouteName(srv gatewayServer) bool {
	return srv.isTLS() && srv.routesHTTP() && slices.ContainsFunc(m.list, func(have gatewayServer) bool {
		return have.isTLS() && have.routesHTTP() && have.gateway == srv.gateway && have.name == srv.name
	})
}

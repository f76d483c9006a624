package mesh

import (
	"cmp"
	"maps"
	"slices"
)

// mergedServersOn returns the servers that the pods of these Gateways have on one port (pilot/pkg/model/gateway.go
// mergeGateways), the oldest Gateway's first. Left out is a server
//  1. with a TLS host that an earlier server of the port has;
//  2. with another protocol than the earlier plaintext server, or encrypted beside one;
//  3. for HTTPS whose port has the name of another one of the same Gateway.
//
// The first plaintext server takes the place of the encrypted ones of its protocol. Of these, the younger loses its
// server:
//
//	servers:                                              servers:
//	- port: {number: 443, protocol: HTTPS, name: a}       - port: {number: 443, protocol: TLS, name: b}
//	  hosts: [edition.cnn.com]                              hosts: [edition.cnn.com]
//	  tls: {mode: ISTIO_MUTUAL}                             tls: {mode: PASSTHROUGH}
func mergedServersOn(gateways []*Object, number uint32) portServers {
	sorted := slices.SortedStableFunc(slices.Values(gateways), compareGateways)
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

// compareGateways returns the order in which Istio merges Gateways: the oldest first, then by name and namespace.
func compareGateways(a, b *Object) int {
	return cmp.Or(compareAge(a.Created, b.Created), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
}

// mergedServersOf returns the servers that the pods of one Gateway have, by port: mergedServersOn for each.
func mergedServersOf(g *Object) []gatewayServer {
	ports := map[uint32]*mergedServers{}
	for _, srv := range gatewaySpec(g).Servers {
		if srv.GetPort() == nil {
			continue
		}
		number := srv.GetPort().GetNumber()
		if ports[number] == nil {
			ports[number] = &mergedServers{}
		}
		ports[number].add(newGatewayServer(g, srv))
	}
	var list []gatewayServer
	for _, number := range slices.Sorted(maps.Keys(ports)) {
		list = append(list, ports[number].list...)
	}
	return list
}

// mergedServers are the servers of one port as they are merged.
type mergedServers struct {
	list         portServers
	hasPlaintext bool
	tlsHosts     []string
}

// add merges one more server in.
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

// firstPlain returns the index of the first plaintext server, or -1.
func (m *mergedServers) firstPlain() int {
	return slices.IndexFunc(m.list, func(srv gatewayServer) bool { return !srv.isTLS() })
}

// hasRouteName reports whether the same Gateway has another HTTPS server whose port has this name: their route
// configurations would have one name (pilot/pkg/model/gateway.go gatewayRDSRouteName).
func (m *mergedServers) hasRouteName(srv gatewayServer) bool {
	return srv.isTLS() && srv.routesHTTP() && slices.ContainsFunc(m.list, func(have gatewayServer) bool {
		return have.isTLS() && have.routesHTTP() && have.gateway == srv.gateway && have.name == srv.name
	})
}

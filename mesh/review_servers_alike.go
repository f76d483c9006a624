package mesh

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// serverName is a name by which Envoy chooses a filter chain of a gateway's listener: a host of a server that ends TLS, "*" for a server
// for plaintext, whose chain has no name.
type serverName struct {
	gateway *Object
	index   int
	// field is the path of the host in the Gateway, or of the server.
	field string
	// written is the host as Istio compares it, "" for plaintext; name is it as Envoy does.
	written, name string
	protocol      string // of a server for plaintext
	number        uint32
	ports         []uint32 // on which the pods listen for number
	bind          string
}

// serversAlike returns the hosts of servers of the Gateway under review for which Envoy refuses the whole listener of its pods, which
// then keeps what it had until it starts again, and has nothing afterwards: the SNI of another server there, written otherwise, or with
// another bind of the same addresses. Istio compares hosts and binds as they are written (pilot/pkg/model/gateway.go CheckDuplicates,
// mergeGateways), Envoy names without namespace and case ("overlapping matching rules",
// source/common/listener_manager/filter_chain_manager_impl.cc), of all servers that listen on the same addresses.
//
// Whether a server's routes make it a filter chain, or it passes TLS on by those of a VirtualService, is not looked at. Here the gateway of
// default has two chains for out.example.com:
//
//	metadata: {name: egress, namespace: default}        metadata: {name: x, namespace: team-a}
//	spec:                                               spec:
//	  selector: {istio: egressgateway}                    selector: {istio: egressgateway}
//	  servers:                                            servers:
//	  - port: {number: 443, protocol: HTTPS, ...}         - port: {number: 443, protocol: HTTPS, ...}
//	    hosts: [out.example.com]                            hosts: [team-a/out.example.com]
//	    tls: {mode: ISTIO_MUTUAL}                           tls: {mode: ISTIO_MUTUAL}
func (s *Snapshot) serversAlike(object, stored *Object) []OutsideModel {
	if object.Kind != KindGateway {
		return nil
	}
	own := serverNamesOf(object)
	if stored != nil && maps.Equal(gatewaySpec(stored).Selector, gatewaySpec(object).Selector) {
		had := serverNamesOf(stored)
		own = slices.DeleteFunc(own, func(n serverName) bool { return slices.ContainsFunc(had, n.isSame) })
	}
	if len(own) == 0 {
		return nil
	}
	beside, ports := map[string]serversOfName{}, s.listenPorts(object)
	gateways := s.gatewaysBeside(object)
	others := slices.DeleteFunc(slices.Clone(gateways), func(g *Object) bool { return g.Namespace == object.Namespace })
	for _, g := range append(gateways, object) {
		for _, n := range serverNamesOf(g) {
			n.ports = ports(n.number)
			beside[n.name] = append(beside[n.name], n)
		}
	}
	var found []OutsideModel
	for _, n := range own {
		n.ports = ports(n.number)
		i := slices.IndexFunc(beside[n.name], func(other serverName) bool { return beside[n.name].meet(n, other) })
		if i < 0 {
			continue
		}
		with := beside[n.name][i].gateway.written()
		found = append(found, OutsideModel{
			Object: &with, Field: n.field, Host: n.name, Port: n.number,
			Means: MeansServersAlike, OfOthers: object.Namespace != s.settings.RootNamespace && n.sharesListener(others, ports),
		})
	}
	return found
}

// isSame reports whether two names are of the same port, written alike.
func (n serverName) isSame(other serverName) bool {
	return n.written == other.written && n.name == other.name && n.protocol == other.protocol && n.number == other.number && n.bind == other.bind
}

// sharesListener reports whether some of these Gateways have a server in the listener of the name.
func (n serverName) sharesListener(gateways []*Object, ports func(uint32) []uint32) bool {
	return slices.ContainsFunc(gateways, func(g *Object) bool {
		return slices.ContainsFunc(gatewaySpec(g).Servers, func(srv *networking.Server) bool {
			return srv.GetPort() != nil && portsMeet(ports(srv.GetPort().GetNumber()), n.ports) && listenAddress(srv.GetBind()) == listenAddress(n.bind)
		})
	})
}

// isPlain reports whether the name is that of a server for plaintext.
func (n serverName) isPlain() bool { return n.written == "" }

// serversOfName are the servers of a gateway's pods that have one name for Envoy.
type serversOfName []serverName

// meet reports whether two names, which are one for Envoy, are of one listener, and two for Istio. Of one server, hosts that differ in
// their namespace are one.
func (l serversOfName) meet(n, other serverName) bool {
	sameServer := n.gateway.Ref == other.gateway.Ref && n.index == other.index
	switch {
	case !portsMeet(n.ports, other.ports) || listenAddress(n.bind) != listenAddress(other.bind):
		return false
	case sameServer:
		return stripNamespace(n.written) != stripNamespace(other.written)
	case n.written != other.written:
		// Beside plaintext that was there first, Istio leaves a server for TLS out; it makes both where TLS was.
		return !n.isPlain() && !other.isPlain() || n.isPlain() || n.bind != other.bind
	case n.isPlain() && n.bind == other.bind && n.protocol == other.protocol:
		return false // one chain of both
	}
	// Istio keeps one bind for a host, and one for a port in plaintext: the last one.
	return n.bind != other.bind || slices.ContainsFunc(l, func(third serverName) bool {
		return portsMeet(third.ports, n.ports) && third.written == n.written && third.bind != n.bind
	})
}

// serverNamesOf returns the names of a Gateway's servers that end TLS, or are for plaintext.
func serverNamesOf(g *Object) []serverName {
	var list []serverName
	for i, srv := range gatewaySpec(g).Servers {
		if srv.GetPort() != nil {
			list = append(list, serverNamesOn(g, srv, i)...)
		}
	}
	return list
}

// serverNamesOn is serverNamesOf for one server.
func serverNamesOn(g *Object, srv *networking.Server, index int) []serverName {
	server := newGatewayServer(g, srv)
	n := serverName{gateway: g, index: index, field: fmt.Sprintf("spec.servers[%d]", index), number: server.number, bind: srv.Bind}
	switch {
	case !server.isTLS():
		n.name, n.protocol = "*", server.protocol
		return []serverName{n}
	case server.isTLSPassthrough():
		return nil
	}
	var list []serverName
	forAll := slices.ContainsFunc(server.sniHosts(), func(name string) bool { return name == "*" })
	at := n.field
	for i, h := range server.hosts {
		n.field, n.written, n.name = fmt.Sprintf("%s.hosts[%d]", at, i), h, strings.ToLower(stripNamespace(h))
		if !forAll || n.name == "*" { // with "*" the chain has no other name
			list = append(list, n)
		}
	}
	return list
}

// gatewaysBeside returns the other Gateways that configure some of the same pods: one of the selectors asks for all that the other
// does, or a Service has pods that both select.
func (s *Snapshot) gatewaysBeside(g *Object) []*Object {
	own := gatewaySpec(g).Selector
	var pods []*Object
	for _, o := range s.objects.Prefix(KindService + "\x00") {
		if labels := o.Spec.(*Service).Selector; len(labels) > 0 && selectorMatches(own, labels) && s.settings.gatewayReaches(g, o.Namespace) {
			pods = append(pods, o)
		}
	}
	var list []*Object
	for o := range s.allGateways() {
		other := o.Spec.(*networking.Gateway).Selector
		both := func(pod *Object) bool {
			return selectorMatches(other, pod.Spec.(*Service).Selector) && s.settings.gatewayReaches(o, pod.Namespace)
		}
		shares := (selectorMatches(own, other) || selectorMatches(other, own)) && s.settings.gatewaysMeet(g, o)
		if o.Ref != g.Ref && (shares || slices.ContainsFunc(pods, both)) {
			list = append(list, o)
		}
	}
	return list
}

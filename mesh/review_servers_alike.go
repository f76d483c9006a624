package mesh

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// serverName is a name by which Envoy chooses a filter chain of a gateway's listener: a host of a server that ends TLS, "*" for a server
// for plaintext, whose chain has no name, and, for a server that passes TLS on, a name of a tls route or a host (see passedNames).
type serverName struct {
	gateway *Object
	index   int
	// field is the path of the host in the Gateway, or of the server; with a VirtualService under review, that of the name in its routes.
	field string
	// written is the host as Istio compares it, "" for plaintext; name is it as Envoy does.
	written, name string
	protocol      string // of a server for plaintext
	number        uint32
	ports         []uint32 // on which the pods listen for number
	bind          string
	passes        bool     // TLS on, by a tls route
	isAuto        bool     // passes TLS on to the services of its host (AUTO_PASSTHROUGH)
	hosts         []string // of the server, as Istio compares them
	route         string   // path of a name in the VirtualService that has it
}

// serversAlike returns the hosts of servers of the Gateway under review for which Envoy refuses the whole listener of its pods, which
// then keeps what it had until it starts again, and has nothing afterwards: the SNI of another server there, written otherwise, or with
// another bind of the same addresses. Istio compares hosts and binds as they are written (pilot/pkg/model/gateway.go CheckDuplicates,
// mergeGateways), Envoy names without namespace and case ("overlapping matching rules",
// source/common/listener_manager/filter_chain_manager_impl.cc), of all servers that listen on the same addresses.
//
// Whether a server's routes make it a filter chain is not looked at, save for those that pass TLS on. Here the gateway of default has two
// chains for out.example.com:
//
//	metadata: {name: egress, namespace: default}        metadata: {name: x, namespace: team-a}
//	spec:                                               spec:
//	  selector: {istio: egressgateway}                    selector: {istio: egressgateway}
//	  servers:                                            servers:
//	  - port: {number: 443, protocol: HTTPS, ...}         - port: {number: 443, protocol: HTTPS, ...}
//	    hosts: [out.example.com]                            hosts: [team-a/out.example.com]
//	    tls: {mode: ISTIO_MUTUAL}                           tls: {mode: ISTIO_MUTUAL}
func (s *Snapshot) serversAlike(object, stored *Object) []OutsideModel {
	switch object.Kind {
	case KindVirtualService:
		return s.routesAlike(object, stored)
	case KindGateway:
	default:
		return nil
	}
	own := s.serverNamesOf(object)
	if stored != nil && maps.Equal(gatewaySpec(stored).Selector, gatewaySpec(object).Selector) {
		had := s.serverNamesOf(stored)
		own = slices.DeleteFunc(own, func(n serverName) bool { return slices.ContainsFunc(had, n.isSame) })
	}
	if len(own) == 0 {
		return nil
	}
	return s.alikeIn(object, own, s.podServersOf(object), object.Namespace)
}

// alikeIn returns those of a Gateway's names that meet another of its pods' servers, by an object of a namespace.
func (s *Snapshot) alikeIn(g *Object, own []serverName, pods *podServers, namespace string) []OutsideModel {
	others := slices.DeleteFunc(append(slices.Clone(pods.gateways), g), func(o *Object) bool { return o.Namespace == namespace })
	var found []OutsideModel
	for _, n := range own {
		n.ports = pods.ports(n.number)
		rebound, list := pods.isRebound(n), pods.names[n.key()]
		i := slices.IndexFunc(list, func(other serverName) bool { return pods.meet(n, other, rebound) })
		if i < 0 {
			continue
		}
		with := list[i].gateway.written()
		found = append(found, OutsideModel{
			Object: &with, Field: n.field, Host: n.name, Port: n.number,
			Means: MeansServersAlike, OfOthers: namespace != s.settings.RootNamespace && n.sharesListener(others, pods.ports),
		})
	}
	return found
}

// isSame reports whether two names are of the same port, written alike.
func (n serverName) isSame(other serverName) bool {
	return n.written == other.written && n.name == other.name && n.protocol == other.protocol && n.number == other.number && n.bind == other.bind &&
		n.passes == other.passes && n.isAuto == other.isAuto
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

// key returns by what a name is looked up: names of other keys are never one for Envoy.
func (n serverName) key() string {
	if n.isAuto {
		return "\x00auto"
	}
	return n.name
}

// isOf reports whether a name is of the same server.
func (n serverName) isOf(other serverName) bool { return n.server() == other.server() }

// server returns the server of a name.
func (n serverName) server() serverPlace { return serverPlace{n.gateway.Ref, n.index} }

// podServers are the servers of a gateway's pods.
type podServers struct {
	gateways []*Object // beside the one
	names    map[string][]serverName
	// bound are the servers by each host as Istio compares it, "" for plaintext.
	bound map[string][]serverName
	ports func(uint32) []uint32
	// alike and hostRebound are what shareHost and hasReboundHost have returned.
	alike       map[[2]serverPlace]bool
	hostRebound map[serverPlace]bool
}

// serverPlace is a server of a Gateway.
type serverPlace struct {
	gateway Ref
	index   int
}

// podServersOf returns the servers of the pods of a Gateway, its own with them.
func (s *Snapshot) podServersOf(g *Object) *podServers {
	pods := &podServers{
		gateways: s.gatewaysBeside(g), names: map[string][]serverName{}, bound: map[string][]serverName{}, ports: s.listenPorts(g),
		alike: map[[2]serverPlace]bool{}, hostRebound: map[serverPlace]bool{},
	}
	for _, o := range append(slices.Clone(pods.gateways), g) {
		for _, n := range s.serverNamesOf(o) {
			n.ports = pods.ports(n.number)
			pods.names[n.key()] = append(pods.names[n.key()], n)
		}
		for _, srv := range gatewaySpec(o).Servers {
			if srv.GetPort() != nil {
				pods.bind(newGatewayServer(o, srv), srv.Bind)
			}
		}
	}
	return pods
}

// bind notes a server by its hosts, as Istio does for all that have TLS settings.
func (p *podServers) bind(server gatewayServer, bind string) {
	n := serverName{number: server.number, ports: p.ports(server.number), bind: bind}
	if !server.isTLS() {
		p.bound[""] = append(p.bound[""], n)
	}
	if server.tls != nil {
		for _, h := range server.hosts {
			p.bound[h] = append(p.bound[h], n)
		}
	}
}

// isRebound reports whether another bind is noted in place of that of a name, so that Istio does not know it again: it keeps one bind for
// a host, and one for a port in plaintext, the last one.
func (p *podServers) isRebound(n serverName) bool {
	switch {
	case n.isAuto:
		return p.hasReboundHost(n)
	case !n.passes:
		return n.isBoundOtherwise(p.bound[n.written])
	}
	// Names of tls routes are noted by themselves.
	return p.hasReboundHost(n) || n.isBoundOtherwise(slices.DeleteFunc(slices.Clone(p.names[n.name]), func(other serverName) bool { return !other.passes }))
}

// hasReboundHost reports whether another bind is noted for a host of the name's server.
func (p *podServers) hasReboundHost(n serverName) bool {
	is, asked := p.hostRebound[n.server()]
	if !asked {
		is = slices.ContainsFunc(n.hosts, func(h string) bool { return n.isBoundOtherwise(p.bound[h]) })
		p.hostRebound[n.server()] = is
	}
	return is
}

// isBoundOtherwise reports whether some of the servers have another bind of the name's port.
func (n serverName) isBoundOtherwise(servers []serverName) bool {
	return slices.ContainsFunc(servers, func(other serverName) bool { return portsMeet(other.ports, n.ports) && other.bind != n.bind })
}

// meet reports whether two names, which are one for Envoy, are of one listener, and two for Istio. Of one server, hosts that differ in
// their namespace are one.
func (p *podServers) meet(n, other serverName, rebound bool) bool {
	switch {
	case !portsMeet(n.ports, other.ports) || listenAddress(n.bind) != listenAddress(other.bind):
		return false
	case n.passes || other.passes || n.isAuto:
		return !n.isOf(other) && p.meetPassed(n, other, rebound)
	case n.isOf(other):
		return stripNamespace(n.written) != stripNamespace(other.written)
	case n.written != other.written:
		// Beside plaintext that was there first, Istio leaves a server for TLS out; it makes both where TLS was.
		return !n.isPlain() && !other.isPlain() || n.isPlain() || n.bind != other.bind
	case n.isPlain() && n.bind == other.bind && n.protocol == other.protocol:
		return false // one chain of both
	}
	return n.bind != other.bind || rebound
}

// serverNamesOf returns the names of a Gateway's servers.
func (s *Snapshot) serverNamesOf(g *Object) []serverName {
	var list []serverName
	for i, srv := range gatewaySpec(g).Servers {
		if srv.GetPort() == nil {
			continue
		}
		list = append(list, serverNamesOn(g, srv, i)...)
		if newGatewayServer(g, srv).passesByRoutes() {
			for _, v := range s.virtualServices.Prefix(byGateway + g.Namespace + "/" + g.Name + "\x00") {
				list = append(list, passedNames(g, srv, i, v)...)
			}
		}
	}
	return list
}

// serverNamesOn returns the names that a server has by itself.
func serverNamesOn(g *Object, srv *networking.Server, index int) []serverName {
	server := newGatewayServer(g, srv)
	n := serverName{gateway: g, index: index, field: fmt.Sprintf("spec.servers[%d]", index), number: server.number, bind: srv.Bind, hosts: server.hosts}
	switch {
	case !server.isTLS():
		n.name, n.protocol = "*", server.protocol
		return []serverName{n}
	case server.passesByRoutes():
		return nil
	case server.isAutoPassthrough():
		n.isAuto = true
	}
	var list []serverName
	forAll := slices.ContainsFunc(server.sniHosts(), func(name string) bool { return name == "*" })
	at := n.field
	for i, h := range server.hosts {
		n.field, n.written, n.name = fmt.Sprintf("%s.hosts[%d]", at, i), h, strings.ToLower(stripNamespace(h))
		if !forAll || n.name == "*" || n.isAuto { // with "*" the chain has no other name
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

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
	*placedServer
	// field is the path of the name in the object under review, "" for others.
	field string
	// written is the host as Istio compares it, "" for plaintext; name is it as Envoy does.
	written, name string
	plainProtocol string // of a server for plaintext
	passes        bool   // TLS on, by a tls route
	isAuto        bool   // passes TLS on to the services of its host (AUTO_PASSTHROUGH)
	order         int    // among the names of the pods
}

// knownName is what a name is known by before and after a review.
type knownName struct {
	gateway                       Ref // with a VirtualService under review
	written, name, protocol, bind string
	number                        uint32
	passes, isAuto                bool
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
func (s *Snapshot) serversAlike(object, stored *Object, pods func() gatewayPods) []OutsideModel {
	r := s.alikeReview()
	switch object.Kind {
	case KindVirtualService:
		return r.routesAlike(object, stored)
	case KindGateway:
	default:
		return nil
	}
	own := r.serverNamesOf(object)
	if stored != nil && maps.Equal(gatewaySpec(stored).Selector, gatewaySpec(object).Selector) {
		had := map[knownName]bool{}
		for _, n := range r.serverNamesOf(stored) {
			had[n.known()] = true
		}
		own = slices.DeleteFunc(own, func(n *serverName) bool { return had[n.known()] })
	}
	if len(own) == 0 {
		return nil
	}
	r.ask(own)
	return r.alikeIn(own, r.podServersOf(object, object.Namespace, pods))
}

// alikeIn returns those names of a Gateway that meet another of its pods' servers.
func (r *alikeReview) alikeIn(own []*serverName, pods *podServers) []OutsideModel {
	var found []OutsideModel
	for _, n := range own {
		other := pods.firstAlike(n)
		if other == nil {
			continue
		}
		with := other.object.written()
		found = append(found, OutsideModel{
			Object: &with, Field: n.field, Host: n.name, Port: n.number,
			Means: MeansServersAlike, OfOthers: pods.namespace != r.settings.RootNamespace && pods.isOfOthers(n),
		})
	}
	return found
}

// known returns what the name of a Gateway is known by: names that are the same are of the same port, written alike.
func (n *serverName) known() knownName {
	return knownName{written: n.written, name: n.name, protocol: n.plainProtocol, bind: n.bind, number: n.number, passes: n.passes, isAuto: n.isAuto}
}

// isPlain reports whether the name is that of a server for plaintext.
func (n *serverName) isPlain() bool { return n.written == "" }

// key returns by what a name is looked up: names of other keys are never one for Envoy.
func (n *serverName) key() string {
	if n.isAuto {
		return "\x00auto"
	}
	return n.name
}

// isOf reports whether a name is of the same server.
func (n *serverName) isOf(other *serverName) bool { return n.placedServer == other.placedServer }

// meet reports whether two names of one listener, which are one for Envoy, are two for Istio. Of one server, hosts that differ in their
// namespace are one.
func (p *podServers) meet(n, other *serverName, rebound bool) bool {
	switch {
	case n.passes || other.passes || n.isAuto:
		return !n.isOf(other) && p.meetPassed(n, other, rebound)
	case n.isOf(other):
		return stripNamespace(n.written) != stripNamespace(other.written)
	case n.written != other.written:
		// Beside plaintext that was there first, Istio leaves a server for TLS out; it makes both where TLS was.
		return !n.isPlain() && !other.isPlain() || n.isPlain() || n.bind != other.bind
	case n.isPlain() && n.bind == other.bind && n.plainProtocol == other.plainProtocol:
		return false // one chain of both
	}
	return n.bind != other.bind || rebound
}

// serverNamesOf returns the names of a Gateway's servers.
func (r *alikeReview) serverNamesOf(g *Object) []*serverName {
	var list []*serverName
	for _, server := range r.serversOf(g) {
		list = append(list, r.serverNamesOn(server)...)
		if server.passesByRoutes() {
			for _, v := range r.virtualServices.Prefix(byGateway + server.gateway + "\x00") {
				list = append(list, r.passedNames(server, v)...)
			}
		}
	}
	return list
}

// serverNamesOn returns the names that a server has by itself.
func (r *alikeReview) serverNamesOn(server *placedServer) []*serverName {
	switch {
	case server.passesByRoutes():
		return nil
	case !server.isTLS() && !r.isAsked("*"):
		return nil
	case !server.isTLS():
		return []*serverName{{placedServer: server, field: server.field(), name: "*", plainProtocol: server.protocol}}
	}
	var list []*serverName
	isAuto, forAll := server.isAutoPassthrough(), slices.ContainsFunc(server.hosts, func(h string) bool { return stripNamespace(h) == "*" })
	for i, h := range server.hosts {
		n := serverName{placedServer: server, written: h, name: strings.ToLower(stripNamespace(h)), isAuto: isAuto}
		if forAll && n.name != "*" && !n.isAuto || !r.isAsked(n.key()) { // with "*" the chain has no other name
			continue
		}
		if r.asked == nil {
			n.field = fmt.Sprintf("%s.hosts[%d]", server.field(), i)
		}
		list = append(list, &n)
	}
	return list
}

// field returns the path of a server in its Gateway.
func (server *placedServer) field() string { return fmt.Sprintf("spec.servers[%d]", server.index) }

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

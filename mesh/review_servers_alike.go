package mesh

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// serverName is a host of a Gateway's server for TLS by which Envoy chooses its filter chain.
type serverName struct {
	gateway     *Object
	index, host int
	// written is the host as Istio compares it, name as Envoy does.
	written, name string
	number        uint32
	bind          string
}

// serversAlike returns the hosts of servers of the Gateway under review for which Envoy refuses the whole listener of its pods, which
// then keeps what it had until it starts again, and has nothing afterwards: the SNI of another server there, written otherwise. Istio
// compares hosts as they are written (pilot/pkg/model/gateway.go CheckDuplicates), Envoy without namespace and case ("overlapping
// matching rules", source/common/listener_manager/filter_chain_manager_impl.cc).
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
	own := terminatedNames(object)
	if stored != nil {
		had := terminatedNames(stored)
		own = slices.DeleteFunc(own, func(n serverName) bool { return slices.ContainsFunc(had, n.isSame) })
	}
	if len(own) == 0 {
		return nil
	}
	beside := map[string][]serverName{}
	for _, g := range append(s.gatewaysBeside(object), object) {
		for _, n := range terminatedNames(g) {
			beside[n.name] = append(beside[n.name], n)
		}
	}
	var found []OutsideModel
	for _, n := range own {
		i := slices.IndexFunc(beside[n.name], n.isAlike)
		if i < 0 {
			continue
		}
		with := beside[n.name][i].gateway.written()
		found = append(found, OutsideModel{
			Object: &with, Field: fmt.Sprintf("spec.servers[%d].hosts[%d]", n.index, n.host), Host: n.name, Port: n.number,
			Means: MeansServersAlike, OfOthers: with.Namespace != object.Namespace && object.Namespace != s.settings.RootNamespace,
		})
	}
	return found
}

// isSame reports whether two names are of the same port, written alike.
func (n serverName) isSame(other serverName) bool {
	return n.written == other.written && n.number == other.number && n.bind == other.bind
}

// isAlike reports whether two names are one for Envoy, of one listener, and two for Istio. Of one server, hosts that differ in their
// namespace are one.
func (n serverName) isAlike(other serverName) bool {
	if n.number != other.number || n.bind != other.bind || n.written == other.written {
		return false
	}
	sameServer := n.gateway.Ref == other.gateway.Ref && n.index == other.index
	return !sameServer || stripNamespace(n.written) != stripNamespace(other.written)
}

// terminatedNames returns the hosts of a Gateway's servers that end TLS.
func terminatedNames(g *Object) []serverName {
	var list []serverName
	for i, srv := range gatewaySpec(g).Servers {
		server := newGatewayServer(g, srv)
		if srv.GetPort() == nil || !server.isTLS() || server.isTLSPassthrough() {
			continue
		}
		for j, h := range server.hosts {
			name := strings.ToLower(stripNamespace(h))
			if name != "*" { // no server name: it is a chain for all others
				list = append(list, serverName{gateway: g, index: i, host: j, written: h, name: name, number: server.number, bind: srv.Bind})
			}
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

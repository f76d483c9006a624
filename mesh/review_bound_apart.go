package mesh

import (
	"fmt"
	"maps"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// boundApart returns the servers of a Gateway under review that take connections from those of another namespace's Gateway, by a bind to
// an address that may be that of the pods, or lose theirs to such ones. Istio makes a listener of its own for each bind
// (pilot/pkg/networking/core/gateway.go), and the kernel gives a connection to the socket with the address that it comes to, before one
// for all addresses, whatever names the servers have:
//
//	metadata: {name: egress, namespace: istio-system}     metadata: {name: mine, namespace: team-a}
//	spec:                                                 spec:
//	  selector: {istio: egressgateway}                      selector: {istio: egressgateway}
//	  servers:                                              servers:
//	  - port: {number: 443, protocol: HTTPS, ...}           - port: {number: 443, protocol: HTTP, ...}
//	    hosts: [edition.cnn.com]                              bind: 10.244.0.7
func (s *Snapshot) boundApart(object, stored *Object, of func() gatewayPods) []OutsideModel {
	if object.Kind != KindGateway || !slices.ContainsFunc(gatewaySpec(object).Servers, mayMeetApart) {
		return nil
	}
	var found []OutsideModel
	var others map[apartAt]int
	for i, srv := range gatewaySpec(object).Servers {
		if !mayMeetApart(srv) || hadServerOn(stored, object, srv) {
			continue
		}
		pods := of()
		if others == nil {
			others = pods.apartFrom(object.Namespace)
		}
		taking, at := !serverOnAllAddresses(srv), len(pods.beside)
		for _, number := range pods.numbersMeeting(srv.GetPort().GetNumber()) {
			if place, known := others[apartAt{number, taking}]; known {
				at = min(at, place)
			}
		}
		if at == len(pods.beside) {
			continue
		}
		with, field := pods.beside[at].written(), fmt.Sprintf("spec.servers[%d]", i)
		if taking {
			field += ".bind"
		}
		found = append(found, OutsideModel{
			Object: &with, Field: field, Port: srv.GetPort().GetNumber(), Means: MeansBoundApart,
			OfOthers: taking && object.Namespace != s.settings.RootNamespace && !s.ownsPods(object),
		})
	}
	return found
}

// apartAt is a port number of servers that are for all addresses of their pods, or for one that others reach.
type apartAt struct {
	number         uint32
	onAllAddresses bool
}

// apartFrom returns by their ports the places of the first Gateways beside, of other namespaces, that have a server which may meet another.
func (p gatewayPods) apartFrom(namespace string) map[apartAt]int {
	places := map[apartAt]int{}
	for i, g := range p.beside {
		if g.Namespace == namespace {
			continue
		}
		for _, srv := range gatewaySpec(g).Servers {
			if !mayMeetApart(srv) {
				continue
			}
			at := apartAt{srv.GetPort().GetNumber(), serverOnAllAddresses(srv)}
			if _, known := places[at]; !known {
				places[at] = i
			}
		}
	}
	return places
}

// mayMeetApart reports whether a server is for all addresses of its pods, or for one that others reach.
func mayMeetApart(srv *networking.Server) bool {
	return srv.GetPort() != nil && (serverOnAllAddresses(srv) || mayBeOfPod(srv.GetBind()))
}

// hadServerOn reports whether a Gateway had a server on the same port and address before, for the same pods.
func hadServerOn(stored, object *Object, srv *networking.Server) bool {
	return stored != nil && maps.Equal(gatewaySpec(stored).Selector, gatewaySpec(object).Selector) &&
		slices.ContainsFunc(gatewaySpec(stored).Servers, func(had *networking.Server) bool {
			return had.GetPort().GetNumber() == srv.GetPort().GetNumber() && listenAddress(had.GetBind()) == listenAddress(srv.GetBind())
		})
}

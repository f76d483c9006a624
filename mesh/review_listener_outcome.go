package mesh

import (
	"net/netip"
	"slices"
)

// maxListened is how many services a port may have for all filter chains of a client's listeners to be made in a review.
const maxListened = 256

// clientPort is a port of a client's proxy.
type clientPort struct {
	client string
	number uint32
}

// leavesNowhere reports whether nothing that a client sends to a port of a host leaves its proxy after the review, at the addresses of a
// service or at nobody's: a listener takes it, and no cluster is there for it. Here bytes for all hosts on the port are taken, whatever
// their entries declare:
//
//	kind: Sidecar
//	spec: {egress: [{port: {number: 80, name: tcp, protocol: TCP}, hosts: ["*/*"]}]}
//	---
//	kind: VirtualService
//	spec: {hosts: [db.example.com], tcp: [{route: [{destination: {host: nobody.example.com}}]}]}
func (r *review) leavesNowhere(client Client, svc *service, number uint32, payload Family) bool {
	listeners, known := r.outboundOf(client, number)
	if !known {
		return false
	}
	addresses := []netip.Addr{{}}
	for _, prefix := range svc.addresses() {
		addresses = append(addresses, prefix.Addr())
	}
	if p, has := svc.port(number); has && svc.listensAtEndpoints(p) {
		addresses = append(addresses, r.before.endpointAddresses(svc, number)...)
	}
	for _, sent := range payloadsOf(payload) {
		for _, at := range addresses {
			o := Outbound{To: netip.AddrPortFrom(at, uint16(number))}
			if sent == FamilyHTTP {
				o.Request = svc.host
			}
			if !r.endsInProxy(client, r.after.outboundBy(listeners, client, o)) {
				return false
			}
		}
	}
	return true
}

// endsInProxy reports whether an outcome is that nothing leaves a client's proxy.
func (r *review) endsInProxy(client Client, o Outcome) bool {
	return o.Unsure == "" && !o.PassesOn && !slices.ContainsFunc(o.Destinations, func(d Destination) bool {
		_, exists := r.after.Cluster(client, d.Host, d.Port, d.Subset)
		return exists
	})
}

// outboundOf returns the listeners that a sidecar has for a port after the review; known is false where they are too many to make.
func (r *review) outboundOf(client Client, number uint32) (listeners map[string]*outboundListener, known bool) {
	key := clientPort{client.String(), number}
	if made, done := r.outbound[key]; done {
		return made, made != nil
	}
	count := 0
	for range r.after.servicesOnPort(client.Namespace, number) {
		if count++; count > maxListened {
			break
		}
	}
	if count <= maxListened && client.Kind == ClientSidecar {
		made, unsure := r.after.outboundListeners(client, Outbound{To: netip.AddrPortFrom(netip.Addr{}, uint16(number))})
		if known = unsure == ""; known {
			listeners = made
		}
	}
	if r.outbound == nil {
		r.outbound = map[clientPort]map[string]*outboundListener{}
	}
	r.outbound[key] = listeners
	return listeners, known
}

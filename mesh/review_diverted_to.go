package mesh

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// asked is what a sidecar sends to a port of a service by one of its names.
type asked struct {
	client     Client
	host, name string
	// shortOf is the host of which name is a short name, "" where name is not one.
	shortOf string
	number  uint32
}

// diverted is a diversion, or the rule that disables TLS, with the reason.
type diverted struct {
	cause     Cause
	to        string
	diversion *Diversion
	decision  *Decision // what disables TLS
}

// by returns the object that diverts.
func (d diverted) by() Ref {
	if d.diversion != nil {
		return d.diversion.By
	}
	return d.decision.Object
}

// leaves reports whether connections go outside the mesh.
func (d diverted) leaves() bool { return d.diversion != nil && d.diversion.Outside }

// byChance reports whether connections are diverted by chance alone: see Diversion.
func (d diverted) byChance() bool { return d.diversion != nil && d.diversion.ByChance }

// isMeshService reports whether Istio starts mutual TLS towards a service by itself: a Kubernetes Service, whose pods are
// not known here, or an entry inside the mesh. Where its pods take none, nothing is lost.
func (s *Snapshot) isMeshService(svc *service) bool {
	return !svc.alias && !svc.meshExternal && !s.leavesMesh(svc)
}

// divertedIn returns where what a client sends to a service goes elsewhere; nil where it does not.
func (r *divertedReview) divertedIn(s *Snapshot, c asked) *diverted {
	svc, ok := s.serviceFor(c.client, c.host)
	p, has := svc.port(c.number)
	if !ok || !has || p.family() == FamilyTLS || p.family() == FamilyUDP {
		return nil
	}
	if at, err := netip.ParseAddr(c.name); err == nil {
		return r.divertedByAddress(s, c, svc, p, at)
	}
	if c.name != c.host {
		return s.divertedByName(c, svc, p)
	}
	if d := r.divertedByListener(s, c, svc, p); d != nil {
		return d
	}
	for _, h := range s.hops(c.client, c.host, c.number) {
		if s.isExternal(c.host) && h.kind != hopInside && (h.payload != FamilyOpaque || h.route == nil) {
			continue // what leaves is judged with all that leaves, but for bytes that a route led nowhere
		}
		if d := s.divertedByHop(c, svc, h); d != nil {
			return d
		}
	}
	return nil
}

// listenersIn returns the listeners of a port before or after the review.
func (r *divertedReview) listenersIn(s *Snapshot, number uint32) *portListeners {
	if s == r.after {
		return r.listenersOn(number)
	}
	if r.then[number] == nil {
		r.then[number] = s.portListeners(number)
	}
	return r.then[number]
}

// divertedByListener returns the listener of another host that takes connections to a service's address.
func (r *divertedReview) divertedByListener(s *Snapshot, c asked, svc scopedService, p port) *diverted {
	if s.isExternal(c.host) {
		return nil // see otherListeners
	}
	addresses := []netip.Addr{{}}
	for _, prefix := range svc.addresses() {
		addresses = append(addresses, prefix.Addr())
	}
	for _, at := range addresses {
		for _, payload := range payloadsOf(p.family()) {
			if !at.IsValid() && payload != FamilyHTTP {
				continue // no listener without an address has these bytes
			}
			by, taken := r.listenersIn(s, c.number).otherListener(connection{client: c.client, to: svc, port: p, address: at, payload: payload})
			to := scopedService{}
			if taken {
				to, taken = s.serviceFor(c.client, by.service.host)
			}
			if !taken || s.keepsUnderTLS(c, svc, s.directHop(c.client, to, c.number, "", payload)) {
				continue
			}
			d := Diversion{By: by.service.ref, To: to.host, Service: to.ref, Outside: s.leavesMesh(to.service)}
			if by.addresses.IsValid() {
				d.Addresses = by.addresses.Masked().String()
			}
			return &diverted{cause: CauseOtherListener, to: to.host, diversion: &d}
		}
	}
	return nil
}

// divertedByName returns what takes requests for another name of a service.
func (s *Snapshot) divertedByName(c asked, svc scopedService, p port) *diverted {
	if p.family() != FamilyHTTP && p.family() != FamilyUnspecified {
		return nil
	}
	if host.IsWildcard(c.host) && s.wildcardListenedFor(c.client, strings.TrimSuffix(c.name, "."), c.number) != c.host {
		return nil // another one takes the name
	}
	var hops []hop
	if c.shortOf == "" {
		hops = s.undeclaredNameHops(c)
	}
	if taker := cmp.Or(c.shortOf, c.name); s.sniffsHTTP(c.client, taker, c.number) {
		hops = s.hops(c.client, taker, c.number)
	}
	for _, h := range hops {
		d := s.divertedByHop(c, svc, h)
		if d == nil {
			continue
		}
		if d.diversion != nil {
			d.cause, d.diversion.Name, d.diversion.ShortOf = CauseOtherName, c.name, c.shortOf
			if h.route == nil {
				d.diversion.By = h.cluster.service.ref
			}
		}
		return d
	}
	return nil
}

// sniffsHTTP reports whether a client's proxy looks for requests on a port of a host.
func (s *Snapshot) sniffsHTTP(client Client, host string, number uint32) bool {
	svc, ok := s.serviceFor(client, host)
	return ok && svc.sniffsHTTP(number)
}

// undeclaredNamePort is the port on which a name that nothing declares has a virtual host.
const undeclaredNamePort = 80

// undeclaredNameHops returns the hops of requests for a name that nothing declares, and a VirtualService is for. It has a
// virtual host on port 80 alone (pilot/pkg/networking/core/route/route.go buildSidecarVirtualHostsForVirtualService).
func (s *Snapshot) undeclaredNameHops(c asked) []hop {
	if c.number != undeclaredNamePort {
		return nil
	}
	r := matchContext{gateway: meshGateway, host: c.name, port: c.number, client: c.client}
	var hops []hop
	for _, l := range s.egressListeners(c.client) {
		for _, v := range s.selectVirtualServices(c.client, c.name, l) {
			if !v.namesHost(c.name) || !s.appliesToSidecar(v, r, l) {
				continue
			}
			list, _ := s.httpDestinationsOf(v, r)
			for _, d := range list {
				hops = append(hops, s.followRoute(c.client, c.name, FamilyHTTP, s.completeDestination(c.client, l, d, c.number))...)
			}
		}
	}
	return hops
}

// divertedByHop returns where a hop of a service's connections leads elsewhere, or that a rule disables its TLS.
func (s *Snapshot) divertedByHop(c asked, svc scopedService, h hop) *diverted {
	if h.kind == HopGateway || h.kind == HopNone {
		return nil
	}
	to, ok := s.serviceFor(h.client, h.host)
	if !ok {
		return nil // nothing is sent there until something declares it
	}
	if h.kind == hopInside {
		h.cluster, h.exists = s.cluster(h.client, to, h.port, h.subset)
	}
	if !h.exists || s.keepsUnderTLS(c, svc, h) {
		return nil
	}
	if cause := h.cluster.Cause; cause == CauseDisabled || cause == CauseNoMode {
		routed := h.route != nil && h.route.author.Namespace != svc.namespace // by somebody else, to where there is no TLS
		if !routed && to.namespace == svc.namespace && !s.leavesMesh(to.service) {
			return &diverted{cause: cause, to: to.host, decision: h.cluster.Hop.DecidedBy}
		}
	}
	d := Diversion{By: to.ref, To: to.host, Service: to.ref, Outside: s.leavesMesh(to.service)}
	if h.route != nil {
		d.By = h.route.author
	}
	return &diverted{cause: CauseRoutedElsewhere, to: to.host, diversion: &d}
}

// keepsUnderTLS reports whether what was meant for a service stays, by a hop, as safe as it was:
//  1. outside the mesh: under TLS, to a host of the service's namespace, the client's or the root namespace;
//  2. inside: at a service of these namespaces, or at a Kubernetes Service of one to whose VirtualService these delegate, unless
//     a rule disables TLS, or where all endpoints are known to take mutual TLS.
func (s *Snapshot) keepsUnderTLS(c asked, svc scopedService, h hop) bool {
	to := h.cluster.service
	if to.service == nil {
		return true
	}
	owners := []string{svc.namespace, c.client.Namespace, s.settings.RootNamespace}
	trusted := slices.Contains(owners, to.namespace)
	if s.leavesMesh(to.service) {
		return trusted && h.verdict() == Originated
	}
	if h.cluster.Cause == CauseDisabled || h.cluster.Cause == CauseNoMode {
		return false
	}
	delegated := h.route != nil && h.route.author.Namespace == to.namespace && slices.Contains(owners, h.route.virtualService.Namespace)
	return trusted || delegated && to.kubernetes || h.cluster.everywhere
}

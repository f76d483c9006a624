package mesh

import (
	"iter"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// withdrawn adds the flows by which clients of other namespaces lose the mutual TLS that Istio starts towards a service of the mesh,
// by an object of the service's own namespace:
//  1. a Service that hides from them, is for UDP now, or is another name of a server outside;
//  2. a rule that disables TLS, or starts one in which nobody is checked, or a route to a subset, or another Service, with such a rule;
//  3. a rule that starts no TLS any more for an entry inside the mesh, whose servers may take no mutual TLS at all.
//
// So is a rule of the root namespace for services of whatever namespace, which is the mesh's own to write: it is told of the first that
// it finds.
//
// It is its owner's to say how it is called, so that this is told and not refused; whether its pods take mutual TLS is not known
// here, but for a PeerAuthentication with mode DISABLE. What hangs on the mesh's own TLS, as AuthorizationPolicies that ask for
// identities, shows what is lost. Waypoints, gateways and ztunnel are not looked at. Here shop's requests to pay go in plaintext:
//
//	kind: Service                                 # its old version had no annotation
//	metadata:
//	  name: pay
//	  namespace: bank
//	  annotations: {networking.istio.io/exportTo: "."}
func (r *review) withdrawn() { (&withdrawnReview{review: r}).add() }

// withdrawnReview is the review of an object as to the mutual TLS of its namespace's services. It is told and not refused, so that it
// ends without a word where it would cost too much.
type withdrawnReview struct {
	*review
	work int // the sum of what was spent, see routeCost and hopCost
}

func (r *withdrawnReview) add() {
	o := r.reviewed()
	if o == nil || r.isRoots() && o.Kind != KindDestinationRule {
		return
	}
	switch o.Kind {
	case KindService:
		if r.object == nil || r.old == nil {
			return // nobody calls what is gone, and nobody did what is new
		}
		sr := &serviceReview{review: r.review, host: r.after.settings.servicesOf(r.object)[0].host}
		if !sr.sameForRoutes() {
			r.from(sr.host)
		}
	case KindDestinationRule:
		for _, version := range r.versions() {
			r.fromAll(r.after.hostsCoveredBy(r.after.settings.qualify(ruleSpec(version).Host, version.Namespace)))
		}
	case KindVirtualService, KindHTTPRoute, KindGRPCRoute, KindTCPRoute:
		rr := &routeReview{review: r.review, routes: []Ref{o.Ref}}
		for _, pattern := range rr.hosts() {
			r.fromAll(r.after.hostsCoveredBy(pattern))
		}
	}
}

// fromAll adds the flows to those of some hosts that are of the namespace under review: what a rule or a route does to
// maxLookedAt of these it does to the others.
func (r *withdrawnReview) fromAll(hosts iter.Seq2[string, []*service]) {
	looked := 0
	for known, services := range hosts {
		if r.stopped() || looked == maxLookedAt || r.isRoots() && len(r.flows) >= maxTakenHosts {
			return
		}
		if slices.ContainsFunc(services, r.isReviewedOwners) {
			looked++
			r.from(known)
		}
	}
}

// isRoots reports whether the object under review is of the root namespace.
func (r *withdrawnReview) isRoots() bool {
	return r.reviewed().Namespace == r.after.settings.RootNamespace
}

// isReviewedOwners reports whether a service is of the namespace of the object under review, or of any where that is the root
// namespace, and a Service or, where a rule is reviewed, an entry with location MESH_INTERNAL.
func (r *withdrawnReview) isReviewedOwners(svc *service) bool {
	return (svc.namespace == r.reviewed().Namespace || r.isRoots()) && (svc.kubernetes || r.reviewed().Kind == KindDestinationRule && !svc.meshExternal)
}

// from adds the flows of clients of other namespaces to a host that lose its mutual TLS.
func (r *withdrawnReview) from(host string) {
	if len(r.after.gatewaysBehind(host)) > 0 {
		return // see plaintext-gateway-hop
	}
	clients := r.after.Clients(host)
	for _, c := range r.before.Clients(host) {
		if !slices.ContainsFunc(clients, func(have Client) bool { return have.compare(c) == 0 }) {
			clients = append(clients, c)
		}
	}
	for _, client := range clients {
		if client.Kind != ClientSidecar || client.Namespace == r.reviewed().Namespace {
			continue
		}
		for _, number := range r.before.Ports(host) {
			if r.work += hopCost + r.routeCost; r.stopped() || r.work > maxRouteWork {
				return
			}
			svc, ok := r.before.serviceFor(client, host)
			switch {
			case !ok || !r.isReviewedOwners(svc.service) || !r.before.isMeshService(svc.service):
			case !svc.kubernetes:
				r.addLostByRule(client, svc, number)
			case r.before.startsMTLS(client, svc, number):
				r.addFlow(client, svc, number)
			}
		}
	}
}

// addFlow adds the flow of what a client sends to a port of a service, which was under mutual TLS, where it is not any more, or
// is under TLS in which nobody is checked.
func (r *withdrawnReview) addFlow(client Client, was scopedService, number uint32) {
	h := hop{client: client, host: was.host, port: number}
	cause := r.reason(client, was, number)
	if cause == CauseNone {
		without, ok := r.after.hopWithoutMTLS(client, was.host, number)
		if !ok {
			return
		}
		h, cause = without, without.cluster.Cause
	}
	r.addWithdrawn(client, was, number, h.cluster.Hop, cause)
}

// addWithdrawn adds the flow of what a client sends to a port of a service, by its hop after the review.
func (r *withdrawnReview) addWithdrawn(client Client, was scopedService, number uint32, after Hop, cause Cause) {
	p, _ := was.port(number)
	f := Flow{
		Path:    Path{Client: client, Host: was.host, Port: number, Hops: []Hop{after}, Verdict: Originated, Cause: cause},
		HopKind: HopMesh, Protocol: p.protocol, Family: p.family(), Payload: r.before.payloadFrom(client, was, p), Service: &was.ref, Before: Originated,
	}
	if cause != CauseNone {
		f.Verdict, f.Related = Plaintext, was.ref.String()
		f.Hops[0].Names = []string{}
	}
	key := flowKey{kind: client.Kind, client: client.Namespace + labelsKey(client.Labels), host: was.host, port: number, hopKind: HopMesh}
	if _, known := r.index[key]; !known {
		r.index[key] = len(r.flows)
		r.flows = append(r.flows, f)
	}
}

// addLostByRule adds the flow of what a client sends to a port of an entry inside the mesh to which a rule started TLS, where none starts
// it any more, and the mesh's own is not what all of its servers take.
func (r *withdrawnReview) addLostByRule(client Client, was scopedService, number uint32) {
	earlier, had := r.before.cluster(client, was, number, "")
	svc, ok := r.after.serviceFor(client, was.host)
	if !had || !ok || earlier.Hop.TLS == "" || earlier.Family == FamilyTLS {
		return
	}
	if now, has := r.after.cluster(client, svc, number, ""); has && now.Hop.TLS == "" && !now.everywhere {
		r.addWithdrawn(client, was, number, now.Hop, now.Cause)
	}
}

// reason returns the reason why a client's proxy passes on what it sends to a port of a service that it had: it has none any
// more, or one for another protocol, or another name of a server outside, to which nothing starts TLS; CauseNone where it does not.
func (r *withdrawnReview) reason(client Client, was scopedService, number uint32) Cause {
	svc, ok := r.after.serviceFor(client, was.host)
	p, has := svc.port(number)
	switch {
	case ok && isExternalName(svc.service) && r.after.isOutside(was.host, true):
		if egressVerdict(r.after.hops(client, was.host, number)) != Originated && (r.after.allowsAny(client) || r.after.isExternal(svc.externalName)) {
			return CauseRenamed
		}
	case !r.after.allowsAny(client):
		return CauseNone // nothing is passed on
	case !ok && r.after.Get(was.ref) != nil:
		return CauseNotExported
	case ok && has && p.family() == FamilyUDP:
		return CauseDeclaredOtherwise
	}
	return CauseNone
}

// startsMTLS reports whether a client's proxy starts mutual TLS of the mesh, or TLS in which somebody is checked, wherever it sends
// what is for a port of a Service inside the mesh, as far as the pods may take it.
func (s *Snapshot) startsMTLS(client Client, svc scopedService, number uint32) bool {
	p, has := svc.port(number)
	if !has || p.family() == FamilyTLS || p.family() == FamilyUDP || s.modeAt(svc.namespace, svc.selector, otherPorts) == disabledMode {
		return false
	}
	_, without := s.hopWithoutMTLS(client, svc.host, number)
	return !without && slices.ContainsFunc(s.hops(client, svc.host, number), func(h hop) bool { return h.host == svc.host })
}

// hopWithoutMTLS returns the first hop, of what a client sends to a port of a host, to a Service inside the mesh to which its proxy
// starts no TLS, or one in which nobody is checked; ok is false where there is none.
func (s *Snapshot) hopWithoutMTLS(client Client, host string, number uint32) (found hop, ok bool) {
	for _, h := range s.hops(client, host, number) {
		svc, known := s.serviceFor(h.client, h.host)
		if !known || h.kind == HopGateway || h.kind == HopNone || !svc.kubernetes || !s.isMeshService(svc.service) {
			continue
		}
		if h.kind == hopInside {
			h.cluster, h.exists = s.cluster(h.client, svc, h.port, h.subset)
			h.cluster.Hop.Verified = h.cluster.Hop.verifiesNameOf(h.cluster.service, h.payload)
		}
		isMutual := h.cluster.Hop.TLS == networking.ClientTLSSettings_ISTIO_MUTUAL.String()
		isPlain := h.cluster.Cause == CauseDisabled || h.cluster.Cause == CauseNoMode
		if h.exists && (isPlain || h.cluster.Hop.TLS == "" && s.settings.NoAutoMTLS || h.cluster.Hop.TLS != "" && !isMutual && !h.cluster.Hop.Verified) {
			return h, true
		}
	}
	return hop{}, false
}

package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// OpenedServer is a Gateway's server for callers without an identity of the mesh, by which a route leads to a host that the
// same pods were asked to keep to callers with one. Here the second Gateway lets anybody out to edition.cnn.com who reaches
// port 80 of the pods, once a VirtualService that is bound to it leads there:
//
//	metadata: {name: egress, namespace: istio-system}     metadata: {name: mine, namespace: team}
//	spec:                                                 spec:
//	  selector: {istio: egressgateway}                      selector: {istio: egressgateway}
//	  servers:                                              servers:
//	  - hosts: [edition.cnn.com]                            - hosts: ["*"]
//	    port: {number: 443, protocol: HTTPS, ...}             port: {number: 80, protocol: HTTP, ...}
//	    tls: {mode: ISTIO_MUTUAL}
type OpenedServer struct {
	// Gateway is the Gateway of the server, Route the VirtualService that leads from it to the host.
	Gateway Ref `json:"gateway"`
	Route   Ref `json:"route"`
	// Server is the index of the server in the Gateway's spec.servers, Port its number and Protocol what it speaks.
	Server   int    `json:"server"`
	Port     uint32 `json:"port"`
	Protocol string `json:"protocol"`
	// Guarded is the Gateway whose servers ask the callers to that host for an identity.
	Guarded Ref `json:"guarded"`
	// AnyCertificate reports whether it asks for a certificate, and takes one that nobody has signed as well.
	AnyCertificate bool `json:"anyCertificate,omitempty"`
	// Owned reports whether it is opened by the namespace of the pods, by that of the route that leads to the host from
	// Guarded, or by the only one that declares the host.
	Owned bool `json:"owned"`
}

// gatewayWay is a way through a gateway's pods to a host.
type gatewayWay struct {
	gateway *Object
	route   *virtualService
	client  Client
}

// isMutual reports whether the server asks all callers for an identity of the mesh, and checks it.
func (srv gatewayServer) isMutual() bool {
	return srv.isTLS() && srv.tls.GetMode() == networking.ServerTLSSettings_ISTIO_MUTUAL && !srv.takesAnyCertificate()
}

// asksForIdentity reports whether the server asks all callers for an identity of the mesh, or passes on their TLS as it is,
// which is for who ends it to judge.
func (srv gatewayServer) asksForIdentity() bool { return srv.isMutual() || srv.isTLSPassthrough() }

// withOpened sets which servers the review opens for changes of gateways' hops.
func (r *review) withOpened(list []change) []change {
	for i := range list {
		list[i].opened = r.openedServer(list[i].hop)
	}
	return list
}

// opening returns the changes for which the review opens a server.
func opening(list []change) []change {
	return slices.DeleteFunc(list, func(c change) bool { return c.opened == nil })
}

// openedServer returns the server that the review opens for what leaves by a hop out of a gateway; nil where there is none.
func (r *review) openedServer(h hop) *OpenedServer {
	if h.kind != HopEgress || h.client.Kind != ClientGateway || len(h.client.Gateways) != 1 || h.route == nil {
		return nil
	}
	open := gatewayWay{gateway: r.after.gateway(parseGatewayName(h.client.Gateways[0])), route: h.route.virtualService, client: h.client}
	if open.gateway == nil {
		return nil
	}
	servers := r.waysAfter().openServersTo(open, h.host)
	if len(servers) == 0 || r.wasOpen(open.gateway, h.host) {
		return nil
	}
	guard := r.guardOf(open.gateway, h.host)
	if guard == nil {
		return nil
	}
	return &OpenedServer{
		Gateway: open.gateway.written(), Route: open.route.source(), Server: servers[0].indexIn(open.gateway),
		Port: servers[0].number, Protocol: servers[0].protocol, Guarded: guard.gateway.written(), Owned: r.mayOpen(*guard, h),
		AnyCertificate: servers[0].takesAnyCertificate(),
	}
}

// mayOpen reports whether the author of the review may decide on who comes out by a hop: the author is of the pods'
// namespace, or of that of the way that asks for an identity, or is the only one that declares the host.
func (r *review) mayOpen(guard gatewayWay, h hop) bool {
	author := r.reviewed().Namespace
	return author == h.client.Namespace || author == guard.route.Namespace ||
		!slices.ContainsFunc(r.after.services.At(h.host), func(svc *service) bool { return svc.namespace != author })
}

// indexIn returns the index of the server in its Gateway's spec, 0 where it is not there.
func (srv gatewayServer) indexIn(g *Object) int {
	if g.listener != nil {
		return g.listener.index
	}
	return max(0, slices.IndexFunc(gatewaySpec(g).Servers, func(s *networking.Server) bool {
		return s.GetPort().GetNumber() == srv.number && s.GetPort().GetName() == srv.name
	}))
}

// guardOf returns the way to a host through the pods of a Gateway on which callers are asked for an identity, one of another
// namespace than the author's where there is any; nil where there is none.
func (r *review) guardOf(gateway *Object, host string) *gatewayWay {
	ways := r.waysAfter()
	at := placeOfWay{gateway.Ref, host}
	if found, known := ways.guards[at]; known {
		return found
	}
	var found *gatewayWay
	for w := range ways.to(host, gateway, func(g *gatewayFacts) bool { return g.mutual }) {
		if r.stopped() {
			return nil
		}
		if w.gateway.Ref == gateway.Ref || !slices.ContainsFunc(ways.serversTo(w, host), gatewayServer.isMutual) {
			continue
		}
		if found = &w; w.route.Namespace != r.reviewed().Namespace {
			break
		}
	}
	ways.guards[at] = found
	return found
}

// wasOpen reports whether before the review callers without an identity came out to a host by the pods of a Gateway.
func (r *review) wasOpen(gateway *Object, host string) bool {
	ways := r.waysBefore()
	at := placeOfWay{gateway.Ref, host}
	if open, known := ways.open[at]; known {
		return open
	}
	open := false
	for w := range ways.to(host, gateway, func(g *gatewayFacts) bool { return g.open }) {
		if r.stopped() {
			return false
		}
		if len(ways.openServersTo(w, host)) > 0 {
			open = true
			break
		}
	}
	ways.open[at] = open
	return open
}

// sharePods reports whether two Gateways configure the same pods, as far as the mesh tells: one selects what the other asks
// for, or a Service of theirs, or of the root namespace, leads to pods that both select.
func (s *Snapshot) sharePods(a, b *Object) bool {
	first, second := gatewaySpec(a).Selector, gatewaySpec(b).Selector
	both, ok := joinLabels(first, second)
	ok = ok && s.settings.gatewaysMeet(a, b)
	if !ok || selectorMatches(first, second) || selectorMatches(second, first) {
		return ok
	}
	svc := s.serviceSelectedBy(a.Namespace, both)
	return svc != nil && slices.Contains([]string{s.settings.RootNamespace, a.Namespace, b.Namespace}, svc.Namespace)
}

// authorizesGateway reports whether an AuthorizationPolicy keeps callers without an identity out of a gateway's pods.
func (s *Snapshot) authorizesGateway(client Client) bool {
	return s.policyForGateway(client, authorization.asksAllForIdentity) != nil
}

// policyForGateway returns the first AuthorizationPolicy for a gateway's pods for which wanted is true; nil where there is none.
func (s *Snapshot) policyForGateway(client Client, wanted func(authorization) bool) *Object {
	labels := client.Labels
	if svc := s.serviceSelectedBy(client.Namespace, labels); svc != nil {
		labels = svc.Spec.(*Service).Selector
	}
	for _, namespace := range []string{client.Namespace, s.settings.RootNamespace} {
		for _, o := range s.objects.Prefix(KindAuthorizationPolicy + "\x00" + namespace + "\x00") {
			a, ok := authorizationOf(o)
			if ok && len(a.targets()) == 0 && wanted(a) && selectorMatches(a.selector(), labels) {
				return o
			}
		}
	}
	return nil
}

// asksAllForIdentity reports whether the policy lets nobody in without an identity.
func (a authorization) asksAllForIdentity() bool {
	if !a.isAllow() {
		return a.keepsOut()
	}
	return len(a.rulesForAnybody()) == 0
}

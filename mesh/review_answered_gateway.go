package mesh

import (
	"slices"

	"github.com/tlsward/tlsward/mesh/host"
)

// answeredAtGateways is answeredByOthers for what a client sends through the pods of a gateway: there the route of a third party
// answers it. The gateway is everybody's who sends something there, so that a match for some requests is enough. Here team-a
// answers what others log in with:
//
//	metadata: {name: x, namespace: team-a}
//	spec:
//	  hosts: [api.example.com]
//	  gateways: [egress/egress]
//	  http: [{match: [{uri: {prefix: /login}}], directResponse: {status: 200}}]
func (r *routeReview) answeredAtGateways(client Client, name string, number uint32) []change {
	answering := r.answeringAtGateways(name)
	if len(answering) == 0 {
		return nil
	}
	earlier := r.hopsBefore(client, name, number)
	if egressVerdict(earlier) != Originated {
		return nil
	}
	c := takenConnection{review: r.review, client: client, declared: name, name: name, number: number}
	var servers portServers
	for _, h := range earlier {
		if h.kind == HopGateway {
			servers = h.servers
		}
		if h.kind != HopEgress || h.client.Kind != ClientGateway || h.payload == FamilyTLS {
			continue
		}
		v, by := r.answerOfServers(answering, servers, h.client, name)
		if by == nil {
			continue
		}
		h.kind, h.route, h.decidedBy = HopNone, &routeDestination{virtualService: v, author: by.Object}, by
		if !c.isOfThirdParty(h.route) {
			continue
		}
		owner := r.declaredByOther(client, name, by.Object.Namespace)
		return []change{{hop: h, before: Originated, lost: &LostVerification{Host: name, Service: owner.ref, Names: []string{}}}}
	}
	return nil
}

// answeringAtGateways returns the VirtualServices under review, and those that delegate to one, that may answer requests for a
// name at gateways.
func (r *routeReview) answeringAtGateways(name string) []*virtualService {
	if r.object == nil {
		return nil
	}
	list := slices.Clone(r.after.virtualServicesOf(r.object))
	for _, root := range r.after.virtualServices.Prefix(byDelegate + r.object.key() + "\x00") {
		list = append(list, root)
	}
	return slices.DeleteFunc(list, func(v *virtualService) bool {
		isOther := func(gateway string) bool { return gateway != meshGateway }
		if !slices.ContainsFunc(v.gateways, isOther) || !slices.ContainsFunc(v.hosts, func(pattern string) bool { return host.Matches(pattern, name) }) {
			return true
		}
		for route := range r.after.authoredRoutes(v) {
			if answersInPlace(route, name) {
				return false
			}
		}
		return true
	})
}

// answerOfServers returns the first of some VirtualServices that answers requests for a name at one of some servers of a gateway,
// and its route that does; nil where none does.
func (r *routeReview) answerOfServers(answering []*virtualService, servers portServers, gateway Client, name string) (*virtualService, *Decision) {
	for _, v := range answering {
		for _, srv := range servers {
			if by := r.answerAt(v, matchContext{gateway: srv.gateway, host: name, port: srv.number, client: gateway}); by != nil {
				return v, by
			}
		}
	}
	return nil, nil
}

// answerAt returns the first route of a VirtualService that answers requests at a gateway; nil where none does.
func (r *routeReview) answerAt(v *virtualService, at matchContext) *Decision {
	if !slices.Contains(v.gateways, at.gateway) {
		return nil
	}
	for route, authors := range r.after.authoredRoutes(v) {
		applies, whole := matchHTTP(v, route, at)
		switch {
		case applies && answersInPlace(route, at.host):
			return decisionToAnswer(route, authors)
		case whole:
			return nil
		}
	}
	return nil
}

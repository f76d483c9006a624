package mesh

import (
	"net/http"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// answeredByOthers returns the changes of requests for name, which were under TLS, that the VirtualService under review, of a
// third party (see routedInside), answers in the server's place: by a redirect that leads elsewhere or stays in plaintext, by a
// response, or by a fault that is no error. Nothing of them leaves, but the application takes the answer for that of the server whose name was checked. Here
// it is sent, in plaintext, to another server. So does another VirtualService where that under review took them before:
//
//	metadata: {name: x, namespace: team-a}
//	spec:
//	  hosts: [api.example.com]
//	  http: [{redirect: {authority: evil.example.net}}]
func (r *routeReview) answeredByOthers(earlier []hop, client Client, declared, name string, number uint32) []change {
	c := takenConnection{review: r.review, client: client, declared: declared, name: name, number: number}
	svc, p, ok := r.externalPort(client, declared, number)
	if !ok || p.family() == FamilyTLS || egressVerdict(earlier) != Originated {
		return nil
	}
	answers := func(route *networking.HTTPRoute) bool { return answersInPlace(route, name) }
	v, by := r.after.answeringRoute(client, svc, name, p, answers)
	if by == nil {
		return nil
	}
	to := &routeDestination{virtualService: v, author: by.Object}
	if !slices.Contains(r.routes, to.by()) && !r.takeAny(earlier) || !c.isOfThirdParty(to) {
		return nil
	}
	h := r.after.directHop(client, svc, number, "", FamilyHTTP)
	h.kind, h.route, h.decidedBy = HopNone, to, by
	owner := r.declaredByOther(client, declared, by.Object.Namespace)
	return []change{{hop: h, before: Originated, lost: &LostVerification{Host: name, Service: owner.ref, Names: []string{}}}}
}

// answeringRoute returns the VirtualService that takes a sidecar's requests for a name, and its first route, or that of a
// delegate, which answers some of them in the server's place; nil where none does.
func (s *Snapshot) answeringRoute(client Client, svc scopedService, name string, p port, answers func(*networking.HTTPRoute) bool) (*virtualService, *Decision) {
	l, heard := s.egressListenerFor(client, svc, p)
	if !heard || client.Kind != ClientSidecar || l.parsedAs(p) != FamilyHTTP && l.parsedAs(p) != FamilyUnspecified {
		return nil, nil
	}
	r := matchContext{gateway: meshGateway, host: name, port: p.number, client: client}
	for _, v := range s.virtualServicesForRequests(s.selectVirtualServices(client, svc.host, l), svc.host, r, l) {
		by, taken := s.firstAnswer(v, r, answers)
		if by != nil {
			return v, by
		}
		if taken {
			break
		}
	}
	return nil, nil
}

// firstAnswer returns the first route of a VirtualService that answers what it takes, nil if none does, and whether any takes
// something.
func (s *Snapshot) firstAnswer(v *virtualService, at matchContext, answers func(*networking.HTTPRoute) bool) (by *Decision, taken bool) {
	for route, authors := range s.authoredRoutes(v) {
		applies, whole := matchHTTP(v, route, at)
		if applies && answers(route) {
			return decisionToAnswer(route, authors), true
		}
		if taken = taken || applies; whole {
			break
		}
	}
	return nil, taken
}

// decisionToAnswer returns the field that has a route answer requests.
func decisionToAnswer(route *networking.HTTPRoute, authors routeAuthors) *Decision {
	decided := authors.decision(route)
	if route.Redirect == nil && route.DirectResponse == nil {
		decided.Field = authors.rule + ".fault"
	}
	return decided
}

// answersInPlace reports whether a route answers requests for a name itself, other than by sending them to the same name under
// TLS, or by an error.
func answersInPlace(route *networking.HTTPRoute, name string) bool {
	to := route.GetRedirect()
	if to == nil {
		return route.GetDirectResponse() != nil || isAnswer(route.GetFault().GetAbort())
	}
	host, _, _ := strings.Cut(to.Authority, ":")
	return host != "" && !strings.EqualFold(host, name) || to.Scheme != "https"
}

// isAnswer reports whether a fault is no error to whom it is sent.
func isAnswer(abort *networking.HTTPFaultInjection_Abort) bool {
	status := abort.GetHttpStatus()
	return status >= http.StatusOK && status < http.StatusBadRequest && (abort.GetPercentage() == nil || abort.GetPercentage().GetValue() > 0)
}

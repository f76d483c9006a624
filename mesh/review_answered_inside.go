package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// answered is answeredByOthers for services of the mesh of other namespaces: the mesh's own mutual TLS said who answers. Here
// everybody who calls pay is sent to another server:
//
//	metadata: {name: x, namespace: team-a}
//	spec:
//	  hosts: [pay.bank.svc.cluster.local]
//	  http: [{redirect: {authority: evil.example.net}}]
func (r *divertedReview) answered() {
	if r.object == nil || !r.mayAnswer() {
		return
	}
	rr := &routeReview{review: r.review, routes: []Ref{r.reviewed().Ref}}
	for _, pattern := range rr.hosts() {
		for _, victim := range r.after.servicesNamed(pattern) {
			r.answeredFor(victim, strings.ToLower(pattern))
		}
		for class := range r.hostClasses(pattern) {
			if !host.IsWildcard(class.host) {
				r.answeredFor(class.host, class.host)
			}
		}
	}
}

// mayAnswer reports whether any route of sidecars, of the object under review or of one that delegates to it, answers requests for
// whatever name.
func (r *divertedReview) mayAnswer() bool {
	list := slices.Clone(r.after.virtualServicesOf(r.object))
	for _, root := range r.after.virtualServices.Prefix(byDelegate + r.object.key() + "\x00") {
		list = append(list, root)
	}
	return slices.ContainsFunc(list, func(v *virtualService) bool {
		if !slices.Contains(v.gateways, meshGateway) {
			return false
		}
		for route := range r.after.authoredRoutes(v) {
			if answersForService(route, "") {
				return true
			}
		}
		return false
	})
}

// answersForService reports whether a route answers requests for a name of a service itself, other than by sending them to the same
// name, or by an error.
func answersForService(route *networking.HTTPRoute, name string) bool {
	if to := route.GetRedirect(); to != nil && to.Authority == "" {
		return false
	}
	return answersInPlace(route, name) && !redirectsTo(route, name)
}

// redirectsTo reports whether a route redirects requests to a name, under whatever scheme.
func redirectsTo(route *networking.HTTPRoute, name string) bool {
	to, _, _ := strings.Cut(route.GetRedirect().GetAuthority(), ":")
	return to != "" && strings.EqualFold(to, name)
}

// answeredFor adds the flows of requests for a service, by a name of it, that are answered in its place.
func (r *divertedReview) answeredFor(known, name string) {
	if r.victims >= maxTakenHosts || !slices.ContainsFunc(r.after.services.At(known), func(svc *service) bool {
		return svc.kubernetes && svc.namespace != r.reviewed().Namespace && r.after.isMeshService(svc)
	}) {
		return
	}
	if r.asked++; r.asked > maxLookedAt {
		r.exceed("it answers for more than the %d services of other namespaces that a review looks at: name fewer hosts", maxLookedAt)
		return
	}
	found := false
	for _, client := range r.clientsOf(known, name) {
		for _, number := range r.after.Ports(known) {
			if r.stopped() {
				return
			}
			r.spend(1)
			found = r.addAnswered(asked{client: client, host: known, name: name, number: number}) || found
		}
	}
	if found {
		r.victims++
	}
}

// addAnswered adds the flow of a client's requests that are answered now, and went under mutual TLS before.
func (r *divertedReview) addAnswered(c asked) bool {
	svc, ok := r.after.serviceFor(c.client, c.host)
	was, existed := r.before.serviceFor(c.client, c.host)
	p, has := svc.port(c.number)
	if !ok || !existed || !has || svc.namespace == r.reviewed().Namespace || !r.after.settings.isNameFor(c.name, c.host, c.client.Namespace) {
		return false
	}
	v, by := r.after.answeringRouteFor(c, svc, p)
	if by == nil || !r.before.startsMTLS(c.client, was, c.number) {
		return false
	}
	to := &routeDestination{virtualService: v, author: by.Object}
	third := takenConnection{review: r.review, client: c.client, declared: c.host, name: c.name, number: c.number}
	if by.Object != r.reviewed().Ref && v.source() != r.reviewed().Ref || !third.isOfThirdParty(to) {
		return false
	}
	h := r.after.directHop(c.client, svc, c.number, "", FamilyHTTP)
	h.kind, h.route, h.decidedBy = HopNone, to, by
	r.addEgress(change{hop: h, before: Originated, lost: &LostVerification{Host: c.name, Service: svc.ref, Names: []string{}}})
	return true
}

// answeringRouteFor returns the VirtualService and the route that answer requests for a name of a service in its place; nil where
// none does.
func (s *Snapshot) answeringRouteFor(c asked, svc scopedService, p port) (*virtualService, *Decision) {
	answers := func(route *networking.HTTPRoute) bool {
		return answersForService(route, c.name) && !redirectsTo(route, c.host)
	}
	if c.name == c.host {
		return s.answeringRoute(c.client, svc, c.name, p, answers)
	}
	if c.number != undeclaredNamePort || p.family() != FamilyHTTP && p.family() != FamilyUnspecified {
		return nil, nil
	}
	at := matchContext{gateway: meshGateway, host: c.name, port: c.number, client: c.client}
	for _, l := range s.egressListeners(c.client) {
		for _, v := range s.selectVirtualServices(c.client, c.name, l) {
			if !v.namesHost(c.name) || !s.appliesToSidecar(v, at, l) {
				continue
			}
			if by, _ := s.firstAnswer(v, at, answers); by != nil {
				return v, by
			}
		}
	}
	return nil, nil
}

package mesh

import (
	"cmp"
	"slices"
	"strings"
)

// named adds what is taken of services by a host that is another name of theirs, or has a short name that is one, and what is
// taken of wildcards over such a name. name is the host as clients write it.
func (r *divertedReview) named(host, name string) {
	for _, victim := range r.after.servicesNamed(host) {
		r.victim(victim, name)
	}
	if absolute, ok := strings.CutSuffix(name, "."); ok && len(r.after.services.At(absolute)) == 0 {
		for _, wide := range r.after.externalWildcardsOver(absolute) {
			r.victim(wide, name)
		}
	}
	for _, short := range r.after.shortNames(host) {
		for _, victim := range append(r.after.servicesNamed(short), r.after.externalWildcardsOver(short)...) {
			if victim != host {
				r.victimOf(asked{host: victim, name: short, shortOf: host})
			}
		}
	}
}

// victim adds the flows of a service that are diverted by a name of it.
func (r *divertedReview) victim(known, name string) { r.victimOf(asked{host: known, name: name}) }

// victimOf adds the flows of a service that are diverted, of all clients and ports.
func (r *divertedReview) victimOf(c asked) {
	known, name := c.host, c.name
	own := func(svc *service) bool { return svc.namespace == r.reviewed().Namespace }
	if r.victims >= maxTakenHosts || !slices.ContainsFunc(r.after.services.At(known), func(svc *service) bool { return !own(svc) }) {
		return
	}
	if r.looked++; r.looked > maxLookedAt {
		r.exceed("it concerns more than the %d services of other namespaces that a review looks at: name fewer hosts", maxLookedAt)
		return
	}
	found := false
	for _, client := range r.clientsOf(known, cmp.Or(c.shortOf, name)) {
		for _, number := range r.after.Ports(known) {
			if r.stopped() {
				return
			}
			svc, ok := r.after.serviceFor(client, known)
			if !ok || own(svc.service) || !r.after.settings.isNameFor(name, known, client.Namespace) {
				continue
			}
			r.spend(1)
			c.client, c.number = client, number
			found = r.addDiverted(c) || found
		}
	}
	if found {
		r.victims++
	}
}

// clientsOf returns the sidecars that may be configured differently for a service, or for one of its names.
func (r *divertedReview) clientsOf(known, name string) []Client {
	namespaces := append(r.after.clientNamespaces(known), r.reviewed().Namespace)
	if name != known {
		namespaces = append(namespaces, r.after.clientNamespaces(name)...)
	}
	for _, o := range r.versions() {
		for _, svc := range r.after.settings.servicesOf(o) {
			namespaces = append(namespaces, svc.exportScopes()...)
		}
	}
	slices.Sort(namespaces)
	var list []Client
	for _, namespace := range slices.Compact(namespaces) {
		list = append(list, r.after.clientsIn(namespace, known)...)
	}
	return slices.DeleteFunc(list, func(c Client) bool { return c.Kind != ClientSidecar })
}

// addDiverted adds the flow of what a client sends to a service where it is diverted now and was not before.
func (r *divertedReview) addDiverted(c asked) bool {
	svc, _ := r.after.serviceFor(c.client, c.host)
	now := r.divertedIn(r.after, c)
	if now == nil || r.isOwnersOrRoots(svc, now.by()) || r.wasDiverted(c, now) || !r.wasUnderTLS(c, now) {
		return false
	}
	p, _ := svc.port(c.number)
	h := r.after.directHop(c.client, svc, c.number, "", r.after.payloadFrom(c.client, svc, p))
	h.kind = HopMesh
	if _, known := r.index[h.key()]; known {
		return true
	}
	f := h.flow()
	f.Service, f.Diverted, f.Verdict, f.Cause, f.Before = &svc.ref, now.diversion, Plaintext, now.cause, Originated
	f.Hops = []Hop{{From: c.client.String(), To: now.to, Port: c.number, Protocol: h.cluster.Protocol, Names: []string{}, DecidedBy: now.decision}}
	r.index[h.key()] = len(r.flows)
	r.flows = append(r.flows, f)
	return true
}

// wasDiverted reports whether what a client sends to a service was diverted before the review. By a short name it was by chance, as
// two virtual hosts have it and none goes first, until a VirtualService for the entry's host makes it certain; so it is by an address
// that two entries have.
func (r *divertedReview) wasDiverted(c asked, now *diverted) bool {
	was := r.divertedIn(r.before, c)
	if was == nil {
		return false
	}
	if was.byChance() {
		return now.byChance()
	}
	byShortName := c.shortOf != "" && was.by().Kind == KindServiceEntry
	return !byShortName || r.old != nil || r.reviewed().Kind != KindVirtualService
}

// isOwnersOrRoots reports whether the service's own namespace, or the root namespace, says where its connections go.
func (r *divertedReview) isOwnersOrRoots(svc scopedService, by Ref) bool {
	return by.Namespace == svc.namespace || by.Namespace == r.after.settings.RootNamespace
}

// wasUnderTLS reports whether what a client sent to a service was under TLS: that of a rule or, towards a service of the mesh,
// the mutual TLS that Istio starts by itself. What was under TLS outside and still leaves is judged with all that leaves.
func (r *divertedReview) wasUnderTLS(c asked, now *diverted) bool {
	svc, ok := r.before.serviceFor(c.client, c.host)
	if !ok || !svc.hasPort(c.number) {
		return false
	}
	if r.before.leavesMesh(svc.service) {
		if now.cause == CauseRoutedElsewhere && !now.leaves() && c.client.Namespace != now.by().Namespace {
			return false // see routedInside
		}
		was := egressVerdict(r.before.hops(c.client, c.host, c.number))
		return was == Originated && (!now.leaves() || now.cause == CauseOtherName) || was == "" && r.before.hasTLSWithoutRoutes(c.client, c.host, c.number)
	}
	if !r.before.isMeshService(svc.service) {
		return false
	}
	return svc.kubernetes || r.before.directHop(c.client, svc, c.number, "", FamilyHTTP).cluster.everywhere
}

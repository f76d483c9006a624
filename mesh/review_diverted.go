package mesh

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// Diversion is where connections go in place of the service that the client asked for.
type Diversion struct {
	// By is the object that takes them.
	By Ref `json:"by"`
	// To is the host to which they go; Service declares it.
	To      string `json:"to"`
	Service Ref    `json:"service"`
	// Name is the name by which requests are taken, where it is not the service's own host, or for which clients ask, where what takes
	// them is that with a search domain behind it.
	Name string `json:"name,omitempty"`
	// ShortOf is the host of which Name is a short name (shortNames), where it is not a host that takes requests itself.
	ShortOf string `json:"shortOf,omitempty"`
	// Addresses are those by which a listener takes connections, as a CIDR; "" for all connections to the port.
	Addresses string `json:"addresses,omitempty"`
	// ByChance reports whether they go to the one or the other, as Istio's virtual hosts happen to be ordered: two entries have
	// one address, and no VirtualService is for either.
	ByChance bool `json:"byChance,omitempty"`
	// Outside reports whether they leave the mesh.
	Outside bool `json:"outside,omitempty"`
	// Awaited reports whether By takes what was not under TLS before: it was there before the host was, or its TLS.
	Awaited bool `json:"awaited,omitempty"`
}

// divertedReview is the review of an object as to what it takes from services of other namespaces. Istio starts mutual TLS
// towards the services of the mesh by itself, and no rule says so, so that nobody would miss it:
//
//	kind: Service                                        kind: ServiceEntry
//	metadata: {name: cart, namespace: shop}              metadata: {name: x, namespace: team-a}
//	spec:                                                spec:
//	  clusterIP: 10.0.0.5                                  hosts: [evil.example.net]
//	  ports: [{name: http, port: 8080}]                    addresses: [10.0.0.5]
//	                                                       ports: [{number: 8080, name: tcp, protocol: TCP}]
//	                                                       resolution: DNS
//
// It answers for what is diverted by
//  1. a listener of another host at the service's address;
//  2. an entry, or a route, for another name of the service (servicesNamed), or one whose short name is one (shortNames);
//  3. routes that lead outside the mesh or to a third namespace's services, also for hosts outside that were under TLS;
//  4. a rule that disables TLS;
//  5. routes that answer in its place (answered).
//
// What an object does to its own namespace's services is its owner's to say, and the root namespace is the mesh's own.
// Waypoints, gateways and ztunnel are not looked at.
type divertedReview struct {
	*review
	then map[uint32]*portListeners // before the review, by port
	// victims are the services that lose something, at most maxTakenHosts; looked counts those that were looked at, asked those for
	// which something may answer.
	victims, looked, asked int
	// sharing are the entries with addresses for which the routes under review are, by their hosts.
	sharing map[string][]*service
}

const (
	// maxLookedAt is how many services of other namespaces one object may concern.
	maxLookedAt = 512
	// maxDisabled is how many services are looked at for the sake of one whose TLS a rule disables.
	maxDisabled = 64
)

// diverted adds the flows that the object under review takes from services of other namespaces.
func (r *review) diverted() {
	o := r.reviewed()
	if o == nil || o.Namespace == r.after.settings.RootNamespace {
		return
	}
	dr := &divertedReview{review: r, then: map[uint32]*portListeners{}}
	switch o.Kind {
	case KindServiceEntry, KindService:
		for _, version := range r.versions() {
			dr.services(r.after.settings.servicesOf(version))
		}
	case KindWorkloadEntry:
		dr.services(dr.selecting())
	case KindVirtualService, KindHTTPRoute, KindGRPCRoute, KindTLSRoute, KindTCPRoute:
		dr.routes()
		dr.answered()
	case KindDestinationRule:
		dr.rule()
	case KindBackendTLSPolicy:
		dr.services(dr.ownTargets())
	}
}

// selecting returns the services of the entries that select the WorkloadEntry under review, now or before.
func (r *review) selecting() []*service {
	var list []*service
	for _, kind := range []string{KindServiceEntry, KindService} {
		for _, o := range r.after.objects.Prefix(kind + "\x00" + r.reviewed().Namespace + "\x00") {
			for _, svc := range r.after.settings.servicesOf(o) {
				if len(svc.selector) > 0 && slices.ContainsFunc(r.versions(), func(w *Object) bool { return selectsWorkload(svc.selector, w) }) {
					list = append(list, svc)
				}
			}
		}
	}
	return list
}

// selectsWorkload reports whether a selector selects a WorkloadEntry, by its own labels or those of its spec.
func selectsWorkload(selector map[string]string, w *Object) bool {
	labels := w.Spec.(*networking.WorkloadEntry).Labels
	for k, v := range selector {
		if labels[k] != v && w.Labels[k] != v {
			return false
		}
	}
	return true
}

// services adds what services of the namespace under review take: by their listeners and names, and by routes to them.
func (r *divertedReview) services(list []*service) {
	claims := map[uint32][]netip.Prefix{}
	for _, svc := range list {
		for _, p := range svc.ports {
			if svc.entry == nil {
				continue // no two Services have an address in common
			}
			claims[p.number] = append(claims[p.number], r.after.claimsOf(svc, p)...)
		}
		r.named(svc.host, svc.host)
		for _, v := range r.after.virtualServicesWithDestination(svc.host) {
			r.routed(v, v.hosts)
		}
	}
	r.addressed(list)
	for _, number := range slices.Sorted(maps.Keys(claims)) {
		slices.SortFunc(claims[number], netip.Prefix.Compare)
		r.listener(number, slices.Compact(claims[number]))
	}
}

// listener adds what is taken of the services on a port by listeners for these addresses, or as the port is one for a protocol
// that shares its listener with no other: who shares it is the same for all services, so that a few stand for all.
func (r *divertedReview) listener(number uint32, claims []netip.Prefix) {
	shared := r.after.hasServerFirst(number)
	if len(claims) == 0 && !shared || r.isUnderMutualTLS(number) {
		return
	}
	claimed, looked := disjoint(claims), 0
	for known, victim := range r.after.hostsOnPort(number) {
		if r.stopped() {
			return
		}
		p, _ := victim.port(number)
		at := slices.ContainsFunc(victim.addresses(), func(at netip.Prefix) bool {
			_, exactly := slices.BinarySearchFunc(claims, at, netip.Prefix.Compare)
			return exactly || FamilyOf(p.protocol) == FamilyHTTP && claimed.contains(at.Addr()) // others listen at their very address
		})
		if victim.namespace == r.reviewed().Namespace || FamilyOf(p.protocol) == FamilyTLS || !r.after.isMeshService(victim) {
			continue
		}
		if at || shared && FamilyOf(p.protocol) == FamilyHTTP && looked < maxTakenHosts {
			looked++
			r.victim(known, known)
		}
	}
}

// isUnderMutualTLS reports whether all that the entry under review gets on a port is under the mesh's own mutual TLS, whoever
// sends it.
func (r *divertedReview) isUnderMutualTLS(number uint32) bool {
	if r.object == nil || r.object.Kind != KindServiceEntry {
		return false
	}
	has := false
	for _, own := range r.after.settings.servicesOf(r.object) {
		if _, has = own.port(number); !has {
			return false
		}
		for _, client := range r.clientsOf(own.host, own.host) {
			svc, ok := r.after.serviceFor(client, own.host)
			if ok && svc.hasPort(number) && !r.after.directHop(client, svc, number, "", FamilyOpaque).cluster.everywhere {
				return false
			}
		}
	}
	return has
}

// routes adds what the VirtualService under review takes, and the routes that delegate to it.
func (r *divertedReview) routes() {
	rr := &routeReview{review: r.review, routes: []Ref{r.reviewed().Ref}}
	hosts := rr.hosts()
	for v := range r.versionsOfRoutes() {
		r.routed(v, hosts)
	}
}

// routed adds what routes for hosts take.
func (r *divertedReview) routed(v *virtualService, hosts []string) {
	if !r.leadsElsewhere(v) {
		return
	}
	addresses := addressSet{}
	for _, pattern := range hosts {
		r.named(pattern, strings.ToLower(pattern))
		if at, err := netip.ParseAddr(pattern); err == nil {
			addresses[at] = true
		}
		for class := range r.hostClasses(pattern) {
			if r.stopped() {
				return
			}
			if !host.IsWildcard(class.host) {
				r.victim(class.host, class.host)
			}
		}
	}
	r.victimsAt(addresses, undeclaredNamePort)
	for _, pattern := range hosts {
		r.sharedAddresses(pattern)
	}
}

// leadsElsewhere reports whether any route of v leads to a service outside the root namespace that is no gateway.
func (r *divertedReview) leadsElsewhere(v *virtualService) bool {
	for d := range r.after.allDestinations(v) {
		to := r.after.settings.destinationHost(v, d)
		if slices.ContainsFunc(r.after.services.At(to), func(svc *service) bool { return svc.namespace != r.after.settings.RootNamespace }) &&
			len(r.after.gatewaysBehind(to)) == 0 {
			return true
		}
	}
	return false
}

// rule adds what the rule under review disables for the clients of its own namespace, and the routes to its host.
func (r *divertedReview) rule() {
	for _, o := range r.versions() {
		pattern := r.after.settings.qualify(ruleSpec(o).Host, o.Namespace)
		if o == r.object && disablesTLS(ruleSpec(o)) {
			r.disabled(pattern)
		}
		r.services(r.ownServices(pattern))
	}
}

// ownServices returns the services of the namespace under review that a host of a rule covers: their rule counts for all who are
// led there.
func (r *divertedReview) ownServices(pattern string) []*service {
	var list []*service
	for _, services := range r.after.hostsCoveredBy(pattern) {
		for _, svc := range services {
			if svc.namespace == r.reviewed().Namespace {
				list = append(list, svc)
			}
		}
	}
	return list
}

// disabled adds the services that the host of a rule covers, gateways aside: of these plaintext-gateway-hop knows. A rule is for
// its own namespace's clients, who are warned: a few services stand for all.
func (r *divertedReview) disabled(pattern string) {
	for known := range r.after.hostsCoveredBy(pattern) {
		if r.stopped() || r.looked == maxDisabled {
			return
		}
		if len(r.after.gatewaysBehind(known)) == 0 {
			r.victim(known, known)
		}
	}
}

// disablesTLS reports whether any settings of a rule have mode DISABLE, or none.
func disablesTLS(rule *networking.DestinationRule) bool {
	policies := []*networking.TrafficPolicy{rule.TrafficPolicy}
	for _, sub := range rule.Subsets {
		policies = append(policies, sub.GetTrafficPolicy())
	}
	off := func(tls *networking.ClientTLSSettings) bool {
		return tls != nil && tls.Mode == networking.ClientTLSSettings_DISABLE
	}
	return slices.ContainsFunc(policies, func(p *networking.TrafficPolicy) bool {
		return off(p.GetTls()) || slices.ContainsFunc(p.GetPortLevelSettings(), func(l *networking.TrafficPolicy_PortTrafficPolicy) bool { return off(l.GetTls()) })
	})
}

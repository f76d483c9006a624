package mesh

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// requestsReview is the review of an object as to what routes of one namespace take, at the pods of a gateway, of the requests that a
// route of another one leads out of the mesh under TLS: from whatever caller, of the mesh or not, and whatever the port's protocol is
// where they go then. Here what others log in with leaves in plaintext:
//
//	metadata: {name: bank, namespace: bank}                     metadata: {name: x, namespace: team-a}
//	spec:                                                       spec:
//	  hosts: [shop.example]                                       hosts: [shop.example]
//	  gateways: [istio-system/gateway]                            gateways: [istio-system/gateway]
//	  http:                                                       http:
//	  - route: [{destination: {host: api.bank.example}}]          - match: [{uri: {prefix: /login}}]
//	                                                                route: [{destination: {host: db.team-a.example}}]
//
// What is taken is lost where it
//  1. leaves in plaintext;
//  2. leaves to a server whose certificate is checked for no name; or
//  3. is for a host that another namespace than the route's declares, and goes to another server, outside the mesh or inside. Who has
//     which path of a host that nobody declares, the namespaces that share it say among themselves.
//
// Bytes, which tcp routes lead, are all of one server's.
//
// The namespace of the gateway's pods, and the root namespace, may lead as they like. What a route has already stays its own. What a route
// under review no longer has, another one may take: see addLeft.
type requestsReview struct {
	*review
	made map[string]*requestRoutes // by what comes to the gateway
	told map[flowKey]bool
}

// requestRoutes are the routes of a virtual host after and before the review.
type requestRoutes struct {
	after, before []ledRoute
	of            map[Ref][]int    // those of a VirtualService in after
	places        map[string]int   // of those in after by their keys, each the first
	others        map[string][]int // what othersBefore has returned, by namespace
}

// ledRoute is a route with the hops to where it leads, once they are asked for.
type ledRoute struct {
	requestRoute
	key  string
	hops *[]hop
}

func (r *review) requestsReview() *requestsReview {
	return &requestsReview{review: r, made: map[string]*requestRoutes{}, told: map[flowKey]bool{}}
}

// requestsLedTo adds the flows of requests that stored routes at gateways take to where the object under review leads them.
func (r *review) requestsLedTo() {
	rr := r.requestsReview()
	for _, destination := range rr.hosts() {
		for _, v := range r.routesToDestination(destination) {
			rr.addTaken(v, destination)
		}
	}
}

// hosts returns the hosts that the object under review declares, is behind or has a rule for, now or before.
func (r *requestsReview) hosts() []string {
	o := r.reviewed()
	if o == nil {
		return nil
	}
	dr := &divertedReview{review: r.review}
	var services []*service
	var hosts []string
	switch o.Kind {
	case KindServiceEntry, KindService:
		for _, version := range r.versions() {
			services = append(services, r.after.settings.servicesOf(version)...)
		}
	case KindWorkloadEntry:
		services = dr.selecting()
	case KindBackendTLSPolicy:
		services = dr.ownTargets()
	case KindDestinationRule:
		for _, version := range r.versions() {
			for known := range r.after.hostsCoveredBy(r.after.settings.qualify(ruleSpec(version).Host, version.Namespace)) {
				hosts = append(hosts, known)
			}
		}
	}
	for _, svc := range services {
		hosts = append(hosts, svc.host)
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// addTaken adds what v takes at the gateways to which it is bound and leads to a destination; "" for all of them.
func (r *requestsReview) addTaken(v *virtualService, destination string) {
	// Routes of the Gateway API for one host are of one VirtualService, whichever namespaces they are of, and so are those of delegates.
	isOf := func(namespace string) bool { return len(v.sources) == 0 && !v.hasDelegates && v.Namespace == namespace }
	if isOf(r.after.settings.RootNamespace) {
		return
	}
	for _, name := range v.gateways {
		if r.stopped() {
			return
		}
		g := r.after.gateway(parseGatewayName(name))
		client := r.waysAfter().client(name, v)
		if name == meshGateway || g == nil || isOf(client.Namespace) {
			continue
		}
		if slices.ContainsFunc(r.waysAfter().hopsOf(v, name), func(h hop) bool {
			return (destination == "" || h.host == destination || r.after.standsFor(destination, h.host)) && r.mayLose(v, h)
		}) {
			r.atServers(v, g, client, r.takenBy)
		}
	}
}

// standsFor reports whether a Service of type ExternalName is an alias of a host.
func (s *Snapshot) standsFor(alias, host string) bool {
	return slices.ContainsFunc(s.services.At(alias), func(svc *service) bool { return svc.externalName == host })
}

// mayLose reports whether requests for a host of v may be lost by a hop: see requestsReview.
func (r *requestsReview) mayLose(v *virtualService, h hop) bool {
	if h.kind == HopEgress && h.exists && (h.verdict() == Plaintext || len(h.checkedNames(h.host)) == 0) {
		return true
	}
	return slices.ContainsFunc(v.hosts, r.after.isAskedOutside)
}

// atServers calls visit for what comes to the servers of a Gateway, whose pods are client, for the hosts of v.
func (r *requestsReview) atServers(v *virtualService, g *Object, client Client, visit func(*virtualService, requestsAt)) {
	labels := client.Labels
	if svc := r.waysAfter().of(g).service; svc != nil {
		labels = svc.Spec.(*Service).Selector
	}
	at := requestsAt{client: client, gateways: namesOfGateways(r.after.gatewaysSelecting(client.Namespace, labels), g)}
	earlier := r.before.gatewaysSelecting(client.Namespace, labels)
	if was := r.before.gateway(g.Ref); was != nil && maps.Equal(gatewaySpec(was).Selector, gatewaySpec(g).Selector) {
		earlier = append(slices.Clip(earlier), was)
	}
	at.earlier = namesOfGateways(earlier)
	for _, srv := range r.waysAfter().of(g).servers {
		if srv.isTLSPassthrough() || srv.redirectsToHTTPS() {
			continue
		}
		at.number = srv.number
		for _, at.authority = range srv.intersection(v) {
			if r.stopped() {
				return
			}
			visit(v, at)
		}
	}
}

// namesOfGateways returns the names of Gateways, each once, in order.
func namesOfGateways(list []*Object, more ...*Object) []string {
	var names []string
	for _, g := range slices.Concat(list, more) {
		names = append(names, g.Namespace+"/"+g.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// takenBy adds what v takes of some requests.
func (r *requestsReview) takenBy(v *virtualService, at requestsAt) {
	if r.spend(1); r.stopped() {
		return
	}
	routes := r.routesAt(at)
	for _, i := range routes.of[v.Ref] {
		if r.stopped() {
			return
		}
		for _, h := range r.hopsOf(r.waysAfter(), at.client, &routes.after[i]) {
			if r.told[h.key()] {
				continue
			}
			if c, lost := r.lossBy(routes, i, h, at); lost {
				r.told[h.key()] = true
				r.add(c)
			}
		}
	}
}

// routesAt returns the routes for what comes to a gateway.
func (r *requestsReview) routesAt(at requestsAt) *requestRoutes {
	key := strings.Join([]string{at.client.String(), strconv.FormatUint(uint64(at.number), 10), at.authority, at.without,
		strings.Join(at.gateways, ","), strings.Join(at.earlier, ",")}, "\x00")
	if known := r.made[key]; known != nil {
		return known
	}
	routes := &requestRoutes{of: map[Ref][]int{}, places: map[string]int{}, others: map[string][]int{}}
	for i, route := range r.after.requestRoutesAt(at) {
		led := ledRoute{requestRoute: route, key: route.key()}
		routes.after = append(routes.after, led)
		routes.of[route.virtualService.Ref] = append(routes.of[route.virtualService.Ref], i)
		if _, known := routes.places[led.key]; !known {
			routes.places[led.key] = i
		}
	}
	at.gateways = at.earlier
	for _, route := range r.before.requestRoutesAt(at) {
		routes.before = append(routes.before, ledRoute{requestRoute: route, key: route.key()})
	}
	r.made[key] = routes
	return routes
}

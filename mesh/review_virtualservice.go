package mesh

import (
	"iter"
	"slices"

	"github.com/tlsward/tlsward/mesh/host"
)

// routeReview is the review of a VirtualService. It answers only for what routes change.
type routeReview struct {
	*review
	routes []Ref // the VirtualService or route under review, those that delegate to it, and what it overshadows
}

// virtualService adds the flows of sidecars that the routes take or leave, and those out of its gateways.
func (r *review) virtualService() {
	rr := &routeReview{review: r, routes: []Ref{r.reviewed().Ref}}
	if ref, ok := r.reviewed().overshadows(); ok {
		rr.routes = append(rr.routes, ref)
	}
	if rr.limitDelegates(); r.stopped() {
		return
	}
	hosts := rr.hosts()
	rr.limitRoutes(hosts)
	for _, pattern := range hosts {
		for class := range r.hostClasses(pattern) {
			r.addHostClass(class, rr.addHost)
		}
	}
	for _, name := range hosts {
		if r.stopped() {
			return
		}
		r.add(losses(rr.undeclaredHostChanges(name))...)
		r.add(losses(rr.changesOfUndeclared(name, rr.answeredUnderWildcard))...)
	}
	rr.addPathsOfBytes()
	requests := r.requestsReview()
	if r.old != nil {
		for _, v := range r.before.virtualServicesOf(r.old) {
			requests.addLeft(v)
		}
		for _, root := range r.before.virtualServices.Prefix(byDelegate + r.old.key() + "\x00") {
			requests.addLeft(root)
		}
	}
	if r.object == nil {
		return
	}
	for _, v := range r.after.virtualServicesOf(r.object) {
		rr.addDestinations(v)
		requests.addTaken(v, "")
	}
	for _, root := range r.after.virtualServices.Prefix(byDelegate + r.object.key() + "\x00") {
		r.add(opening(r.withOpened(r.clusterChanges(r.after.gatewayRouteHops(root))))...)
		requests.addTaken(root, "")
	}
}

// addDestinations adds the flows of sidecars to where the routes of v lead, and those out of its gateways.
func (r *routeReview) addDestinations(v *virtualService) {
	r.addCoveringWildcards(v)
	ports := len(matchedPorts(v))
	for _, host := range r.after.externalDestinations(v) {
		for _, client := range r.clients(host) {
			if r.stopped() {
				return
			}
			r.spend(ports)
			hops := slices.DeleteFunc(r.after.meshRouteHops(v, client, host), func(h hop) bool { return !r.takeAny([]hop{h}) })
			r.add(r.clusterChanges(hops)...)
		}
	}
	if r.spend(len(v.gateways) * ports); r.stopped() {
		return
	}
	r.add(r.withOpened(r.clusterChanges(r.after.gatewayRouteHops(v)))...)
}

// addPathsOfBytes adds the flows that lose their TLS on the way through gateways where tls or tcp routes take them, which is
// not by the host that a client asks for.
func (r *routeReview) addPathsOfBytes() {
	for v := range r.versionsOfRoutes() {
		if len(v.spec.Tls)+len(v.spec.Tcp) == 0 {
			continue
		}
		for _, name := range v.gateways {
			if name != meshGateway {
				r.addGatewayPaths(parseGatewayName(name))
			}
		}
	}
}

// hosts returns the hosts whose traffic the routes take, now and before, and known ones that differ in case only,
// which HTTP does not distinguish.
func (r *routeReview) hosts() []string {
	var hosts []string
	for _, h := range r.rootHosts() {
		hosts = append(hosts, h)
		hosts = append(hosts, r.after.hostsInAnyCase(h)...)
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// versionsOfRoutes returns an iterator over the VirtualServices that the object under review is, or contributes to, as they are
// and as they were, and over those of the GRPCRoute that it overshadows.
func (r *review) versionsOfRoutes() iter.Seq[*virtualService] {
	return func(yield func(*virtualService) bool) {
		var list []*virtualService
		if r.object != nil {
			list = r.after.virtualServicesOf(r.object)
		}
		if r.old != nil {
			list = append(list, r.before.virtualServicesOf(r.old)...)
		}
		list = append(list, r.overshadowed()...)
		for _, v := range list {
			if !yield(v) {
				return
			}
		}
	}
}

// overshadowed returns the VirtualServices of the GRPCRoute that the object under review overshadows, as they are and as they
// were.
func (r *review) overshadowed() []*virtualService {
	ref, ok := r.reviewed().overshadows()
	if !ok {
		return nil
	}
	var list []*virtualService
	for _, s := range []*Snapshot{r.before, r.after} {
		if o := s.Get(ref); o != nil {
			list = append(list, s.virtualServicesOf(o)...)
		}
	}
	return list
}

// rootHosts returns the hosts of the routes under review and of the VirtualServices that delegate to them, which take traffic
// for them.
func (r *routeReview) rootHosts() []string {
	var hosts []string
	for v := range r.versionsOfRoutes() {
		hosts = append(hosts, v.hosts...)
	}
	o := r.reviewed()
	for _, s := range []*Snapshot{r.before, r.after} {
		for _, root := range s.virtualServices.Prefix(byDelegate + o.key() + "\x00") {
			hosts = append(hosts, root.hosts...)
			r.routes = append(r.routes, root.Ref)
		}
	}
	return hosts
}

// addHost adds the flows to a host that routes change, and those that gateways send there.
func (r *routeReview) addHost(host string) {
	if r.stopped() || !r.isExternal(host) {
		return
	}
	touched := func(c Client) bool { return c.Kind != ClientGateway }
	clients, possible := r.touchedClients(host, touched)
	r.add(r.changesTo(host, clients, r.routeChanges)...)
	r.add(losses(r.changesTo(host, clients, r.answeredAtGateways))...)
	r.add(r.gatewayChanges(host, touched)...)
	r.add(losses(r.changesTo(host, possible, r.routeChanges))...)
	r.add(losses(r.gatewayChangesElsewhere(host, touched))...)
}

// routeChanges returns the changes of one client for one port of a host, where routes under review take anything, now or
// before, or where all was unrouted.
func (r *routeReview) routeChanges(client Client, host string, number uint32) []change {
	if _, _, ok := r.externalPort(client, host, number); !ok {
		return nil
	}
	hops, earlier := r.hopsThenAndNow(client, host, number)
	if !r.takeAny(hops) && !r.takeAny(earlier) && !isUnrouted(earlier) {
		return nil
	}
	list := r.withLostVerification(reroutedChanges(hops, earlier), earlier, client, host, host)
	list = append(list, r.answeredByOthers(earlier, client, host, host, number)...)
	return append(list, r.routedInside(hops, earlier, client, host, host, number)...)
}

// takeAny reports whether any of hops is by a route under review.
func (r *routeReview) takeAny(hops []hop) bool {
	return slices.ContainsFunc(hops, func(h hop) bool {
		return h.route != nil && slices.Contains(r.routes, h.route.by())
	})
}

// routedChanges returns the changes of a client's hops, which had this verdict before.
func routedChanges(hops []hop, was Verdict) []change {
	var list []change
	for _, h := range hops {
		if h.kind != hopInside {
			list = append(list, change{hop: h, before: was})
		}
	}
	return list
}

// reroutedChanges returns the changes of a client's hops, which were others before.
func reroutedChanges(hops, earlier []hop) []change {
	list := routedChanges(hops, egressVerdict(earlier))
	if nothingLeaves(earlier) {
		for i := range list {
			list[i].stayed = true
		}
	}
	return list
}

// undeclaredHostChanges returns the changes for a name that no object declares and wildcards cover. Those that lose
// no TLS are the wildcards' own.
func (r *review) undeclaredHostChanges(name string) []change {
	return r.changesOfUndeclared(name, r.changesUnderWildcard)
}

// changesOfUndeclared returns the changes that of finds for a name that no object declares, for each client and port of the
// wildcards that cover it.
func (r *review) changesOfUndeclared(name string, of func(client Client, wildcard, name string, number uint32) []change) []change {
	if host.IsWildcard(name) || len(r.after.services.At(name)) > 0 {
		return nil
	}
	var list []change
	for i := range name {
		wildcard := "*" + name[i:]
		if !r.after.isExternal(wildcard) {
			continue
		}
		list = append(list, r.changesTo(wildcard, r.clients(wildcard), func(client Client, _ string, number uint32) []change {
			if r.after.wildcardListenedFor(client, name, number) != wildcard {
				return nil
			}
			return of(client, wildcard, name, number)
		})...)
	}
	return list
}

// changesUnderWildcard returns the changes of one client for a name that wildcard covers.
func (r *review) changesUnderWildcard(client Client, wildcard, name string, number uint32) []change {
	hops := r.after.hopsForName(client, wildcard, name, number)
	earlier := r.before.hopsForName(client, r.before.wildcardListenedFor(client, name, number), name, number)
	if isUnrouted(earlier) {
		markUnrouted(hops)
	}
	list := r.withLostVerification(askedFor(name, reroutedChanges(hops, earlier)), earlier, client, wildcard, name)
	return append(list, r.routedInside(hops, earlier, client, wildcard, name, number)...)
}

// answeredUnderWildcard returns the changes of one client for a name that wildcard covers and the routes under review answer for.
func (r *routeReview) answeredUnderWildcard(client Client, wildcard, name string, number uint32) []change {
	earlier := r.before.hopsForName(client, r.before.wildcardListenedFor(client, name, number), name, number)
	return askedFor(name, r.answeredByOthers(earlier, client, wildcard, name, number))
}

// addCoveringWildcards adds the flows to wildcard hosts that cover a host of v: its tls and tcp routes are for those too.
func (r *routeReview) addCoveringWildcards(v *virtualService) {
	if len(v.spec.Tls)+len(v.spec.Tcp) == 0 {
		return
	}
	for _, h := range v.hosts {
		for i := range len(h) {
			if wider := "*" + h[i:]; wider != h && !slices.Contains(v.hosts, wider) {
				r.addHost(wider)
			}
		}
	}
}

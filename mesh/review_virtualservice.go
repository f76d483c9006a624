package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// virtualService adds the flows of sidecars that the routes take or leave, and those out of its gateways.
func (r *review) virtualService() {
	r.onlyRoutes, r.virtualServices = true, []Ref{r.reviewed().Ref}
	var hosts []string
	for _, o := range []*Object{r.object, r.old} {
		if o == nil {
			continue
		}
		v := r.after.settings.virtualService(o, o.Spec.(*networking.VirtualService))
		for _, h := range r.rootHosts(o, v) {
			hosts = append(hosts, h)
			if known, ok := r.after.hostsByLowerCase.Get(strings.ToLower(h)); ok {
				hosts = append(hosts, known) // HTTP does not tell cases apart
			}
		}
	}
	slices.Sort(hosts)
	for _, pattern := range slices.Compact(hosts) {
		for host, also := range r.after.hostClasses(pattern, nil, r.apart) {
			r.hostClass(host, also, func(c Client) bool { return c.Kind != ClientGateway })
		}
	}
	for _, name := range slices.Compact(hosts) {
		r.addUndeclaredHost(name)
	}
	if r.object == nil {
		return
	}
	v := r.after.settings.virtualService(r.object, r.object.Spec.(*networking.VirtualService))
	r.addCoveringWildcards(v)
	for _, host := range r.after.externalDestinations(v) {
		for _, client := range r.clients(host) {
			r.addAll(r.after.meshRouteHops(v, client, host))
		}
	}
	r.addAll(r.after.gatewayRouteHops(v))
}

// usesReviewedRoute reports whether hops go by a route of the VirtualService under review, its own or a delegate's.
func (r *review) usesReviewedRoute(hops []hop) bool {
	return slices.ContainsFunc(hops, func(h hop) bool {
		return h.route != nil && slices.Contains(r.virtualServices, h.route.virtualService.Ref)
	})
}

// addUndeclaredHost adds the flows to a name that no object declares and a wildcard covers, where they lose their
// TLS, or were unrouted. Any other is that of the wildcard.
func (r *review) addUndeclaredHost(name string) {
	if host.IsWildcard(name) || len(r.after.services.At(name)) > 0 {
		return
	}
	r.onlyLosses = true
	defer func() { r.onlyLosses = false }()
	for i := range name {
		wide := "*" + name[i:]
		if !r.after.isExternal(wide) {
			continue
		}
		for _, client := range r.clients(wide) {
			for _, number := range r.after.Ports(wide) {
				if r.after.wildcardListenedFor(client, name, number) == wide {
					r.addUndeclaredHostOf(client, wide, name, number)
				}
			}
		}
	}
}

// addUndeclaredHostOf adds the hops of one client to a name that host, a wildcard, covers.
func (r *review) addUndeclaredHostOf(client Client, host, name string, number uint32) {
	hops := r.after.hopsForName(client, host, name, number)
	earlier := r.before.hopsForName(client, r.before.wildcardListenedFor(client, name, number), name, number)
	if isUnrouted(earlier) {
		markUnrouted(hops)
	}
	r.addRouted(hops, egressVerdict(earlier))
}

// addCoveringWildcards adds the flows to wildcard hosts that cover a host of v: its tls and tcp routes are for those too.
func (r *review) addCoveringWildcards(v *virtualService) {
	if len(v.spec.Tls)+len(v.spec.Tcp) == 0 {
		return
	}
	for _, h := range v.hosts {
		for i := range len(h) {
			if wider := "*" + h[i:]; wider != h && !slices.Contains(v.hosts, wider) {
				r.hostClass(wider, 0, func(c Client) bool { return c.Kind != ClientGateway })
			}
		}
	}
}

// rootHosts returns the hosts of a VirtualService and of those that delegate to it, which take traffic for it.
func (r *review) rootHosts(o *Object, v *virtualService) []string {
	hosts := slices.Clone(v.hosts)
	for _, s := range []*Snapshot{r.before, r.after} {
		for _, root := range s.virtualServices.Prefix(byDelegate + o.key() + "\x00") {
			hosts = append(hosts, root.hosts...)
			r.virtualServices = append(r.virtualServices, root.Ref)
		}
	}
	return hosts
}

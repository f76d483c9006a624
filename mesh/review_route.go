package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// virtualService adds the flows of the mesh that the routes take or give back, and those of its gateways.
func (r *review) virtualService() {
	r.routes, r.takers = true, []Ref{r.either().Ref}
	var hosts []string
	for _, o := range []*Object{r.object, r.old} {
		if o == nil {
			continue
		}
		v := r.after.settings.virtualService(o, o.Spec.(*networking.VirtualService))
		for _, h := range r.roots(o, v) {
			hosts = append(hosts, h)
			if known, ok := r.after.known.get(strings.ToLower(h)); ok {
				hosts = append(hosts, known) // HTTP does not tell cases apart
			}
		}
	}
	slices.Sort(hosts)
	for _, pattern := range slices.Compact(hosts) {
		for host, also := range r.after.hostGroups(pattern, nil, r.apart) {
			r.hostAlso(host, also, func(c Client) bool { return c.Kind != ClientGateway })
		}
	}
	for _, name := range slices.Compact(hosts) {
		r.unlisted(name)
	}
	if r.object == nil {
		return
	}
	v := r.after.settings.virtualService(r.object, r.object.Spec.(*networking.VirtualService))
	r.wildcardsOver(v)
	for _, host := range r.after.externalDestinations(v) {
		for _, client := range r.clients(host) {
			r.addAll(r.after.meshLegs(v, client, host))
		}
	}
	r.addAll(r.after.gatewayLegs(v))
}

// unlisted adds the flows to a name that no object declares, where they are by a wildcard over it, and lose their TLS or are
// let out: else they are told as those to the wildcard.
func (r *review) unlisted(name string) {
	if isWildcard(name) || len(r.after.services.at(name)) > 0 {
		return
	}
	r.losses = true
	defer func() { r.losses = false }()
	for i := range name {
		wide := "*" + name[i:]
		if !r.after.external(wide) {
			continue
		}
		for _, client := range r.clients(wide) {
			for _, number := range r.after.Ports(wide) {
				if r.after.covering(client, name, number) == wide {
					r.named(client, wide, name, number)
				}
			}
		}
	}
}

// named adds the ways of one client to a name that host covers.
func (r *review) named(client Client, host, name string, number uint32) {
	legs := r.after.legsTo(client, host, name, number)
	earlier := r.before.legsTo(client, r.before.covering(client, name, number), name, number)
	if leadNowhere(earlier) {
		open(legs)
	}
	r.routed(legs, egressVerdict(earlier))
}

// addAll adds legs by what their clusters were.
func (r *review) addAll(legs []leg) {
	for _, l := range legs {
		r.add(l, r.clusterBefore(l))
	}
}

// wildcardsOver adds the flows to wildcard hosts that cover a host of v: tls and tcp routes are for those too.
func (r *review) wildcardsOver(v *virtualService) {
	if len(v.spec.Tls)+len(v.spec.Tcp) == 0 {
		return
	}
	for _, h := range v.hosts {
		for i := range len(h) {
			if wider := "*" + h[i:]; wider != h && !slices.Contains(v.hosts, wider) {
				r.hostAlso(wider, 0, func(c Client) bool { return c.Kind != ClientGateway })
			}
		}
	}
}

// roots gives the hosts of a VirtualService and of those that delegate to it, which take traffic for it.
func (r *review) roots(o *Object, v *virtualService) []string {
	hosts := slices.Clone(v.hosts)
	for _, s := range []*Snapshot{r.before, r.after} {
		for _, root := range s.routes.prefix(byDelegate + o.key() + "\x00") {
			hosts = append(hosts, root.hosts...)
			r.takers = append(r.takers, root.Ref)
		}
	}
	return hosts
}

package mesh

import (
	"cmp"
	"maps"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// kubernetesGateway adds what the Gateway of the Gateway API under review changes for connections that were under TLS: with
// their waypoint ambient clients lose all rules. A Gateway is none any more by another class, by its label
// istio.io/waypoint-for, without a listener for HBONE, and for the namespaces that this listener does not allow:
//
//	kind: Gateway
//	metadata:
//	  name: waypoint
//	  namespace: egress
//	  labels: {istio.io/waypoint-for: workload}   # not for services any more, which ServiceEntries are
//	spec:
//	  gatewayClassName: istio-waypoint
//	  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
//
// What is still missing for a host is told at its entry and its rule. One of Istio's gateways answers for its listeners as a Gateway
// does for its servers.
func (r *review) kubernetesGateway(ref Ref) {
	r.madeGateways(ref)
	if r.old == nil || !r.before.isWaypoint(r.old) {
		return // one that is new takes no TLS away
	}
	r.waypoint(ref)
}

// waypoint adds the flows to the hosts of a waypoint that were under TLS, and leave in plaintext.
func (r *review) waypoint(ref Ref) {
	for _, class := range r.after.classesOf(r.after.withServices(r.before.hostsUsing(ref)), nil, r.lists) {
		if r.stopped() {
			return
		}
		if !r.isExternal(class.host) {
			continue
		}
		from := len(r.flows)
		r.addHostClass(class, r.addLossesOfAll)
		for i := range r.flows[from:] {
			r.withoutWaypoint(&r.flows[from+i], r.after.Get(ref))
		}
	}
}

// gatewayClass adds what the GatewayClass under review changes for the hosts of its waypoints.
func (r *review) gatewayClass(name string) {
	for _, o := range r.before.objects.Prefix(KindKubernetesGateway + "\x00") {
		if o.Spec.(*KubernetesGateway).ClassName != name {
			continue
		}
		r.madeGateways(o.Ref)
		if r.before.isWaypoint(o) {
			r.waypoint(o.Ref)
		}
	}
}

// madeGateways adds what the review changes for the Gateways that istiod makes of the listeners of a Gateway of the Gateway API, those
// of its ListenerSets too.
func (r *review) madeGateways(ref Ref) {
	made := map[Ref]bool{}
	for _, s := range []*Snapshot{r.before, r.after} {
		parent := ref
		if o := s.Get(ref); o != nil && o.Kind == KindListenerSet {
			parent, _ = o.Spec.(*ListenerSet).gateway(o.Namespace)
		}
		for _, g := range s.gateways.bySource.Prefix(parent.key() + "\x00") {
			made[g.Ref] = true
		}
	}
	for _, ref := range slices.SortedFunc(maps.Keys(made), func(a, b Ref) int { return cmp.Compare(a.key(), b.key()) }) {
		before, after := r.before.gateway(ref), r.after.gateway(ref)
		if before == nil || after == nil || !isMadeAlike(before, after) {
			r.gateway(ref)
		}
	}
}

// referenceGrant adds what the routes that the ReferenceGrant under review is for take or leave, by it or without it.
func (r *review) referenceGrant() {
	seen := map[Ref]bool{}
	for _, s := range []*Snapshot{r.before, r.after} {
		for _, route := range s.routes.dependent.Prefix(grantsOf(r.reviewed().Namespace) + "\x00") {
			if r.stopped() || seen[route.Ref] {
				continue
			}
			seen[route.Ref] = true
			as := *r
			as.old, as.object = r.before.Get(route.Ref), r.after.Get(route.Ref)
			as.virtualService()
			r.err, r.flows, r.routeWork, r.taken = as.err, as.flows, as.routeWork, as.taken
		}
	}
}

// withoutWaypoint sets what decides a flow that has lost its waypoint, where that is still there.
func (r *review) withoutWaypoint(f *Flow, waypoint *Object) {
	if waypoint == nil || f.Client.Kind != ClientZtunnel || f.Service == nil || len(f.Hops) == 0 {
		return
	}
	if why := r.after.whyNoWaypoint(waypoint, f.Service.Namespace); why != nil {
		f.Hops[0].DecidedBy = why
	}
}

// hostsUsing returns the hosts of the ServiceEntries whose waypoint is a Gateway, each once.
func (s *Snapshot) hostsUsing(gateway Ref) []string {
	var hosts []string
	for _, o := range s.objects.Prefix(KindServiceEntry + "\x00") {
		if used, ok := s.useOfWaypoint(o.Namespace, o.Labels); ok && used == gateway && s.servesAsWaypoint(gateway, o.Namespace) {
			hosts = append(hosts, o.Spec.(*networking.ServiceEntry).Hosts...)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

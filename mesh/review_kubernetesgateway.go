package mesh

import (
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
// What is still missing for a host is told at its entry and its rule.
func (r *review) kubernetesGateway(ref Ref) {
	if r.old == nil || !r.before.isWaypoint(r.old) {
		return // one that is new takes no TLS away
	}
	r.waypoint(ref)
}

// waypoint adds the flows to the hosts of a waypoint that were under TLS, and leave in plaintext.
func (r *review) waypoint(ref Ref) {
	for _, class := range r.after.classesOf(slices.Values(r.before.hostsUsing(ref)), nil, r.lists) {
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
		if o.Spec.(*KubernetesGateway).ClassName == name && r.before.isWaypoint(o) {
			r.waypoint(o.Ref)
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

package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// workloadEntry adds the flows to the hosts of the ServiceEntries and Services that select the WorkloadEntry under review, now
// or before, where it changes whether they leave the mesh, or takes TLS away, also that of another entry whose place theirs
// took. What left before in the same way is answered for by the entry and its rule.
//
//	kind: ServiceEntry   # nothing of it leaves
//	spec: {hosts: [vm.internal], location: MESH_INTERNAL, resolution: STATIC, workloadSelector: {labels: {app: vm}}, ...}
//	---
//	kind: WorkloadEntry   # until this comes
//	spec: {address: 203.0.113.7, labels: {app: vm}}
func (r *review) workloadEntry() {
	r.addWorkloadHosts(r.reviewed().Namespace, func(selector map[string]string) bool {
		return slices.ContainsFunc(r.versions(), func(o *Object) bool { return selectorMatches(selector, workloadLabels(o)) })
	})
	if !r.stopped() {
		r.otherListeners()
	}
}

// addWorkloadHosts adds the flows to the hosts of a namespace's ServiceEntries and Services that select WorkloadEntries, by selectors
// that are concerned.
func (r *review) addWorkloadHosts(namespace string, concerned func(selector map[string]string) bool) {
	hosts := 0
	add := func(host string) {
		if hosts++; hosts > maxWorkloadHosts && r.object != nil && r.object.Kind == KindWorkloadEntry {
			r.exceed("more than %d hosts select it, all that a review looks at: select by more labels", maxWorkloadHosts)
		}
		if !r.stopped() {
			r.addWorkloadHost(host)
		}
	}
	for _, o := range r.after.objects.Prefix(KindServiceEntry + "\x00" + namespace + "\x00") {
		entry := o.Spec.(*networking.ServiceEntry)
		if r.stopped() {
			return
		}
		if entry.WorkloadSelector == nil || !concerned(entry.WorkloadSelector.Labels) {
			continue
		}
		for _, host := range entry.Hosts {
			if r.isExternal(host) {
				add(host)
			}
		}
	}
	for _, o := range r.after.objects.Prefix(KindService + "\x00" + namespace + "\x00") {
		for _, svc := range r.after.settings.servicesOf(o) {
			if concerned(svc.selector) && r.after.selectsOutside(svc) {
				add(svc.host)
			}
		}
	}
}

// addWorkloadHost adds the flows to a host that did not leave the mesh before the review, or were under TLS.
func (r *review) addWorkloadHost(host string) {
	news := func(c change) bool {
		svc, known := r.before.serviceFor(c.hop.client, c.hop.host)
		return c.losesTLS() || r.takenFromTLS(c) != nil || !known || !r.before.leavesMesh(svc.service)
	}
	all := func(Client) bool { return true }
	clients, possible := r.touchedClients(host, all)
	list := r.changesTo(host, append(clients, possible...), r.hostChanges)
	list = append(list, r.changesByRoutes(host, clients)...)
	list = append(list, r.gatewayChanges(host, all)...)
	r.addGatewayPathsTo(host)
	r.add(slices.DeleteFunc(list, func(c change) bool { return c.hop.kind == HopGateway || !news(c) })...)
}

// formerAddress returns the address of a WorkloadEntry that becomes a name, or a socket, where it was one outside the mesh. Istio
// tells its registry of Services nothing of an entry without an IP address, also not that the one before is gone: Services that
// select it, now or later, have the former address until istiod starts again
// (pilot/pkg/serviceregistry/serviceentry/controller.go pushWorkloadUpdates).
func (s *Snapshot) formerAddress(object, stored *Object) []OutsideModel {
	if stored == nil || object.Kind != KindWorkloadEntry {
		return nil
	}
	was, is := stored.Spec.(*networking.WorkloadEntry).Address, object.Spec.(*networking.WorkloadEntry).Address
	if !isAddress(was) || !s.isOutside(was, false) || is == "" || isAddress(is) {
		return nil
	}
	return []OutsideModel{{Field: "spec.address", Means: MeansFormerAddress}}
}

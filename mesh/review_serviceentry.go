package mesh

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
)

// serviceEntry adds the flows to all hosts of the ServiceEntry, as it is and as it was, and those to other hosts
// whose connections its listeners take.
//
// Istio alone should write its status. Of a write to it only what its listeners take is judged.
func (r *review) serviceEntry() {
	if r.changesStatusAlone() {
		r.otherListeners()
		r.ambientAddresses()
		return
	}
	var hosts []string
	for _, o := range r.versions() {
		hosts = append(hosts, o.Spec.(*networking.ServiceEntry).Hosts...)
	}
	slices.Sort(hosts)
	for _, host := range slices.Compact(hosts) {
		r.addHost(host, func(Client) bool { return true })
		r.addMovedAway(host)
		r.addOtherCases(host)
		r.addRoutesTo(host)
	}
	r.hiddenPorts()
	r.otherListeners()
	r.ambientAddresses()
	r.searchDomains()
}

// addMovedAway adds what clients lose to whom an entry for another revision's control plane is as one that is exported to nobody.
// Who deletes it may do so: see noMoreExported.
func (r *review) addMovedAway(host string) {
	if _, unread := r.after.unread.Get(r.reviewed().key()); unread && !r.isExternal(host) {
		r.add(r.changesTo(host, r.before.Clients(host), r.passedOn)...)
	}
}

// changesStatusAlone reports whether the ServiceEntry under review has other allocated addresses than before, and differs in
// nothing else.
func (r *review) changesStatusAlone() bool {
	return r.old != nil && r.object != nil && !slices.Equal(r.old.Status, r.object.Status) &&
		proto.Equal(r.old.Spec.(*networking.ServiceEntry), r.object.Spec.(*networking.ServiceEntry)) &&
		maps.Equal(r.old.Labels, r.object.Labels) && maps.Equal(r.old.Annotations, r.object.Annotations)
}

// addOtherCases adds what hosts lose that differ from one of the ServiceEntry's in case alone: they have one virtual host.
func (r *review) addOtherCases(host string) {
	for _, other := range r.after.hostsInAnyCase(host) {
		if other != host && r.isExternal(other) {
			r.add(losses(r.changesTo(other, r.clients(other), r.passedOn))...)
		}
	}
}

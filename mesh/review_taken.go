package mesh

import "slices"

// takenFromTLS returns the object without which the connections of a hop, which leaves in plaintext and did not leave before
// the review, would be under TLS: the entry that took the place of another for the host, or the routes that took them from
// another host; nil where there is none. So two writes, each of which takes no TLS away, are no way to plaintext:
//
//	kind: ServiceEntry    # in the place of another one that is under TLS: nothing leaves any more
//	spec: {hosts: [edition.cnn.com], resolution: DNS, workloadSelector: {labels: {app: own}}, ...}
//	---
//	kind: WorkloadEntry   # under review
//	spec: {address: 203.0.113.7, labels: {app: own}}
func (r *review) takenFromTLS(c change) *Ref {
	h := c.hop
	svc := h.cluster.service.service
	if svc == nil || h.kind != HopEgress || h.verdict() != Plaintext {
		return nil
	}
	if !r.isWithdrawn(h) && (c.losesTLS() || !c.stayed && !r.isNew(h)) {
		return nil
	}
	without := r.withoutEntries(svc)
	switch {
	case h.route == nil && egressVerdict(without.hops(without.samePods(h.client, h.host), h.host, h.port)) == Originated:
		return &svc.ref
	case h.route != nil && without.Without(h.route.by()).hasTLSByHostsOf(h, r.lists):
		by := h.route.by()
		return &by
	}
	return nil
}

// isWithdrawn reports whether the entry under review takes a port of a host from clients that have it from this entry: they have
// the host without the port then, though another entry may declare it. An entry of another revision takes what it hides as it comes.
func (r *review) isWithdrawn(h hop) bool {
	if h.passesOn != CausePortNotDeclared || r.object == nil || r.object.Kind != KindServiceEntry {
		return false
	}
	_, unread := r.before.unread.Get(r.object.key())
	return r.old != nil || unread
}

// withoutEntries returns the mesh after the review without a service and those that share its ports: all of its host and
// namespace. The last one is kept: most flows of an entry ask for the same.
func (r *review) withoutEntries(svc *service) *Snapshot {
	var sharing []Ref
	for _, other := range r.after.services.At(svc.host) {
		if other.namespace == svc.namespace && other.ref != svc.ref {
			sharing = append(sharing, other.ref)
		}
	}
	w := &r.without
	if w.alone == nil || w.ref != svc.ref {
		alone := r.after.Without(svc.ref)
		*w = withoutEntries{ref: svc.ref, alone: alone, all: alone}
	}
	if !slices.Equal(w.sharing, sharing) {
		w.sharing, w.all = sharing, w.alone
		for _, other := range sharing {
			w.all = w.all.Without(other)
		}
	}
	return w.all
}

// withoutEntries is a mesh without the entry of ref alone, and without those that share its ports as well.
type withoutEntries struct {
	ref        Ref
	sharing    []Ref
	alone, all *Snapshot
}

// isNew reports whether an object under review that has endpoints makes the cluster of a hop, or moves it out of the mesh.
func (r *review) isNew(h hop) bool {
	if kind := r.reviewed().Kind; kind != KindServiceEntry && kind != KindWorkloadEntry || r.object == nil {
		return false
	}
	if h.route != nil {
		return false // see newDestination
	}
	svc, ok := r.before.serviceFor(r.clientBefore(h.client, h.host), h.host)
	return !ok || !r.before.leavesMesh(svc.service) || !r.before.directHop(h.client, svc, h.port, h.subset, h.payload).exists
}

// hasTLSByHostsOf reports whether what the client of a hop sends to any host of the routes by which the hop comes about is
// under TLS.
func (s *Snapshot) hasTLSByHostsOf(h hop, lists HostLists) bool {
	for _, pattern := range h.route.virtualService.hosts {
		for class := range s.hostClasses(pattern, nil, lists) {
			if slices.ContainsFunc(s.Ports(class.host), func(number uint32) bool {
				return egressVerdict(s.hops(h.client, class.host, number)) == Originated
			}) {
				return true
			}
		}
	}
	return false
}

package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// A sidecar that captures DNS answers for the hosts that have an address (pkg/dns/server/name_table.go BuildNameTable): for that very
// name, else for the closest wildcard over it (pkg/dns/client/dns.go lookupHost). A host without one is answered for by others, also
// with a search domain behind it, for which pods ask first; and the connection comes to the listener of the other's address:
//
//	# namespace shop, with a rule                            # namespace team-a, under review
//	hosts: [edition.cnn.com]                                 hosts: ["*.com", edition.cnn.com.shop.svc.cluster.local]
//	ports: [{number: 80, name: http, protocol: HTTP}]        addresses: [240.9.9.9]
//	resolution: NONE                                         ports: [{number: 80, name: tcp, protocol: TCP}]

// answeringNames are the services of an object by the names, in lower case, for which sidecars answer with their addresses.
type answeringNames struct {
	// exact has them by their hosts, below one of those in each domain: ".cnn.com" for edition.cnn.com.
	exact, below map[string]*service
	// namespaces are those whose pods have a search domain that is at the end of one of the names.
	namespaces []string
}

// readNames reads the names of the object under review whose connections come to listeners of its own. Requests come to one for all
// addresses, and are for the host that they name.
func (r *listenerReview) readNames() {
	if !r.after.settings.DNSCapture || r.object == nil || r.object.Kind == KindService {
		return
	}
	r.names = answeringNames{exact: map[string]*service{}, below: map[string]*service{}}
	for _, svc := range r.listening(r.object) {
		if !r.after.takesByName(svc, r.number) {
			continue
		}
		name := strings.ToLower(svc.host)
		if strings.HasSuffix(name, ".svc."+r.after.settings.ClusterDomain) {
			if namespace := r.after.settings.namespaceOfSearchDomain(name); !host.IsWildcard(namespace) {
				r.names.namespaces = append(r.names.namespaces, namespace)
			}
		}
		r.names.exact[name] = svc
		for i := range name {
			if name[i] == '.' && name != "*"+name[i:] {
				r.names.below[name[i:]] = svc
			}
		}
	}
	slices.Sort(r.names.namespaces)
	r.names.namespaces = slices.Compact(r.names.namespaces)
}

// takesByName reports whether sidecars answer for the host of a service with an address at which they have a listener for its port.
func (s *Snapshot) takesByName(svc *service, number uint32) bool {
	p, has := svc.port(number)
	family := FamilyOf(p.protocol)
	return has && family != FamilyHTTP && family != FamilyUDP && s.hasName(svc)
}

// hasName reports whether sidecars answer for the host of a service. To a wildcard Istio allocates an address with resolution
// DYNAMIC_DNS alone (pilot/pkg/controllers/ipallocate), and of one with NONE they know the endpoints'.
func (s *Snapshot) hasName(svc *service) bool {
	switch {
	case slices.ContainsFunc(svc.addresses(), isOwnAddress), len(svc.allocated) > 0:
		return true
	case svc.entry == nil || len(svc.entry.Addresses) > 0:
		return false
	case svc.isOriginalDst():
		return len(svc.ports) > 0 && len(s.endpointAddresses(svc, svc.ports[0].number)) > 0
	}
	return mayBeAllocated(svc.labels, svc.entry) &&
		(!host.IsWildcard(svc.host) || svc.entry.Resolution == networking.ServiceEntry_DYNAMIC_DNS)
}

// mayAnswerFor reports whether the object under review has names, and a host has none of its own.
func (r *listenerReview) mayAnswerFor(known string) bool {
	return len(r.names.exact) > 0 &&
		slices.ContainsFunc(r.after.services.At(known), func(svc *service) bool { return !r.after.hasName(svc) })
}

// takenByName returns the listener of the object under review to which a client comes that asks for the host of a service, and did
// not come before.
func (r *listenerReview) takenByName(client Client, svc scopedService) (OtherListener, bool) {
	if len(r.names.exact) == 0 || r.after.hasName(svc.service) {
		return OtherListener{}, false
	}
	for _, asked := range r.after.settings.askedNames(svc.host, client.Namespace) {
		own := r.answering(client, asked)
		if own == nil || own.host == svc.host || r.answeredBefore(client, own) {
			continue
		}
		if r.spendTaken(); r.stopped() {
			return OtherListener{}, false
		}
		if !r.isUnderTLS(client, own) {
			p, _ := own.port(r.number)
			return OtherListener{Service: own.ref, Host: own.host, Protocol: p.protocol, Name: svc.host}, true
		}
		r.addTakenUnderTLS(client, svc, own)
	}
	return OtherListener{}, false
}

// askedNames returns the names, in lower case, for which pods of a namespace ask when they mean a host.
func (s Settings) askedNames(known, namespace string) []string {
	name := strings.ToLower(known)
	return []string{name + "." + namespace + ".svc." + s.ClusterDomain, name + ".svc." + s.ClusterDomain, name + "." + s.ClusterDomain, name}
}

// answering returns the service of the object under review with whose address a client's sidecar answers for a name or, for a
// wildcard, for one of its names; nil where there is none, or another one is closer.
func (r *listenerReview) answering(client Client, asked string) *service {
	if rest, wild := strings.CutPrefix(asked, "*"); wild {
		if own := r.names.below[rest]; own != nil && r.now.hasListenerFor(client, own) {
			return own
		}
	}
	if own, found := r.answeringFor(client, asked); found {
		return own
	}
	for i := range asked {
		if asked[i] != '.' {
			continue
		}
		if own, found := r.answeringFor(client, "*"+asked[i:]); found {
			return own
		}
	}
	return nil
}

// answeringFor returns the service of the object under review that has a host; found reports whether any has it for which the client's
// sidecar answers.
func (r *listenerReview) answeringFor(client Client, known string) (own *service, found bool) {
	if own = r.names.exact[known]; own != nil && r.now.hasListenerFor(client, own) {
		return own, true
	}
	other, heard := r.after.serviceFor(client, known)
	return nil, heard && r.after.hasName(other.service)
}

// answeredBefore reports whether a client's sidecar answered with the address of a service before, and had a listener of its own there.
func (r *listenerReview) answeredBefore(client Client, own *service) bool {
	return slices.ContainsFunc(r.before.services.At(own.host), func(was *service) bool {
		return was.ref == own.ref && r.before.takesByName(was, r.number) && r.then.hasListenerFor(r.clientBefore(client, own.host), was)
	})
}

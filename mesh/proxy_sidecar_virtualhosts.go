package mesh

import (
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// virtualServicesForRequests returns the VirtualServices whose HTTP routes may take a request. One that names a host
// which is not in the registry counts on port 80 alone (pilot/pkg/networking/core/route/route.go
// buildSidecarVirtualHostsForVirtualService). One that does not apply to the sidecar keeps a wildcard's away all the same: the
// index of wildcards has it.
func (s *Snapshot) virtualServicesForRequests(all []*virtualService, host string, r matchContext, l egressListener) []*virtualService {
	ignored := func(v *virtualService) bool { return !s.appliesToSidecar(v, r, l) }
	if r.host != host && r.port == 80 && !s.isRegistered(r, l) {
		for _, v := range all {
			if _, taken := s.httpDestinationsOf(v, r); taken && v.namesHost(r.host) && !ignored(v) {
				return []*virtualService{v}
			}
		}
	}
	return slices.DeleteFunc(virtualServicesForHTTP(all, host, s.inWildcardIndex(r.client, host, l)), ignored)
}

// isRegistered reports whether the name of a request is a service to the listener, be it none for requests.
func (s *Snapshot) isRegistered(r matchContext, l egressListener) bool {
	_, ok := s.registered(r.client, l, strings.ToLower(r.host), r.port)
	return ok
}

// appliesToSidecar reports whether a client's sidecar follows the HTTP routes of v on a port. With gateway semantics one of v's
// hosts, and no wildcard, must be a service to the listener, of v's namespace unless the client is of that itself
// (pilot/pkg/networking/core/route/route.go separateVSHostsAndServices).
func (s *Snapshot) appliesToSidecar(v *virtualService, r matchContext, l egressListener) bool {
	if !v.gatewaySemantics {
		return true
	}
	return slices.ContainsFunc(v.hosts, func(h string) bool {
		svc, ok := s.registered(r.client, l, strings.ToLower(h), r.port)
		return ok && !host.IsWildcard(h) && (svc.namespace == v.Namespace || r.client.Namespace == v.Namespace)
	})
}

// httpDestinations returns where the first of the VirtualServices that has a route for a request sends it.
func (s *Snapshot) httpDestinations(all []*virtualService, r matchContext) (list []routeDestination, taken bool) {
	for _, v := range all {
		if list, taken = s.httpDestinationsOf(v, r); taken {
			return list, true
		}
	}
	return nil, false
}

// virtualServicesForHTTP returns the VirtualServices whose HTTP routes may be for a host:
//  1. those that name it, in any case (pilot/pkg/networking/core/route/route.go separateVSHostsAndServices); not for
//     a wildcard host;
//  2. where it is in the index of wildcards, the mostSpecificVirtualService for it in lower case
//     (pilot/pkg/model/sidecar.go computeWildcardHostVirtualServiceIndex).
//
// For example:
//
//	host               hosts of two VirtualServices               for the host
//	edition.cnn.com    [Edition.cnn.com], ["*.cnn.com"]           both
//	edition.cnn.com    ["*.com"], ["*.cnn.com"]                   the second
//	*.cnn.com          [edition.cnn.com], ["*.com"]               the second
func virtualServicesForHTTP(all []*virtualService, hostname string, indexed bool) []*virtualService {
	var chosen *virtualService
	if indexed {
		chosen = mostSpecificVirtualService(all, strings.ToLower(hostname))
	}
	return slices.DeleteFunc(slices.Clone(all), func(v *virtualService) bool {
		return v != chosen && (host.IsWildcard(hostname) || !v.namesHost(hostname))
	})
}

// inWildcardIndex reports whether a listener's index of wildcards has a host. It is looked up in lower case, so that
// must be the host itself, or another service that the listener imports.
func (s *Snapshot) inWildcardIndex(client Client, host string, l egressListener) bool {
	lower := strings.ToLower(host)
	return client.Kind != ClientSidecar || lower == host || len(l.selectServices(s.services.At(lower), client.Namespace)) > 0
}

// mostSpecificVirtualService returns the first VirtualService that names a host, else the first with the longest
// wildcard over it, else nil.
func mostSpecificVirtualService(all []*virtualService, hostname string) *virtualService {
	var best *virtualService
	longest := ""
	for _, v := range all {
		for _, h := range v.hosts {
			if h == hostname {
				return v
			}
			if host.IsWildcard(h) && len(h) > len(longest) && host.Covers(h, hostname) {
				best, longest = v, h
			}
		}
	}
	return best
}

// virtualServicesForL4 returns the VirtualServices whose tls and tcp routes may be for a host. Case counts
// (pilot/pkg/networking/core/tls.go getConfigsForHost).
func virtualServicesForL4(all []*virtualService, hostname string) []*virtualService {
	return slices.DeleteFunc(slices.Clone(all), func(v *virtualService) bool {
		return !slices.ContainsFunc(v.hosts, func(h string) bool { return host.Matches(h, hostname) })
	})
}

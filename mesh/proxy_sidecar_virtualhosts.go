package mesh

import (
	"slices"
	"strings"

	"github.com/tlsward/tlsward/mesh/host"
)

// virtualServicesForRequests returns the VirtualServices whose HTTP routes may take a request. Those that name a host which is none in the
// registry count on port 80 alone (pilot/pkg/networking/core/route/route.go buildSidecarVirtualHostsForVirtualService).
func (s *Snapshot) virtualServicesForRequests(all []*virtualService, host string, r matchContext, l egressListener) []*virtualService {
	if r.host == host || r.port != 80 {
		return virtualServicesForHTTP(all, host, s.inWildcardIndex(r.client, host, l))
	}
	for _, v := range all {
		if _, taken := s.httpDestinationsOf(v, r); taken && v.namesHost(r.host) {
			return []*virtualService{v}
		}
	}
	return virtualServicesForHTTP(all, host, s.inWildcardIndex(r.client, host, l))
}

// httpDestinations returns where the first VirtualService sends requests that has a route for them.
func (s *Snapshot) httpDestinations(all []*virtualService, r matchContext) (list []routeDestination, taken bool) {
	for _, v := range all {
		if list, taken = s.httpDestinationsOf(v, r); taken {
			return list, true
		}
	}
	return nil, false
}

// virtualServicesForHTTP returns the VirtualServices whose HTTP routes may be for host: those that name it, or else the first with the
// longest wildcard over it (pilot/pkg/networking/core/route/route.go separateVSHostsAndServices, pilot/pkg/model/
// sidecar.go computeWildcardHostVirtualServiceIndex). A wildcard host is looked up by the latter alone. The former does
// not tell upper case from lower case, the latter does.
func virtualServicesForHTTP(all []*virtualService, hostname string, indexed bool) []*virtualService {
	var chosen *virtualService
	if indexed {
		chosen = mostSpecificVirtualService(all, strings.ToLower(hostname))
	}
	return slices.DeleteFunc(slices.Clone(all), func(v *virtualService) bool {
		return v != chosen && (host.IsWildcard(hostname) || !v.namesHost(hostname))
	})
}

// inWildcardIndex reports whether a listener finds host among those that wildcards cover: by its name in lower case, which is its
// own or must be another service's.
func (s *Snapshot) inWildcardIndex(client Client, host string, l egressListener) bool {
	lower := strings.ToLower(host)
	return client.Kind != ClientSidecar || lower == host || len(l.selectServices(s.services.At(lower), client.Namespace)) > 0
}

// mostSpecificVirtualService returns the first VirtualService that names host or, where none does, the longest wildcard over it.
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

// virtualServicesForL4 returns the VirtualServices whose tls and tcp routes may be for host: here cases count (getConfigsForHost).
func virtualServicesForL4(all []*virtualService, hostname string) []*virtualService {
	return slices.DeleteFunc(slices.Clone(all), func(v *virtualService) bool {
		return !slices.ContainsFunc(v.hosts, func(h string) bool { return host.Matches(h, hostname) })
	})
}

package mesh

import (
	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// isDynamicDNS reports whether a forward proxy resolves the name of each request (resolution DYNAMIC_DNS).
func (svc *service) isDynamicDNS() bool {
	return svc.entry != nil && svc.entry.Resolution == networking.ServiceEntry_DYNAMIC_DNS
}

// isOriginalDst is true for a ServiceEntry without resolution and for a headless Service.
func (svc *service) isOriginalDst() bool {
	return svc.headless || svc.entry != nil && svc.entry.Resolution == networking.ServiceEntry_NONE
}

// usesDynamicForwardProxy reports whether a forward proxy resolves the name of each request.
func (svc *service) usesDynamicForwardProxy() bool {
	return svc.isDynamicDNS() && host.IsWildcard(svc.host)
}

// isDNSRoundRobin reports whether a ServiceEntry's names give one endpoint only.
func (svc *service) isDNSRoundRobin() bool {
	return svc.entry.GetResolution() == networking.ServiceEntry_DNS_ROUND_ROBIN
}

// usesDynamicForwardProxy is true also at the waypoint that stands for an exact host with resolution DYNAMIC_DNS.
func (v scopedService) usesDynamicForwardProxy() bool {
	return v.service.usesDynamicForwardProxy() || v.atWaypoint && v.isDynamicDNS()
}

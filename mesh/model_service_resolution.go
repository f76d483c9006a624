package mesh

import (
	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// isDynamicDNS reports whether the resolution is DYNAMIC_DNS.
func (svc *service) isDynamicDNS() bool {
	return svc.entry != nil && svc.entry.Resolution == networking.ServiceEntry_DYNAMIC_DNS
}

// isOriginalDst reports whether connections go on to their original destination: a ServiceEntry with resolution NONE,
// or a headless Service (model.Passthrough).
func (svc *service) isOriginalDst() bool {
	return svc.headless || svc.entry != nil && svc.entry.Resolution == networking.ServiceEntry_NONE
}

// usesDynamicForwardProxy reports whether Envoy resolves the name of each request (a wildcard host with DYNAMIC_DNS).
func (svc *service) usesDynamicForwardProxy() bool {
	return svc.isDynamicDNS() && host.IsWildcard(svc.host)
}

// isDNSRoundRobin reports whether the host has one endpoint with all addresses of its name (resolution DNS_ROUND_ROBIN).
func (svc *service) isDNSRoundRobin() bool {
	return svc.entry.GetResolution() == networking.ServiceEntry_DNS_ROUND_ROBIN
}

// usesDynamicForwardProxy is that of the service and, at the waypoint that stands for it, also true of an exact host with
// DYNAMIC_DNS.
func (v scopedService) usesDynamicForwardProxy() bool {
	return v.service.usesDynamicForwardProxy() || v.atWaypoint && v.isDynamicDNS()
}

// resolvesByDNS reports whether the proxy resolves the names of the service's endpoints (resolution DNS, DNS_ROUND_ROBIN).
func (svc *service) resolvesByDNS() bool {
	r := svc.entry.GetResolution()
	return r == networking.ServiceEntry_DNS || r == networking.ServiceEntry_DNS_ROUND_ROBIN
}

package mesh

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// discoveryType is where Envoy takes the endpoints of a cluster from (pilot/pkg/networking/core/cluster.go
// convertResolution).
type discoveryType int

// The discovery types.
const (
	// discoveryEDS: the control plane sends the addresses that it knows.
	discoveryEDS discoveryType = iota
	// discoveryDNS: Envoy resolves the names in the cluster (strict or logical DNS), which is not built without any.
	discoveryDNS
	// discoveryOriginalDst: connections go on to their original destination.
	discoveryOriginalDst
	// discoveryDynamicForwardProxy: Envoy resolves the name in each request.
	discoveryDynamicForwardProxy
	// discoveryNone: no cluster is built.
	discoveryNone
)

// discoveryType returns where a client's proxy takes the endpoints of a service from. At a gateway no connection has
// an original destination to go on to: it gets the addresses that the control plane knows.
func (svc *service) discoveryType(client Client) discoveryType {
	switch {
	case svc.alias:
		return discoveryNone
	case svc.usesDynamicForwardProxy():
		return discoveryDynamicForwardProxy
	case svc.isOriginalDst() && client.Kind == ClientGateway:
		return discoveryEDS
	case svc.isOriginalDst():
		return discoveryOriginalDst
	}
	switch svc.entry.GetResolution() {
	case networking.ServiceEntry_DNS, networking.ServiceEntry_DNS_ROUND_ROBIN:
		return discoveryDNS
	default:
		return discoveryEDS
	}
}

// supportsDynamicForwardProxy reports whether Istio builds a dynamic forward proxy for a protocol
// (pilot/pkg/networking/core/cluster.go buildOutboundClusters).
func supportsDynamicForwardProxy(protocol string) bool {
	switch strings.ToLower(protocol) {
	case "http", "http2", "grpc", "tls":
		return true
	}
	return false
}

package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// upstream is what is behind a cluster.
type upstream struct {
	discovery discoveryType
	ports     []uint32 // ascending, empty if none is known
}

// upstreamOf returns what is behind a client's cluster for a port and subset; ok is false where Istio builds no cluster:
//  1. for a dynamic forward proxy with a protocol that has none, or with a subset;
//  2. for DNS without an endpoint on the port or in the subset;
//  3. for a Service of type ExternalName.
//
// With the entry alone, port 80 of edition.cnn.com is sent to port 443 of what DNS answers; with the rule, to port 80 of
// wherever the client wanted to connect:
//
//	kind: ServiceEntry                                        kind: DestinationRule
//	spec:                                                     spec:
//	  hosts: [edition.cnn.com]                                  host: edition.cnn.com
//	  resolution: DNS                                           trafficPolicy:
//	  ports: [{number: 80, protocol: HTTP, targetPort: 443}]      loadBalancer: {simple: PASSTHROUGH}
func (s *Snapshot) upstreamOf(client Client, svc scopedService, p port, rule *consolidatedRule, subsetName string) (upstream, bool) {
	how := svc.discoveryType(client)
	all := s.endpointsFor(svc.host, svc.namespace, p.sameNumberOrName)
	if svc.atWaypoint {
		return s.waypointUpstreamOf(svc, p, how, all)
	}
	switch {
	case how == discoveryNone, how == discoveryDynamicForwardProxy && !supportsDynamicForwardProxy(p.protocol), how == discoveryDynamicForwardProxy && subsetName != "":
		return upstream{}, false
	case how == discoveryDynamicForwardProxy:
		return upstream{discovery: discoveryDynamicForwardProxy}, true
	case how == discoveryDNS && !slices.ContainsFunc(all, func(e endpoint) bool { return e.number == p.number }):
		return upstream{}, false
	}
	built := how // before the load balancer has its say
	var labels map[string]string
	if subsetName != "" {
		sub, _ := rule.subset(subsetName)
		labels = sub.GetLabels()
		if isPassthroughLoadBalancer(rule.loadBalancerFor(p.number, "")) || isPassthroughLoadBalancer(sub.GetTrafficPolicy().GetLoadBalancer()) {
			built = discoveryOriginalDst
		}
	}
	r := upstream{discovery: built, ports: endpointPorts(all, p, how, labels)}
	if built == discoveryDNS && len(r.ports) == 0 {
		return upstream{}, false
	}
	if built == discoveryOriginalDst {
		r.ports = []uint32{svc.originalDstPort(p)}
	} else if isPassthroughLoadBalancer(rule.loadBalancerFor(p.number, subsetName)) {
		r.discovery, r.ports = discoveryOriginalDst, []uint32{p.number}
	}
	return r, true
}

// waypointUpstreamOf is upstreamOf at the waypoint that stands for the service
// (pilot/pkg/networking/core/cluster_waypoint.go buildWaypointInboundVIP): subsets choose no endpoints, and whatever
// has resolution DYNAMIC_DNS is a dynamic forward proxy, for HTTP alone unless Flags.WildcardTLS.
func (s *Snapshot) waypointUpstreamOf(svc scopedService, p port, how discoveryType, all []endpoint) (upstream, bool) {
	switch {
	case svc.isDynamicDNS():
		return upstream{discovery: discoveryDynamicForwardProxy}, strings.EqualFold(p.protocol, "http") || s.settings.Flags.WildcardTLS && strings.EqualFold(p.protocol, "tls")
	case how == discoveryOriginalDst:
		return upstream{discovery: how, ports: []uint32{svc.originalDstPort(p)}}, true
	}
	ports := endpointPorts(all, p, how, nil)
	return upstream{discovery: how, ports: ports}, how != discoveryDNS || len(ports) > 0
}

// originalDstPort returns the port to which a connection goes on to its original destination: the client's own, or the
// targetPort of the first ServiceEntry of the host.
func (v scopedService) originalDstPort(p port) uint32 {
	if v.entry != nil && v.entry.Resolution == networking.ServiceEntry_NONE {
		for _, own := range v.service.ports {
			if own.number == p.number && own.targetPort > 0 {
				return own.targetPort
			}
		}
	}
	return p.number
}

// endpointPorts returns the ports of a cluster's endpoints, ascending. DNS endpoints belong to a port by its number,
// those of EDS by its name (pilot/pkg/xds/endpoints/endpoint_builder.go BuildClusterLoadAssignment).
func endpointPorts(all []endpoint, p port, how discoveryType, labels map[string]string) []uint32 {
	var ports []uint32
	for _, e := range all {
		if !selectorMatches(labels, e.labels) {
			continue
		}
		switch {
		case how == discoveryDNS && e.number != p.number:
		case how == discoveryEDS && (e.name != p.name || e.address != "" && e.port != 0 && !isAddress(e.address)):
		default:
			ports = append(ports, e.port)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// isPassthroughLoadBalancer reports whether a load balancer sends connections on to their original destination (simple:
// PASSTHROUGH).
func isPassthroughLoadBalancer(lb *networking.LoadBalancerSettings) bool {
	return lb.GetSimple() == networking.LoadBalancerSettings_PASSTHROUGH
}

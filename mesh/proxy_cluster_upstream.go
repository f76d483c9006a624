package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// upstream is what a cluster of one service port has behind it.
type upstream struct {
	discovery discoveryType
	ports     []uint32 // ascending, empty if none is known
}

// upstreamOf says where a client's cluster for a port and subset leads; ok is false where Istio builds none.
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

// waypointUpstreamOf is upstreamOf at the waypoint that stands for the service: subsets choose no endpoints, and whatever has
// resolution DYNAMIC_DNS is a forward proxy, for HTTP alone (buildWaypointInboundVIP).
func (s *Snapshot) waypointUpstreamOf(svc scopedService, p port, how discoveryType, all []endpoint) (upstream, bool) {
	switch {
	case svc.isDynamicDNS():
		return upstream{discovery: discoveryDynamicForwardProxy}, strings.EqualFold(p.protocol, "http")
	case how == discoveryOriginalDst:
		return upstream{discovery: how, ports: []uint32{svc.originalDstPort(p)}}, true
	}
	ports := endpointPorts(all, p, how, nil)
	return upstream{discovery: how, ports: ports}, how != discoveryDNS || len(ports) > 0
}

// originalDstPort returns the port to which a connection that follows the client's own is sent: the client's, unless the
// entry that comes first has a targetPort for it.
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

// endpointPorts returns the ports of the endpoints of a cluster. Names are matched by the port's number, addresses by its
// name (pilot/pkg/xds/endpoints/endpoint_builder.go BuildClusterLoadAssignment).
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

func isPassthroughLoadBalancer(lb *networking.LoadBalancerSettings) bool {
	return lb.GetSimple() == networking.LoadBalancerSettings_PASSTHROUGH
}

package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// reach is what a cluster of one service port has behind it.
type reach struct {
	how   discovery
	ports []uint32 // ascending, empty if none is known
}

// reachOf says where a client's cluster for a port and subset leads; ok is false where Istio builds none.
func (s *Snapshot) reachOf(client Client, svc view, p port, rule *merged, subsetName string) (reach, bool) {
	how := svc.discovery(client)
	all := s.endpointsOf(svc.host, svc.namespace, p.alike)
	if svc.inbound {
		return s.reachInbound(svc, p, how, all)
	}
	switch {
	case how == nowhere, how == asked && !forwardable(p.protocol), how == asked && subsetName != "":
		return reach{}, false
	case how == asked:
		return reach{how: asked}, true
	case how == named && !slices.ContainsFunc(all, func(e endpoint) bool { return e.number == p.number }):
		return reach{}, false
	}
	built := how // before the load balancer has its say
	var labels map[string]string
	if subsetName != "" {
		sub, _ := rule.subset(subsetName)
		labels = sub.GetLabels()
		if passesThrough(rule.policyAt(p.number, "")) || passesThrough(sub.GetTrafficPolicy().GetLoadBalancer()) {
			built = dialed
		}
	}
	r := reach{how: built, ports: behind(all, p, how, labels)}
	if built == named && len(r.ports) == 0 {
		return reach{}, false
	}
	if built == dialed {
		r.ports = []uint32{svc.dialedPort(p)}
	} else if passesThrough(rule.policyAt(p.number, subsetName)) {
		r.how, r.ports = dialed, []uint32{p.number}
	}
	return r, true
}

// reachInbound is reachOf at the waypoint that stands for the service: subsets choose no endpoints, and whatever has
// resolution DYNAMIC_DNS is a forward proxy, for HTTP alone (buildWaypointInboundVIP).
func (s *Snapshot) reachInbound(svc view, p port, how discovery, all []endpoint) (reach, bool) {
	switch {
	case svc.dynamic():
		return reach{how: asked}, strings.EqualFold(p.protocol, "http")
	case how == dialed:
		return reach{how: how, ports: []uint32{svc.dialedPort(p)}}, true
	}
	ports := behind(all, p, how, nil)
	return reach{how: how, ports: ports}, how != named || len(ports) > 0
}

// dialedPort is the port to which a connection that follows the client's own is sent: the client's, unless the
// entry that comes first has a targetPort for it.
func (v view) dialedPort(p port) uint32 {
	if v.entry != nil && v.entry.Resolution == networking.ServiceEntry_NONE {
		for _, own := range v.service.ports {
			if own.number == p.number && own.target > 0 {
				return own.target
			}
		}
	}
	return p.number
}

// behind lists the ports of the endpoints of a cluster. Names are matched by the port's number, addresses by its
// name (pilot/pkg/xds/endpoints/endpoint_builder.go BuildClusterLoadAssignment).
func behind(all []endpoint, p port, how discovery, labels map[string]string) []uint32 {
	var ports []uint32
	for _, e := range all {
		if !subsetOf(labels, e.labels) {
			continue
		}
		switch {
		case how == named && e.number != p.number:
		case how == listed && (e.name != p.name || e.address != "" && e.port != 0 && !isAddress(e.address)):
		default:
			ports = append(ports, e.port)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

func passesThrough(lb *networking.LoadBalancerSettings) bool {
	return lb.GetSimple() == networking.LoadBalancerSettings_PASSTHROUGH
}

// policyAt is the load balancer that a rule has for a port and subset; nil rule, nil policy.
func (m *merged) policyAt(number uint32, subsetName string) *networking.LoadBalancerSettings {
	if m == nil {
		return nil
	}
	lb := m.policy.GetLoadBalancer()
	if i := portEntry(m.policy, number); i >= 0 {
		lb = m.policy.PortLevelSettings[i].LoadBalancer
	}
	sub, ok := m.subset(subsetName)
	if subsetName == "" || !ok {
		return lb
	}
	if i := portEntry(sub.TrafficPolicy, number); i >= 0 {
		return sub.TrafficPolicy.PortLevelSettings[i].LoadBalancer
	}
	if own := sub.TrafficPolicy.GetLoadBalancer(); own != nil {
		return own
	}
	return lb
}

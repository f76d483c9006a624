package envoy

import (
	"net/netip"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
)

// endpointGroup is the endpoints of a cluster that have the same transport socket.
type endpointGroup struct {
	socket    socket
	endpoints []Endpoint
	// internal are those that are internal listeners of the proxy.
	internal []*endpointv3.LbEndpoint
}

// group returns the endpoints of an assignment by transport socket, in the order in which it has them, and what of it
// cannot be read.
func group(c *clusterv3.Cluster, a *endpointv3.ClusterLoadAssignment) (groups []*endpointGroup, unreadable []string) {
	find := func(s socket) *endpointGroup {
		for _, g := range groups {
			if g.socket == s {
				return g
			}
		}
		groups = append(groups, &endpointGroup{socket: s})
		return groups[len(groups)-1]
	}
	for _, locality := range a.GetEndpoints() {
		if locality.GetLedsClusterLocalityConfig() != nil {
			unreadable = append(unreadable, "are discovered apart (LEDS)")
		}
		for _, e := range locality.GetLbEndpoints() {
			g := find(socketOf(c, e.GetMetadata(), locality.GetMetadata()))
			if e.GetEndpoint().GetAddress().GetEnvoyInternalAddress() != nil {
				g.internal = append(g.internal, e)
				continue
			}
			read, ok := readEndpoint(e, locality.GetPriority())
			if !ok {
				unreadable = append(unreadable, "have one without an address")
				continue
			}
			g.endpoints = append(g.endpoints, read...)
		}
	}
	return groups, unreadable
}

// readEndpoint returns an endpoint at each of its addresses.
func readEndpoint(e *endpointv3.LbEndpoint, priority uint32) (read []Endpoint, ok bool) {
	addresses := []*corev3.Address{e.GetEndpoint().GetAddress()}
	for _, more := range e.GetEndpoint().GetAdditionalAddresses() {
		addresses = append(addresses, more.GetAddress())
	}
	for _, a := range addresses {
		one := Endpoint{
			Hostname: e.GetEndpoint().GetHostname(), Priority: priority, Unhealthy: unhealthy(e.GetHealthStatus()),
		}
		switch s := a.GetSocketAddress(); {
		case a.GetPipe() != nil:
			one.Kind, one.Host = EndpointPipe, a.GetPipe().GetPath()
		case s == nil || s.GetPortValue() > 65535:
			return nil, false
		default:
			one.Kind, one.Host, one.Port = EndpointDNS, s.GetAddress(), uint16(s.GetPortValue())
			if _, err := netip.ParseAddr(s.GetAddress()); err == nil {
				one.Kind = EndpointAddress
			}
		}
		read = append(read, one)
	}
	return read, true
}

func unhealthy(status corev3.HealthStatus) bool {
	switch status {
	case corev3.HealthStatus_UNKNOWN, corev3.HealthStatus_HEALTHY, corev3.HealthStatus_DEGRADED:
		return false
	}
	return true
}

// hostname returns the name of an endpoint that auto_host_rewrite and auto_host_sni take: its hostname, else the DNS name
// that was resolved; empty where it has none (docs: auto_host_rewrite).
func (e Endpoint) hostname() string {
	if e.Hostname == "" && e.Kind == EndpointDNS {
		return e.Host
	}
	return e.Hostname
}

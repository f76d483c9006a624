package envoy

import (
	"maps"
	"net/netip"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// Config is the configuration of one proxy, with indexes. It is not changed after it was made and may be used by many
// goroutines at once.
type Config struct {
	// byAddress has the listeners for TCP by each of their addresses; an IPv6 listener for IPv4 too has both.
	byAddress map[netip.AddrPort]*listener
	// internal has the internal listeners by name.
	internal map[string]*listener
	routes   map[string]*routeTable
	clusters map[string]*clusterv3.Cluster
	// endpoints are those of EDS clusters, by service name.
	endpoints map[string]*endpointv3.ClusterLoadAssignment
	// Unread is what of a config dump could not be read, and what the proxy itself refused or was not done with.
	Unread []Unknown
}

// NewConfig returns the configuration that consists of these resources. It keeps them; they must not be changed any
// more. Of resources with the same name or address the first counts.
func NewConfig(listeners []*listenerv3.Listener, routes []*routev3.RouteConfiguration,
	clusters []*clusterv3.Cluster, endpoints []*endpointv3.ClusterLoadAssignment,
) *Config {
	c := &Config{
		byAddress: map[netip.AddrPort]*listener{},
		internal:  map[string]*listener{},
		routes:    make(map[string]*routeTable, len(routes)),
		clusters:  make(map[string]*clusterv3.Cluster, len(clusters)),
		endpoints: make(map[string]*endpointv3.ClusterLoadAssignment, len(endpoints)),
	}
	for _, l := range listeners {
		c.addListener(l)
	}
	for _, r := range routes {
		if _, ok := c.routes[r.GetName()]; !ok {
			c.routes[r.GetName()] = newRouteTable(r)
		}
	}
	for _, cl := range clusters {
		if _, ok := c.clusters[cl.GetName()]; !ok {
			c.clusters[cl.GetName()] = cl
		}
	}
	for _, e := range endpoints {
		if _, ok := c.endpoints[e.GetClusterName()]; !ok {
			c.endpoints[e.GetClusterName()] = e
		}
	}
	return c
}

func (c *Config) addListener(l *listenerv3.Listener) {
	built := newListener(l)
	if l.GetInternalListener() != nil {
		if _, ok := c.internal[l.GetName()]; !ok {
			c.internal[l.GetName()] = built
		}
		return
	}
	c.addAddress(l.GetAddress(), built)
	for _, more := range l.GetAdditionalAddresses() {
		c.addAddress(more.GetAddress(), built)
	}
}

// addAddress enters a listener at one of its addresses. A listener at an IPv6 address with ipv4_compat takes IPv4 too,
// where no other listener has that address (source/common/listener_manager/connection_handler_impl.cc, addListener).
func (c *Config) addAddress(a *corev3.Address, l *listener) {
	socket := a.GetSocketAddress()
	address, ok := socketAddress(socket)
	if !ok || socket.GetProtocol() == corev3.SocketAddress_UDP {
		return
	}
	c.claim(address, l)
	if !address.Addr().Is6() || !socket.GetIpv4Compat() {
		return
	}
	if address.Addr().IsUnspecified() {
		c.claim(netip.AddrPortFrom(netip.IPv4Unspecified(), address.Port()), l)
	} else if address.Addr().Is4In6() {
		c.claim(netip.AddrPortFrom(address.Addr().Unmap(), address.Port()), l)
	}
}

func (c *Config) claim(address netip.AddrPort, l *listener) {
	if first, ok := c.byAddress[address]; ok {
		if first != l {
			first.rivals = append(first.rivals, l.GetName())
		}
		return
	}
	c.byAddress[address] = l
}

// socketAddress returns the IP address and port of a socket; ok is false for names, named ports and nonsense.
func socketAddress(s *corev3.SocketAddress) (_ netip.AddrPort, ok bool) {
	address, err := netip.ParseAddr(s.GetAddress())
	if err != nil || s.GetNamedPort() != "" || s.GetPortValue() > 65535 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(address, uint16(s.GetPortValue())), true
}

// Listening returns the addresses of the listeners, ascending.
func (c *Config) Listening() []netip.AddrPort {
	return slices.SortedFunc(maps.Keys(c.byAddress), netip.AddrPort.Compare)
}

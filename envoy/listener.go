package envoy

import (
	"net/netip"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
)

// listener is a Listener with its filter chains' matches read.
type listener struct {
	*listenerv3.Listener
	chains []chain
	// rivals are other listeners with the same address. Envoy refuses them, but which it met first is not known.
	rivals []string
}

func newListener(l *listenerv3.Listener) *listener {
	built := &listener{Listener: l, chains: make([]chain, 0, len(l.GetFilterChains()))}
	for _, fc := range l.GetFilterChains() {
		built.chains = append(built.chains, newChain(fc))
	}
	return built
}

// bound reports whether the listener has a socket of its own. One without only takes what another hands over.
func (l *listener) bound() bool {
	if l.GetBindToPort() != nil {
		return l.GetBindToPort().GetValue()
	}
	if d := l.GetDeprecatedV1().GetBindToPort(); d != nil {
		return d.GetValue()
	}
	return true
}

// listenerFor returns the listener for an address: the one at exactly this address and port, else the one for any
// address of the same family at the port; nil where there is neither.
// source/common/listener_manager/connection_handler_impl.cc, getBalancedHandlerByAddress
func (c *Config) listenerFor(a netip.AddrPort) *listener {
	if l := c.byAddress[a]; l != nil {
		return l
	}
	if unmapped := netip.AddrPortFrom(a.Addr().Unmap(), a.Port()); unmapped != a {
		if l := c.byAddress[unmapped]; l != nil {
			return l
		}
	}
	return c.byAddress[netip.AddrPortFrom(wildcard(a.Addr()), a.Port())]
}

// wildcard returns the address that stands for any of the same family.
func wildcard(a netip.Addr) netip.Addr {
	if a.Unmap().Is6() {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// accepting returns the listener with a socket that accepts a connection from the network, nil if there is none.
func (c *Config) accepting(conn Connection) *listener {
	at := conn.Destination
	if conn.Redirected != 0 {
		// REDIRECT changes the destination to an address of the pod's own, where only listeners for any address are.
		at = netip.AddrPortFrom(wildcard(at.Addr()), conn.Redirected)
	}
	l := c.listenerFor(at)
	if l == nil || !l.bound() {
		return nil
	}
	return l
}

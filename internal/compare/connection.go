package compare

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
)

// Connection is one that a client opens by what the mesh declares.
type Connection struct {
	// Host and Port are declared by a ServiceEntry, or they are a gateway's server.
	Host string
	Port uint32
	// Protocol is the port's, as it is declared.
	Protocol string
	// At is the address that the client connects to.
	At netip.AddrPort
	// Internal is the listener of a waypoint that takes it; Captured reports whether it is redirected to a sidecar.
	Internal string
	Captured bool
	// SNI and Authority are what comes to a gateway.
	SNI, Authority string
	// DNSCapture reports whether the sidecar resolves the client's names.
	DNSCapture bool
	// Payload is what the client sends first.
	Payload envoy.Payload
}

// String returns what is asked for: "edition.cnn.com:80 (HTTP)". To a port without a protocol several things may be sent, so it
// says what is: "edition.cnn.com:80 (any protocol, a request)".
func (c Connection) String() string {
	protocol := c.Protocol
	if protocol == "" {
		protocol = "any protocol, " + c.Sends()
	}
	return fmt.Sprintf("%s:%d (%s)", c.Host, c.Port, protocol)
}

// Sends names what the client sends first.
func (c Connection) Sends() string {
	switch {
	case c.Payload.TLS != nil:
		return "a ClientHello"
	case c.Payload.HTTP != nil:
		return "a request"
	}
	return "bytes"
}

// inner returns what the client sends inside the TLS that a gateway takes off.
func (c Connection) inner() envoy.Payload {
	if c.Payload.TLS != nil && c.Payload.TLS.Inside.HTTP != nil {
		return c.Payload.TLS.Inside
	}
	return c.Payload
}

// AtProxy returns the connection as the proxy sees it.
func (c Connection) AtProxy() envoy.Connection {
	conn := envoy.Connection{Internal: c.Internal, Destination: c.At, Payload: c.Payload}
	if c.Captured {
		conn.Redirected = envoy.OutboundCapture
	}
	return conn
}

// Nowhere is an address that nobody declares (RFC 5737): where a name leads that has no address of its own in the mesh.
var Nowhere = netip.MustParseAddr("203.0.113.255")

// declared is a port of a host, and the addresses that the host has there.
type declared struct {
	host, protocol string
	port           uint32
}

// Outbound lists the connections that a client of a sidecar or waypoint opens to what leaves the mesh: to each port of each
// host, by what its protocol is, at the addresses to which the name leads. A wildcard stands for a name below it.
func Outbound(s *mesh.Snapshot, p Proxy) []Connection {
	addresses := map[declared][]netip.Addr{}
	for o := range s.Objects() {
		entry, ok := o.Spec.(*networking.ServiceEntry)
		if !ok || !s.LeavesMesh(o.Ref) {
			continue
		}
		for _, host := range entry.Hosts {
			for _, port := range entry.Ports {
				key := declared{host: host, protocol: strings.ToUpper(port.GetProtocol()), port: port.GetNumber()}
				if mesh.FamilyOf(key.protocol) == mesh.FamilyUDP || !meant(s, p.Client, key) {
					continue
				}
				addresses[key] = append(addresses[key], addressesOf(o, entry, host)...)
			}
		}
	}
	var all []Connection
	for key, at := range addresses {
		for _, a := range resolved(p, at) {
			c := Connection{
				Host: key.host, Port: key.port, Protocol: key.protocol, At: netip.AddrPortFrom(a, uint16(key.port)), DNSCapture: p.DNSCapture,
			}
			if c.Captured = p.Client.Kind == mesh.ClientSidecar; !c.Captured {
				c.Internal = waypointListener
			}
			for _, c.Payload = range payloads(key.protocol, named(key.host)) {
				all = append(all, c)
			}
		}
	}
	slices.SortFunc(all, func(a, b Connection) int {
		return strings.Compare(fmt.Sprint(a.String(), a.At), fmt.Sprint(b.String(), b.At))
	})
	return all
}

// waypointListener is where a waypoint's connections come out of their tunnel (pilot/pkg/networking/core/waypoint.go).
const waypointListener = "main_internal"

// meant reports whether a client that knows the host means the port by this protocol. One that does not may mean any. A
// waypoint is asked about the hosts alone for which it stands.
func meant(s *mesh.Snapshot, client mesh.Client, d declared) bool {
	if client.Kind == mesh.ClientWaypoint && !s.WaypointServes(client, d.host) {
		return false
	}
	c, ok := s.Cluster(client, d.host, d.port, "")
	return !ok || strings.EqualFold(c.Protocol, d.protocol)
}

// named returns a name that a host stands for.
func named(host string) string {
	name := strings.ToLower(host)
	if rest, wild := strings.CutPrefix(name, "*"); wild {
		return "unnamed" + rest
	}
	return name
}

// addressesOf returns the addresses to which an entry's host leads: its own, else those that istiod gave it.
func addressesOf(o *mesh.Object, entry *networking.ServiceEntry, host string) []netip.Addr {
	var list []netip.Addr
	for _, text := range entry.Addresses {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			list = append(list, prefix.Addr())
		} else if a, err := netip.ParseAddr(text); err == nil {
			list = append(list, a)
		}
	}
	if len(list) > 0 {
		return list
	}
	for _, given := range o.Status {
		if a, err := netip.ParseAddr(given.Value); err == nil && given.Host == host {
			list = append(list, a)
		}
	}
	return list
}

// resolved returns the addresses to which a name leads: those that it has, else Nowhere.
func resolved(p Proxy, has []netip.Addr) []netip.Addr {
	set := map[netip.Addr]bool{}
	for _, a := range has {
		if !a.IsUnspecified() && p.reaches(a) {
			set[a] = true
		}
	}
	if len(set) == 0 && p.Client.Kind == mesh.ClientSidecar {
		set[Nowhere] = true
	}
	return slices.SortedFunc(maps.Keys(set), netip.Addr.Compare)
}

// payloads returns what a client sends for a name to a port of a protocol.
func payloads(protocol, name string) []envoy.Payload {
	request := envoy.Payload{HTTP: &envoy.Request{Host: name}}
	hello := envoy.Payload{TLS: &envoy.ClientHello{ServerName: name, ALPN: []string{"h2", "http/1.1"}}}
	switch mesh.FamilyOf(protocol) {
	case mesh.FamilyHTTP:
		return []envoy.Payload{request}
	case mesh.FamilyTLS:
		return []envoy.Payload{hello}
	case mesh.FamilyUnspecified:
		return []envoy.Payload{request, hello, {}}
	}
	return []envoy.Payload{{}}
}

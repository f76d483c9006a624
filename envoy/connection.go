package envoy

import "net/netip"

// OutboundCapture is the port to which Istio's iptables rules redirect what leaves a sidecar's pod
// (tools/istio-iptables, "-p 15001").
const OutboundCapture = 15001

// Connection is one connection as it reaches the proxy.
type Connection struct {
	// Redirected is the proxy's port to which iptables redirect the connection, such as OutboundCapture. It is zero
	// where the client dials Destination itself, as the clients of a gateway do.
	Redirected uint16
	// Internal is the name of the internal listener that takes the connection; Destination is then what the listener
	// is told of the original destination. It is empty for a connection from the network.
	Internal string
	// Source is the client's address. The zero value leaves it unspecified.
	Source netip.AddrPort
	// Destination is the address that the client dialled.
	Destination netip.AddrPort
	Payload     Payload
}

// Payload is what the client sends first. The zero Payload is bytes that are neither TLS nor HTTP.
type Payload struct {
	TLS  *ClientHello
	HTTP *Request
	// ServerFirst reports that the client sends nothing before the server has greeted, as MySQL's clients do.
	ServerFirst bool
}

// ClientHello is how a client begins TLS.
type ClientHello struct {
	// ServerName is the SNI, empty where the client sends none.
	ServerName string
	// ALPN are the application protocols in the client's order.
	ALPN []string
	// Inside is what the client sends under this TLS. It matters where the proxy terminates it.
	Inside Payload
}

// Request is an HTTP request. What is left empty is unspecified, and a condition on it may hold or not.
type Request struct {
	// Host is the Host header or the :authority, with its port if the client sends one.
	Host   string
	Method string
	// Path begins with a slash and may have a query.
	Path string
	// Headers are all other headers by lower-case name; nil leaves them unspecified.
	Headers map[string]string
	// HTTP2 reports that the request comes over HTTP/2.
	HTTP2 bool
}

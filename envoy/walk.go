package envoy

import (
	"net/netip"
	"slices"

	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

// maxDepth bounds the internal listeners and aggregate clusters that one connection goes through.
const maxDepth = 16

// Walk returns every way in which the connection may end, in the order in which the configuration has them. There is at
// least one.
func (c *Config) Walk(conn Connection) []Outcome {
	w := &walk{config: c}
	b := branch{connection: conn, destination: conn.Destination, source: conn.Source, payload: conn.Payload}
	if conn.Redirected != 0 {
		b.destination = netip.AddrPortFrom(wildcard(conn.Destination.Addr()), conn.Redirected)
	}
	w.enter(b)
	return w.outcomes
}

// walk collects the outcomes of one connection.
type walk struct {
	config   *Config
	outcomes []Outcome
}

// branch is a way through the configuration, so far. It is passed by value: each way has its own.
type branch struct {
	connection Connection
	// outcome is what is decided.
	outcome Outcome
	payload Payload
	// source and destination are the connection's addresses as Envoy knows them at this point.
	source, destination netip.AddrPort
	// restored reports that destination is the original one, from before iptables redirected it.
	restored bool
	// transport, serverName and protocols are what listener filters have learnt of the first bytes.
	transport, serverName string
	protocols             []string
	// upstreamCluster, dynamicHost and dynamicPort are what network filters have left for tcp_proxy and the cluster.
	upstreamCluster, dynamicHost string
	dynamicPort                  uint16
	// secure reports that the client's TLS was terminated.
	secure bool
	// isHTTP reports that a connection manager took the payload apart into requests.
	isHTTP bool
	// request is the request as the connection manager and the routes have left it.
	request Request
	// host is the request's own Host header.
	host string
	// disabled are the connection manager's filters that a route may switch on.
	disabled []*hcmv3.HttpFilter
	// autoHost reports that the route sets the Host header to the endpoint's name.
	autoHost bool
	// missing is the status of the reply where the route's cluster does not exist.
	missing uint32
	depth   int
}

// hop returns the last hop of the branch's path to write to. The path is the branch's own after it.
func (b *branch) hop() *Hop {
	b.outcome.Path = slices.Clone(b.outcome.Path)
	if len(b.outcome.Path) == 0 {
		b.outcome.Path = []Hop{{}}
	}
	return &b.outcome.Path[len(b.outcome.Path)-1]
}

// unknown returns the branch with one more thing on the way that is not understood.
func (b branch) unknown(u Unknown) branch {
	b.outcome.Unknown = append(slices.Clip(b.outcome.Unknown), u)
	return b
}

// conditional returns the branch as one that may be taken or not.
func (b branch) conditional(may bool) branch {
	b.outcome.Conditional = b.outcome.Conditional || may
	return b
}

// end records that the branch ends without an upstream.
func (w *walk) end(b branch, end End, reason string) {
	b.outcome.End, b.outcome.Reason = end, reason
	w.outcomes = append(w.outcomes, b.outcome)
}

// lost records that the branch cannot be followed any further.
func (w *walk) lost(b branch, u Unknown) { w.end(b.unknown(u), EndUnknown, "") }

// enter finds the listener that accepts the connection.
func (w *walk) enter(b branch) {
	if name := b.connection.Internal; name != "" {
		l := w.config.internal[name]
		if l == nil {
			w.end(b, EndReset, "there is no internal listener "+name)
			return
		}
		w.listen(b, l, true)
		return
	}
	l := w.config.accepting(b.connection)
	if l == nil {
		w.end(b, EndReset, "no listener accepts "+b.connection.Destination.String())
		return
	}
	w.listen(b, l, true)
}

// listen follows a connection into a listener. One with use_original_dst hands it over to the listener for its original
// destination, if there is another, and keeps it otherwise (source/common/listener_manager/active_tcp_socket.cc,
// newConnection): 15001 keeps what no listener is for. A listener does not hand over what was handed over to it.
func (w *walk) listen(b branch, l *listener, handOver bool) {
	b.hop().Listener = l.GetName()
	for _, rival := range l.rivals {
		b = b.unknown(Unknown{Kind: "listener", Name: l.GetName(), Detail: "has the same address as " + rival})
	}
	b, ok := w.inspect(b, l)
	if !ok {
		return
	}
	if handOver && l.GetUseOriginalDst().GetValue() && b.restoredBy(l) {
		if other := w.config.listenerFor(b.destination); other != nil {
			w.listen(b, other, false)
			return
		}
	}
	if b.transport == "" {
		b.transport = "raw_buffer"
	}
	w.choose(b, l)
}

// restoredBy restores the original destination as use_original_dst does: it adds the original_dst filter where the
// listener has none (source/common/listener_manager/listener_impl.cc, buildOriginalDstListenerFilter).
func (b *branch) restoredBy(l *listener) bool {
	if !b.restored && b.connection.Redirected != 0 && l.GetUseOriginalDst().GetValue() {
		b.restored, b.destination = true, b.connection.Destination
	}
	return b.restored
}

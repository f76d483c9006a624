package envoy

import (
	"net/netip"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
)

// leave records that a branch leaves the proxy to these endpoints, once for each different TLS or authority that they
// make of it.
func (w *walk) leave(b branch, c *clusterv3.Cluster, s socket, endpoints []Endpoint) {
	b, context, options := b.security(c, s)
	b.outcome.End = EndUpstream
	if !byName(b, context) {
		b.outcome.Endpoints, b.outcome.TLS = endpoints, originate(b, options, context, Endpoint{})
		w.outcomes = append(w.outcomes, b.outcome)
		return
	}
	for _, e := range endpoints {
		b := b.conditional(len(endpoints) > 1)
		b.outcome.Endpoints, b.outcome.TLS = []Endpoint{e}, originate(b, options, context, e)
		if b.autoHost && e.hostname() != "" {
			b.outcome.Authority, b.outcome.Rewritten = e.hostname(), true
		}
		w.outcomes = append(w.outcomes, b.outcome)
	}
}

// security returns the TLS context and the HTTP options that decide the TLS of a branch towards a cluster; options are nil
// for TCP.
func (b branch) security(c *clusterv3.Cluster, s socket) (branch, *tlsv3.UpstreamTlsContext, *corev3.UpstreamHttpProtocolOptions) {
	context, u, known := s.upstreamTLS()
	if !known {
		b = b.unknown(u)
	}
	if !b.isHTTP || context == nil {
		return b, context, nil
	}
	options, u, known := httpOptions(c)
	if !known {
		b = b.unknown(u)
	}
	return b, context, options
}

// byName reports whether what leaves depends on the endpoint's own name.
func byName(b branch, context *tlsv3.UpstreamTlsContext) bool {
	return b.autoHost || context.GetAutoHostSni()
}

// inside follows a branch to an endpoint that is an internal listener. What the connection's original destination is
// there, the endpoint's metadata say (source/extensions/bootstrap/internal_listener/client_connection_factory.cc and the
// original_dst listener filter, "envoy.filters.listener.original_dst").
func (w *walk) inside(b branch, c *clusterv3.Cluster, s socket, e *endpointv3.LbEndpoint) {
	name := e.GetEndpoint().GetAddress().GetEnvoyInternalAddress().GetServerListenerName()
	l := w.config.internal[name]
	if l == nil || b.depth > maxDepth {
		w.leave(b, c, s, []Endpoint{{Kind: EndpointInternal, Host: name}})
		return
	}
	b, context, options := b.security(c, s)
	if t := originate(b, options, context, Endpoint{}); t != nil {
		b.payload = Payload{TLS: &ClientHello{ServerName: t.ServerName, ALPN: t.ALPN, Inside: b.payload}}
	} else if b.payload.HTTP != nil && b.isHTTP {
		request := b.request
		b.payload.HTTP = &request
	}
	next := branch{
		connection: Connection{Internal: name, Source: b.source, Destination: b.destination, Payload: b.payload},
		outcome:    b.outcome, payload: b.payload, source: b.source, destination: b.destination, depth: b.depth + 1,
	}
	if at, ok := originalOf(e.GetMetadata()); ok {
		next.connection.Destination = at
	}
	next.outcome.Path = append(next.outcome.Path[:len(next.outcome.Path):len(next.outcome.Path)], Hop{})
	w.listen(next, l, true)
}

// originalOf returns the original destination that an endpoint's metadata carry to an internal listener.
func originalOf(m *corev3.Metadata) (netip.AddrPort, bool) {
	local := m.GetFilterMetadata()["envoy.filters.listener.original_dst"].GetFields()["local"].GetStringValue()
	at, err := netip.ParseAddrPort(local)
	return at, err == nil
}

// httpOptions returns the HTTP options of a cluster that decide about names. Those of a dynamic forward proxy default to
// both automatic, where it has no options of the old style; the factory sets these alone
// (source/extensions/clusters/dynamic_forward_proxy/cluster.cc, createClusterWithConfig).
func httpOptions(c *clusterv3.Cluster) (_ *corev3.UpstreamHttpProtocolOptions, u Unknown, ok bool) {
	packed := c.GetTypedExtensionProtocolOptions()["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]
	if packed != nil {
		var options httpv3.HttpProtocolOptions
		u, ok := unpack("protocol options", c.GetName(), packed, &options)
		return options.GetUpstreamHttpProtocolOptions(), u, ok
	}
	if c.GetUpstreamHttpProtocolOptions() == nil && typeOf(c.GetClusterType().GetTypedConfig()) == typeDynamicForward {
		return &corev3.UpstreamHttpProtocolOptions{AutoSni: true, AutoSanValidation: true}, Unknown{}, true
	}
	return c.GetUpstreamHttpProtocolOptions(), Unknown{}, true
}

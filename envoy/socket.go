package envoy

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	internalv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/internal_upstream/v3"
	proxyprotocolv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/proxy_protocol/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

const (
	typeUpstreamTLS   = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
	typeInternal      = "envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport"
	typeProxyProtocol = "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport"
)

// matchKey is the part of an endpoint's metadata by which transport sockets are chosen.
const matchKey = "envoy.transport_socket_match"

// socket is a transport socket of a cluster. Sockets of one cluster can be compared.
type socket struct {
	*corev3.TransportSocket
	// byMatcher reports that a matcher tree chooses the socket, so that which one is not known.
	byMatcher bool
}

// socketOf returns the transport socket of an endpoint: the first match that is a part of its metadata, else of its
// locality's, else the cluster's own (source/common/upstream/transport_socket_match_impl.cc, resolve).
func socketOf(c *clusterv3.Cluster, endpoint, locality *corev3.Metadata) socket {
	if c.GetTransportSocketMatcher() != nil {
		return socket{c.GetTransportSocket(), true}
	}
	for _, metadata := range []*corev3.Metadata{endpoint, locality} {
		for _, m := range c.GetTransportSocketMatches() {
			if subset(m, metadata) {
				return socket{m.GetTransportSocket(), false}
			}
		}
	}
	return socket{c.GetTransportSocket(), false}
}

// subset reports whether all that a match asks for is in the metadata (source/common/config/metadata.cc,
// metadataLabelMatch).
func subset(m *clusterv3.Cluster_TransportSocketMatch, metadata *corev3.Metadata) bool {
	fields := metadata.GetFilterMetadata()[matchKey].GetFields()
	for key, want := range m.GetMatch().GetFields() {
		if got, ok := fields[key]; !ok || !proto.Equal(got, want) {
			return false
		}
	}
	return true
}

// possibleSockets returns the transport sockets that endpoints of a cluster may have.
func possibleSockets(c *clusterv3.Cluster) []socket {
	if c.GetTransportSocketMatcher() != nil {
		return []socket{{c.GetTransportSocket(), true}}
	}
	var found []socket
	for _, m := range c.GetTransportSocketMatches() {
		found = append(found, socket{m.GetTransportSocket(), false})
		if len(m.GetMatch().GetFields()) == 0 {
			return found
		}
	}
	return append(found, socket{c.GetTransportSocket(), false})
}

// upstreamTLS returns the TLS context of a socket, nil for plaintext. known is false for a socket that is of no known
// type; u then says so.
func (s socket) upstreamTLS() (_ *tlsv3.UpstreamTlsContext, u Unknown, known bool) {
	if s.byMatcher {
		return nil, Unknown{Kind: "transport socket", Name: s.GetName(), Detail: "is chosen by a matcher tree"}, false
	}
	current := s.TransportSocket
	for range maxDepth {
		if current == nil {
			return nil, Unknown{}, true
		}
		config := current.GetTypedConfig()
		switch kind := typeOf(config); {
		case kind == typeRawBuffer, kind == "" && current.GetName() == nameRawBuffer:
			return nil, Unknown{}, true
		case kind == typeUpstreamTLS:
			var context tlsv3.UpstreamTlsContext
			u, ok := unpack("transport socket", current.GetName(), config, &context)
			return &context, u, ok
		}
		inner, ok := wrapped(config)
		if !ok {
			return nil, Unknown{Kind: "transport socket", Name: current.GetName(), Detail: described(config)}, false
		}
		current = inner
	}
	return nil, Unknown{Kind: "transport socket", Name: s.GetName(), Detail: "wraps too many others"}, false
}

// wrapped returns the socket inside one that leaves the bytes of a connection as they are.
func wrapped(config *anypb.Any) (*corev3.TransportSocket, bool) {
	switch typeOf(config) {
	case typeInternal:
		var outer internalv3.InternalUpstreamTransport
		ok := config.UnmarshalTo(&outer) == nil && outer.GetTransportSocket() != nil
		return outer.GetTransportSocket(), ok
	case typeProxyProtocol:
		var outer proxyprotocolv3.ProxyProtocolUpstreamTransport
		ok := config.UnmarshalTo(&outer) == nil && outer.GetTransportSocket() != nil
		return outer.GetTransportSocket(), ok
	}
	return nil, false
}

// secure reports whether the socket is known to originate TLS.
func (s socket) secure() bool {
	context, _, known := s.upstreamTLS()
	return known && context != nil
}

package envoy

import (
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

const (
	typeDownstreamTLS = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
	typeRawBuffer     = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
	nameRawBuffer     = "envoy.transport_sockets.raw_buffer"
)

// terminate takes the client's TLS off where the filter chain has a transport socket for it. ok is false where the
// client speaks otherwise; the outcome is then recorded.
func (w *walk) terminate(b branch, fc *listenerv3.FilterChain) (_ branch, ok bool) {
	socket := fc.GetTransportSocket()
	switch kind := typeOf(socket.GetTypedConfig()); {
	case socket == nil, kind == typeRawBuffer, kind == "" && socket.GetName() == nameRawBuffer:
		return b, true
	case kind == typeDownstreamTLS && b.payload.TLS == nil:
		w.end(b, EndReset, "the filter chain expects TLS")
		return b, false
	case kind == typeDownstreamTLS:
		b.payload, b.secure = b.payload.TLS.Inside, true
		return b, true
	default:
		w.lost(b, Unknown{Kind: "transport socket", Name: socket.GetName(), Detail: described(socket.GetTypedConfig())})
		return b, false
	}
}

// configured is an extension's place in the configuration.
type configured interface {
	GetName() string
	GetTypedConfig() *anypb.Any
}

// withConfig follows a branch into an extension whose configuration can be read, and ends it otherwise.
func withConfig[M proto.Message](w *walk, b branch, at configured, config M, follow func(branch, M)) {
	if u, ok := unpack("network filter", at.GetName(), at.GetTypedConfig(), config); !ok {
		w.lost(b, u)
		return
	}
	follow(b, config)
}

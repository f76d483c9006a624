package envoy

import (
	"strings"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
)

const (
	typeOriginalDst   = "envoy.extensions.filters.listener.original_dst.v3.OriginalDst"
	typeTLSInspector  = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
	typeHTTPInspector = "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"
)

// passiveListenerFilters neither read the first bytes nor change addresses.
var passiveListenerFilters = map[string]bool{
	"envoy.extensions.filters.listener.local_ratelimit.v3.LocalRateLimit": true,
	"envoy.extensions.filters.listener.original_src.v3.OriginalSrc":       true,
}

// listenerFilterNames are the filters by the names that they have without a typed_config.
var listenerFilterNames = map[string]string{
	"envoy.filters.listener.original_dst":   typeOriginalDst,
	"envoy.filters.listener.tls_inspector":  typeTLSInspector,
	"envoy.filters.listener.http_inspector": typeHTTPInspector,
	"envoy.listener.tls_inspector":          typeTLSInspector,
	"envoy.listener.http_inspector":         typeHTTPInspector,
	"envoy.listener.original_dst":           typeOriginalDst,
}

// inspect runs the listener filters over a connection, so far as they decide what Envoy knows of it. ok is false where
// the connection ends there; its outcome is then recorded.
//
//  1. tls_inspector learns the transport protocol, SNI and ALPN (docs: "TLS Inspector"). Without it there are none.
//  2. http_inspector learns the HTTP version, unless the transport protocol is known to be another than raw_buffer
//     (source/extensions/filters/listener/http_inspector/http_inspector.cc).
//  3. Both wait for the client's first bytes, up to listener_filters_timeout: 15 seconds unless set, for ever at zero.
//     Then the connection is closed, or goes on without the filters that are left
//     (source/common/listener_manager/active_tcp_socket.cc, onTimeout).
func (w *walk) inspect(b branch, l *listener) (_ branch, ok bool) {
	for _, f := range l.GetListenerFilters() {
		if disabledAt(f.GetFilterDisabled(), b.destination.Port()) {
			continue
		}
		kind := listenerFilterType(f)
		if b.payload.ServerFirst && (kind == typeTLSInspector || kind == typeHTTPInspector) {
			return w.timeOut(b, l)
		}
		switch {
		case kind == typeOriginalDst:
			b.restored = b.connection.Redirected != 0 || b.connection.Internal != ""
			if b.restored {
				b.destination = b.connection.Destination
			}
		case kind == typeTLSInspector:
			b.inspectTLS()
		case kind == typeHTTPInspector:
			b.inspectHTTP()
		case !passiveListenerFilters[kind]:
			b = b.unknown(Unknown{Kind: "listener filter", Name: f.GetName(), Detail: described(f.GetTypedConfig())})
		}
	}
	return b, true
}

func (w *walk) timeOut(b branch, l *listener) (_ branch, ok bool) {
	timeout := l.GetListenerFiltersTimeout()
	switch {
	case timeout != nil && timeout.GetSeconds() == 0 && timeout.GetNanos() == 0:
		w.end(b, EndStalled, "the listener's filters wait for the client's first bytes without a limit")
		return b, false
	case !l.GetContinueOnListenerFiltersTimeout():
		w.end(b, EndReset, "the listener's filters waited for the client's first bytes in vain")
		return b, false
	}
	return b, true
}

func (b *branch) inspectTLS() {
	if hello := b.payload.TLS; hello != nil {
		b.transport, b.serverName, b.protocols = "tls", strings.ToLower(hello.ServerName), hello.ALPN
	}
}

func (b *branch) inspectHTTP() {
	if b.payload.HTTP == nil || b.payload.TLS != nil || b.transport == "tls" {
		return
	}
	if b.payload.HTTP.HTTP2 {
		b.protocols = []string{"h2c"}
	} else {
		b.protocols = []string{"http/1.1"}
	}
}

func listenerFilterType(f *listenerv3.ListenerFilter) string {
	if kind := typeOf(f.GetTypedConfig()); kind != "" {
		return kind
	}
	return listenerFilterNames[f.GetName()]
}

// disabledAt evaluates filter_disabled, whose only leaf is a range of destination ports
// (api/envoy/config/listener/v3/listener_components.proto, ListenerFilterChainMatchPredicate).
func disabledAt(p *listenerv3.ListenerFilterChainMatchPredicate, port uint16) bool {
	switch rule := p.GetRule().(type) {
	case *listenerv3.ListenerFilterChainMatchPredicate_OrMatch:
		for _, r := range rule.OrMatch.GetRules() {
			if disabledAt(r, port) {
				return true
			}
		}
		return false
	case *listenerv3.ListenerFilterChainMatchPredicate_AndMatch:
		for _, r := range rule.AndMatch.GetRules() {
			if !disabledAt(r, port) {
				return false
			}
		}
		return true
	case *listenerv3.ListenerFilterChainMatchPredicate_NotMatch:
		return !disabledAt(rule.NotMatch, port)
	case *listenerv3.ListenerFilterChainMatchPredicate_AnyMatch:
		return rule.AnyMatch
	case *listenerv3.ListenerFilterChainMatchPredicate_DestinationPortRange:
		r := rule.DestinationPortRange
		return r.GetStart() <= int32(port) && int32(port) < r.GetEnd()
	}
	return false
}

package envoy

import (
	"slices"
	"strconv"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// passiveHTTPFilters may answer a request themselves, but what they pass on keeps its host and route.
var passiveHTTPFilters = map[string]bool{
	"envoy.extensions.filters.http.router.v3.Router":                      true,
	"envoy.extensions.filters.http.admission_control.v3.AdmissionControl": true,
	"envoy.extensions.filters.http.bandwidth_limit.v3.BandwidthLimit":     true,
	"envoy.extensions.filters.http.basic_auth.v3.BasicAuth":               true,
	"envoy.extensions.filters.http.buffer.v3.Buffer":                      true,
	"envoy.extensions.filters.http.compressor.v3.Compressor":              true,
	"envoy.extensions.filters.http.cors.v3.Cors":                          true,
	"envoy.extensions.filters.http.csrf.v3.CsrfPolicy":                    true,
	"envoy.extensions.filters.http.decompressor.v3.Decompressor":          true,
	"envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig": true,
	"envoy.extensions.filters.http.ext_authz.v3.ExtAuthz":                 true,
	"envoy.extensions.filters.http.fault.v3.HTTPFault":                    true,
	"envoy.extensions.filters.http.grpc_http1_bridge.v3.Config":           true,
	"envoy.extensions.filters.http.grpc_stats.v3.FilterConfig":            true,
	"envoy.extensions.filters.http.grpc_web.v3.GrpcWeb":                   true,
	"envoy.extensions.filters.http.header_to_metadata.v3.Config":          true,
	"envoy.extensions.filters.http.health_check.v3.HealthCheck":           true,
	"envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication":        true,
	"envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit":     true,
	"envoy.extensions.filters.http.original_src.v3.OriginalSrc":           true,
	"envoy.extensions.filters.http.ratelimit.v3.RateLimit":                true,
	"envoy.extensions.filters.http.rbac.v3.RBAC":                          true,
	"envoy.extensions.filters.http.stateful_session.v3.StatefulSession":   true,
	// Istio's own, which observe or choose an ALPN: github.com/istio/proxy.
	"io.istio.http.peer_metadata.Config":                        true,
	"istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig": true,
	"envoy.extensions.filters.http.alpn.v3.FilterConfig":        true,
	"envoy.extensions.filters.http.peer_metadata.v3.Config":     true,
	"stats.PluginConfig":                                        true,
}

// http follows a request through an HTTP connection manager.
func (w *walk) http(b branch, m *hcmv3.HttpConnectionManager) {
	if b.payload.HTTP == nil || b.payload.TLS != nil {
		w.end(b, EndReset, "the HTTP connection manager is sent bytes that are not HTTP")
		return
	}
	b.isHTTP, b.request, b.missing = true, *b.payload.HTTP, 503
	b.request.Host = normalHost(m, b.request.Host, b.destination.Port())
	b.host = b.request.Host
	for _, f := range m.GetHttpFilters() {
		if f.GetDisabled() {
			b.disabled = append(slices.Clip(b.disabled), f)
			continue
		}
		b = b.throughFilter(f)
	}
	for _, e := range m.GetEarlyHeaderMutationExtensions() {
		b = b.unknown(Unknown{Kind: "early header mutation", Name: e.GetName(), Detail: described(e.GetTypedConfig())})
	}
	switch s := m.GetRouteSpecifier().(type) {
	case *hcmv3.HttpConnectionManager_RouteConfig:
		w.routes(b, newRouteTable(s.RouteConfig))
	case *hcmv3.HttpConnectionManager_Rds:
		w.rds(b, s.Rds.GetRouteConfigName())
	default:
		w.lost(b, Unknown{Kind: "HTTP connection manager", Name: m.GetStatPrefix(), Detail: "takes its routes from neither rds nor route_config"})
	}
}

func (w *walk) rds(b branch, name string) {
	table := w.config.routes[name]
	if table == nil {
		b.hop().RouteConfiguration = name
		w.lost(b, Unknown{Kind: "route configuration", Name: name, Detail: "is missing"})
		return
	}
	w.routes(b, table)
}

// throughFilter returns the branch behind an HTTP filter.
func (b branch) throughFilter(f *hcmv3.HttpFilter) branch {
	if kind := typeOf(f.GetTypedConfig()); passiveHTTPFilters[kind] || harmless(kind, f.GetTypedConfig()) {
		return b
	}
	detail := described(f.GetTypedConfig())
	if f.GetConfigDiscovery() != nil {
		detail = "its configuration is discovered apart"
	}
	return b.unknown(Unknown{Kind: "HTTP filter", Name: f.GetName(), Detail: detail})
}

// harmless reports whether an extension that may change a request changes nothing here that decides where it goes.
func harmless(string, *anypb.Any) bool { return false }

// normalHost takes from the Host header what the connection manager is told to: a trailing dot, and the port, always or
// where it is the one that was dialled (source/common/http/conn_manager_utility.cc, maybeNormalizeHost).
func normalHost(m *hcmv3.HttpConnectionManager, host string, dialled uint16) string {
	name, port := splitPort(host)
	if m.GetStripTrailingHostDot() {
		name = strings.TrimSuffix(name, ".")
	}
	if m.GetStripAnyHostPort() || m.GetStripMatchingHostPort() && port == strconv.Itoa(int(dialled)) {
		port = ""
	}
	if port == "" {
		return name
	}
	return name + ":" + port
}

// routes finds the virtual host of a request and goes through its routes.
func (w *walk) routes(b branch, t *routeTable) {
	b.hop().RouteConfiguration = t.GetName()
	if t.duplicate != "" {
		b = b.unknown(Unknown{Kind: "route configuration", Name: t.GetName(), Detail: "has the domain " + t.duplicate + " twice"})
	}
	if t.GetVhds() != nil {
		b = b.unknown(Unknown{Kind: "route configuration", Name: t.GetName(), Detail: "asks for virtual hosts elsewhere (VHDS)"})
	}
	b = b.headersAdded("route configuration", t.GetName(), t.GetRequestHeadersToAdd())
	b = b.specified("route configuration", t.GetName(), t.GetRouteSpecifiers())
	host, known := b.request.Host, b.request.Host != ""
	if t.GetVhostHeader() != "" {
		value, has := b.request.header(t.GetVhostHeader())
		host, known = value, has != maybe
	}
	if !known {
		w.anyVirtualHost(b, t)
		return
	}
	if v := t.virtualHost(host); v != nil {
		w.virtualHost(b, t, v)
		return
	}
	w.noRoute(b, "no virtual host of "+t.GetName()+" has the domain "+host)
}

// anyVirtualHost goes on to each virtual host, for a request whose host is unspecified.
func (w *walk) anyVirtualHost(b branch, t *routeTable) {
	only := t.other != nil && len(t.exact)+len(t.suffixes)+len(t.prefixes) == 0
	for _, v := range t.GetVirtualHosts() {
		w.virtualHost(b.conditional(!only), t, v)
	}
	if t.other == nil {
		w.noRoute(b.conditional(len(t.GetVirtualHosts()) > 0), "no virtual host of "+t.GetName()+" has the domain")
	}
}

// noRoute records the reply that a request gets for which there is no route (source/common/router/router.cc, "NR").
func (w *walk) noRoute(b branch, reason string) {
	b.outcome.Reply = &Reply{Status: 404}
	w.end(b, EndReply, reason)
}

// virtualHost goes through the routes of a virtual host in order. A route that certainly matches is the last; one that
// may match is a way, and so is what comes after it.
func (w *walk) virtualHost(b branch, t *routeTable, v *routev3.VirtualHost) {
	b.hop().VirtualHost = v.GetName()
	b = b.headersAdded("virtual host", v.GetName(), v.GetRequestHeadersToAdd())
	b = b.specified("virtual host", v.GetName(), v.GetRouteSpecifiers())
	if v.GetMatcher() != nil {
		w.lost(b, Unknown{Kind: "virtual host", Name: v.GetName(), Detail: "chooses routes by a matcher tree"})
		return
	}
	if v.GetRequireTls() != routev3.VirtualHost_NONE && !b.secure {
		external := v.GetRequireTls() == routev3.VirtualHost_EXTERNAL_ONLY
		w.requireTLS(b.conditional(external))
		if !external {
			return
		}
		b = b.conditional(true)
	}
	for _, r := range v.GetRoutes() {
		switch matchRoute(r.GetMatch(), b.request) {
		case yes:
			w.route(b, t, v, r)
			return
		case maybe:
			w.route(b.conditional(true), t, v, r)
			b = b.conditional(true)
		}
	}
	w.noRoute(b, "no route of virtual host "+v.GetName()+" matches")
}

package envoy

import (
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	redisv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/redis_proxy/v3"
	snidfpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/sni_dynamic_forward_proxy/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
)

const (
	typeTCPProxy   = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
	typeHCM        = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
	typeRedisProxy = "envoy.extensions.filters.network.redis_proxy.v3.RedisProxy"
	typeSNICluster = "envoy.extensions.filters.network.sni_cluster.v3.SniCluster"
	typeSNIDynamic = "envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig"
	typeDirect     = "envoy.extensions.filters.network.direct_response.v3.Config"
	typeEcho       = "envoy.extensions.filters.network.echo.v3.Echo"
)

// passiveNetworkFilters pass on what they let through: none changes where it goes.
var passiveNetworkFilters = map[string]bool{
	"envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit":      true,
	"envoy.extensions.filters.network.ext_authz.v3.ExtAuthz":                    true,
	"envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit":        true,
	"envoy.extensions.filters.network.mongo_proxy.v3.MongoProxy":                true,
	"envoy.extensions.filters.network.mysql_proxy.v3.MySQLProxy":                true,
	"envoy.extensions.filters.network.postgres_proxy.v3alpha.PostgresProxy":     true,
	"envoy.extensions.filters.network.ratelimit.v3.RateLimit":                   true,
	"envoy.extensions.filters.network.rbac.v3.RBAC":                             true,
	"envoy.extensions.filters.network.tcp_bandwidth_limit.v3.TcpBandwidthLimit": true,
	"envoy.extensions.filters.network.zookeeper_proxy.v3.ZooKeeperProxy":        true,
	// Istio's own, which observe: github.com/istio/proxy.
	"envoy.tcp.metadataexchange.config.MetadataExchange":            true,
	"envoy.extensions.network_filters.peer_metadata.Config":         true,
	"envoy.extensions.network_filters.peer_metadata.UpstreamConfig": true,
	"stats.PluginConfig": true,
}

// chain follows a connection through a filter chain: its TLS is terminated first, then the network filters take it in
// their order, up to the first that passes it on to a cluster or a route.
func (w *walk) chain(b branch, fc *listenerv3.FilterChain) {
	b.hop().FilterChain = fc.GetName()
	b, ok := w.terminate(b, fc)
	if !ok {
		return
	}
	for _, f := range fc.GetFilters() {
		var done bool
		if b, done = w.filter(b, f); done {
			return
		}
	}
	if len(b.outcome.Unknown) > 0 {
		w.end(b, EndUnknown, "")
		return
	}
	w.end(b, EndReset, "no network filter of the chain passes the connection on")
}

// filter follows a connection through one network filter; done reports that the filter ends the chain.
func (w *walk) filter(b branch, f *listenerv3.Filter) (_ branch, done bool) {
	kind := typeOf(f.GetTypedConfig())
	switch {
	case kind == typeTCPProxy:
		withConfig(w, b, f, &tcpproxyv3.TcpProxy{}, w.tcpProxy)
	case kind == typeHCM:
		withConfig(w, b, f, &hcmv3.HttpConnectionManager{}, w.http)
	case kind == typeRedisProxy:
		withConfig(w, b, f, &redisv3.RedisProxy{}, w.redis)
	case kind == typeDirect, kind == typeEcho:
		w.end(b, EndReply, "the proxy answers itself: "+f.GetName())
	case kind == typeSNICluster:
		// source/extensions/filters/network/sni_cluster/sni_cluster.cc: the SNI, where there is one, is the cluster's name.
		b.upstreamCluster = b.serverName
		return b, false
	case kind == typeSNIDynamic:
		return w.sniDynamic(b, f), false
	case passiveNetworkFilters[kind]:
		return b, false
	default:
		return b.unknown(Unknown{Kind: "network filter", Name: f.GetName(), Detail: filterDetail(f)}), false
	}
	return b, true
}

func filterDetail(f *listenerv3.Filter) string {
	if f.GetConfigDiscovery() != nil {
		return "its configuration is discovered apart"
	}
	return described(f.GetTypedConfig())
}

// sniDynamic is source/extensions/filters/network/sni_dynamic_forward_proxy/proxy_filter.cc: the host is the SNI, the
// port the filter's, 443 where it has none.
func (w *walk) sniDynamic(b branch, f *listenerv3.Filter) branch {
	var config snidfpv3.FilterConfig
	if u, ok := unpack("network filter", f.GetName(), f.GetTypedConfig(), &config); !ok {
		return b.unknown(u)
	}
	if b.serverName == "" {
		return b
	}
	b.dynamicHost, b.dynamicPort = b.serverName, 443
	if p := config.GetPortValue(); p > 0 && p < 65536 {
		b.dynamicPort = uint16(p)
	}
	return b
}

// tcpProxy passes bytes on to a cluster: one of weighted_clusters, else the one that another filter chose, else its own
// (source/common/tcp_proxy/tcp_proxy.cc, getRouteFromEntries).
func (w *walk) tcpProxy(b branch, p *tcpproxyv3.TcpProxy) {
	b.outcome.Tunnel = p.GetTunnelingConfig().GetHostname()
	if p.GetOnDemand() != nil {
		b = b.unknown(Unknown{Kind: "tcp_proxy", Name: p.GetStatPrefix(), Detail: "asks for clusters on demand"})
	}
	weighted := p.GetWeightedClusters().GetClusters()
	if len(weighted) == 0 {
		name := p.GetCluster()
		if b.upstreamCluster != "" {
			name = b.upstreamCluster
		}
		w.cluster(b, name)
		return
	}
	positive := 0
	for _, c := range weighted {
		if c.GetWeight() > 0 {
			positive++
		}
	}
	for _, c := range weighted {
		if c.GetWeight() > 0 {
			w.cluster(b.conditional(positive > 1), c.GetName())
		}
	}
	if positive == 0 {
		w.end(b, EndReset, "no cluster of the tcp_proxy has a weight")
	}
}

// redis passes commands on by the prefix of their key, which a Connection leaves unspecified.
func (w *walk) redis(b branch, p *redisv3.RedisProxy) {
	prefixes, catchAll := p.GetPrefixRoutes().GetRoutes(), p.GetPrefixRoutes().GetCatchAllRoute()
	for _, r := range prefixes {
		w.cluster(b.conditional(true), r.GetCluster())
	}
	switch {
	case catchAll != nil:
		w.cluster(b.conditional(len(prefixes) > 0), catchAll.GetCluster())
	case len(prefixes) == 0:
		w.end(b, EndReset, "the redis_proxy has no route")
	}
}

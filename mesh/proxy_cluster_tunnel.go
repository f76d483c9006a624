package mesh

import networking "istio.io/api/networking/v1alpha3"

// tunnel returns by which tunnel connections that are not parsed as HTTP go to the cluster, nil for none: the host is a proxy,
// and inside the cluster's TLS, if it has any, the client's bytes follow a CONNECT or a POST that names whom it shall pass them on
// to. A subset has its own tunnel alone, and a port none (pilot/pkg/networking/core/tunnelingconfig/apply.go):
//
//	host: proxy.example.com
//	trafficPolicy:
//	  tls: {mode: SIMPLE}                                                      # up to proxy.example.com
//	  tunnel: {protocol: CONNECT, targetHost: db.example.com, targetPort: 3306}
//
// A trafficPolicy's proxyProtocol only puts a header before the TLS, which stays (pilot/pkg/networking/core/
// cluster_traffic_policy.go applyUpstreamProxyProtocol).
func (c Cluster) tunnel() *networking.TrafficPolicy_TunnelSettings {
	return c.rule.policyFor(c.subset).GetTunnel()
}

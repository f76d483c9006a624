package mesh

import (
	"fmt"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1alpha3"
)

const (
	// maxRingSize is the limit of Envoy's RingHashLbConfig.
	maxRingSize = 8388608
	// maxServerName is that of UpstreamTlsContext.sni.
	maxServerName = 255
	// maxSeconds is the first duration that Envoy takes for too long (source/common/protobuf/utility.cc).
	maxSeconds = 9223372036
)

// rule looks at the policies of a DestinationRule. What they say of consistent hashing becomes a part of the routes of the host
// (pilot/pkg/networking/core/route/route.go ConsistentHashToHashPolicy), the timeout of idle connections one of the listener, and the
// rest one of clusters.
func (c *fieldCheck) rule(spec *networking.DestinationRule) {
	c.policy("spec.trafficPolicy", spec.GetTrafficPolicy())
	for i, subset := range spec.GetSubsets() {
		if c.stopped() {
			return
		}
		c.policy(fmt.Sprintf("spec.subsets[%d].trafficPolicy", i), subset.GetTrafficPolicy())
	}
}

// policy looks at a policy and those of its ports.
func (c *fieldCheck) policy(path string, p *networking.TrafficPolicy) {
	c.parts(path, p.GetLoadBalancer(), p.GetConnectionPool(), p.GetOutlierDetection(), p.GetTls())
	for i, port := range p.GetPortLevelSettings() {
		if c.stopped() {
			return
		}
		c.parts(fmt.Sprintf("%s.portLevelSettings[%d]", path, i), port.GetLoadBalancer(), port.GetConnectionPool(), port.GetOutlierDetection(), port.GetTls())
	}
}

// parts looks at what policies and those of ports have in common.
func (c *fieldCheck) parts(path string, lb *networking.LoadBalancerSettings, pool *networking.ConnectionPoolSettings, outliers *networking.OutlierDetection, tls *networking.ClientTLSSettings) {
	c.hash(path+".loadBalancer.consistentHash", lb.GetConsistentHash())
	c.clusterDuration(path+".loadBalancer.warmup.duration", lb.GetWarmup().GetDuration())
	c.clusterDuration(path+".loadBalancer.warmupDurationSecs", lb.GetWarmupDurationSecs())
	tcp, http := pool.GetTcp(), pool.GetHttp()
	if d := tcp.GetIdleTimeout(); !isTaken(d) {
		c.add(path+".connectionPool.tcp.idleTimeout", wantsDuration, MeansRefusedListener)
	}
	c.clusterDuration(path+".connectionPool.tcp.connectTimeout", tcp.GetConnectTimeout())
	c.clusterDuration(path+".connectionPool.tcp.maxConnectionDuration", tcp.GetMaxConnectionDuration())
	c.clusterDuration(path+".connectionPool.http.idleTimeout", http.GetIdleTimeout())
	c.clusterDuration(path+".connectionPool.http.http2KeepAlive.interval", http.GetHttp2KeepAlive().GetInterval())
	c.clusterDuration(path+".connectionPool.http.http2KeepAlive.timeout", http.GetHttp2KeepAlive().GetTimeout())
	c.clusterDuration(path+".outlierDetection.interval", outliers.GetInterval())
	c.clusterDuration(path+".outlierDetection.baseEjectionTime", outliers.GetBaseEjectionTime())
	if len(tls.GetSni()) > maxServerName {
		c.add(path+".tls.sni", "at most 255 bytes", MeansRefusedCluster)
	}
}

// clusterDuration refuses a duration of a cluster.
func (c *fieldCheck) clusterDuration(field string, d *durationpb.Duration) {
	if !isTaken(d) {
		c.add(field, wantsDuration, MeansRefusedCluster)
	}
}

// duration refuses a duration of a route.
func (c *fieldCheck) duration(field string, d *durationpb.Duration) {
	if !isTaken(d) {
		c.refuse(field, wantsDuration)
	}
}

// isTaken reports whether Envoy takes a duration. Zero, which it takes in some places, Istio refuses in the others.
func isTaken(d *durationpb.Duration) bool {
	return d.GetSeconds() >= 0 && d.GetNanos() >= 0 && d.GetSeconds() < maxSeconds
}

// hash looks at what requests are hashed by. Istio looks at the name of a cookie and of its attributes alone
// (pkg/config/validation/validation.go validateLoadBalancer).
func (c *fieldCheck) hash(path string, h *networking.LoadBalancerSettings_ConsistentHashLB) {
	switch key := h.GetHashKey().(type) {
	case *networking.LoadBalancerSettings_ConsistentHashLB_HttpHeaderName:
		if key.HttpHeaderName == "" || !isOneLine(key.HttpHeaderName) {
			c.refuse(path+".httpHeaderName", wantsName)
		}
	case *networking.LoadBalancerSettings_ConsistentHashLB_HttpQueryParameterName:
		if key.HttpQueryParameterName == "" {
			c.refuse(path+".httpQueryParameterName", wantsName)
		}
	case *networking.LoadBalancerSettings_ConsistentHashLB_HttpCookie:
		c.cookie(path+".httpCookie", key.HttpCookie)
	}
	if h.GetMinimumRingSize() > maxRingSize { //nolint:staticcheck // deprecated, and obeyed
		c.add(path+".minimumRingSize", "at most 8388608", MeansRefusedCluster)
	}
	if h.GetRingHash().GetMinimumRingSize() > maxRingSize {
		c.add(path+".ringHash.minimumRingSize", "at most 8388608", MeansRefusedCluster)
	}
}

// cookie looks at a cookie by which requests are hashed.
func (c *fieldCheck) cookie(path string, cookie *networking.LoadBalancerSettings_ConsistentHashLB_HTTPCookie) {
	if cookie.GetName() == "" {
		c.refuse(path+".name", wantsName)
	}
	c.duration(path+".ttl", cookie.GetTtl())
	for i, a := range cookie.GetAttributes() {
		if c.stopped() {
			return
		}
		field := fmt.Sprintf("%s.attributes[%d]", path, i)
		if a.GetName() == "" || !isOneLine(a.GetName()) || len(a.GetName()) > maxHeaderBytes {
			c.refuse(field+".name", wantsName)
		}
		if !isOneLine(a.GetValue()) || len(a.GetValue()) > maxHeaderBytes {
			c.refuse(field+".value", wantsOneLine)
		}
	}
}

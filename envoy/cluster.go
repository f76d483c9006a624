package envoy

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	aggregatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/aggregate/v3"
)

const (
	typeAggregate      = "envoy.extensions.clusters.aggregate.v3.ClusterConfig"
	typeDynamicForward = "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig"
	typeDNSCluster     = "envoy.extensions.clusters.dns.v3.DnsCluster"
)

// cluster follows a branch to a cluster's endpoints.
func (w *walk) cluster(b branch, name string) {
	b.hop().Cluster = name
	b.outcome.Authority, b.outcome.Rewritten = b.request.Host, b.request.Host != b.host
	b.depth++
	c := w.config.clusters[name]
	switch {
	case b.depth > maxDepth:
		w.lost(b, Unknown{Kind: "cluster", Name: name, Detail: "is reached through too many others"})
		return
	case c == nil:
		w.noCluster(b, "there is no cluster "+name)
		return
	}
	if len(c.GetFilters()) > 0 {
		for _, f := range c.GetFilters() {
			if kind := typeOf(f.GetTypedConfig()); !passiveNetworkFilters[kind] {
				b = b.unknown(Unknown{Kind: "upstream network filter", Name: f.GetName(), Detail: described(f.GetTypedConfig())})
			}
		}
	}
	if custom := c.GetClusterType(); custom != nil {
		w.customCluster(b, c, custom)
		return
	}
	switch c.GetType() {
	case clusterv3.Cluster_ORIGINAL_DST:
		w.originalDestination(b, c)
	case clusterv3.Cluster_EDS:
		w.discovered(b, c)
	default:
		w.assigned(b, c, c.GetLoadAssignment())
	}
}

// noCluster ends a branch whose cluster does not exist: TCP is closed, HTTP gets a reply.
func (w *walk) noCluster(b branch, reason string) {
	if b.isHTTP {
		b.outcome.Reply = &Reply{Status: b.missing}
	}
	w.end(b, EndNoCluster, reason)
}

// noEndpoint ends a branch whose cluster has no endpoint for it.
func (w *walk) noEndpoint(b branch, reason string) {
	if b.isHTTP {
		b.outcome.Reply = &Reply{Status: 503}
	}
	w.end(b, EndNoEndpoint, reason)
}

// customCluster follows a branch to a cluster whose type is an extension.
func (w *walk) customCluster(b branch, c *clusterv3.Cluster, custom *clusterv3.Cluster_CustomClusterType) {
	switch typeOf(custom.GetTypedConfig()) {
	case typeAggregate:
		withConfig(w, b, custom, &aggregatev3.ClusterConfig{}, w.aggregate)
	case typeDynamicForward:
		w.dynamicForward(b, c)
	case typeDNSCluster:
		w.assigned(b, c, c.GetLoadAssignment())
	default:
		w.lost(b, Unknown{Kind: "cluster type", Name: custom.GetName(), Detail: described(custom.GetTypedConfig())})
	}
}

// aggregate goes on to each of the clusters: the later ones are for when the earlier ones fail.
func (w *walk) aggregate(b branch, a *aggregatev3.ClusterConfig) {
	for _, name := range a.GetClusters() {
		w.cluster(b.conditional(len(a.GetClusters()) > 1), name)
	}
	if len(a.GetClusters()) == 0 {
		w.noEndpoint(b, "the aggregate cluster has no cluster")
	}
}

// discovered follows a branch to the endpoints that EDS has for a cluster, under its service name if it has one.
func (w *walk) discovered(b branch, c *clusterv3.Cluster) {
	name := c.GetEdsClusterConfig().GetServiceName()
	if name == "" {
		name = c.GetName()
	}
	assignment := w.config.endpoints[name]
	if assignment == nil {
		w.unassigned(b, c)
		return
	}
	w.assigned(b, c, assignment)
}

// unassigned records that a cluster's endpoints are not known, once for each transport socket that one may have.
func (w *walk) unassigned(b branch, c *clusterv3.Cluster) {
	b = b.unknown(Unknown{Kind: "endpoints", Name: c.GetName(), Detail: "are missing"})
	sockets := possibleSockets(c)
	for _, s := range sockets {
		w.leave(b.conditional(len(sockets) > 1), c, s, nil)
	}
}

// originalDestination sends a connection to where the client wanted it, on another port if the cluster has one
// (source/extensions/clusters/original_dst/original_dst_cluster.cc, chooseHost).
func (w *walk) originalDestination(b branch, c *clusterv3.Cluster) {
	lb := c.GetOriginalDstLbConfig()
	if lb.GetMetadataKey() != nil {
		b = b.unknown(Unknown{Kind: "cluster", Name: c.GetName(), Detail: "may take the destination from metadata"})
	}
	at, known := b.destination, is(b.restored)
	if lb.GetUseHttpHeader() && b.isHTTP {
		at, known = headerDestination(b, lb)
	}
	switch known {
	case maybe:
		w.lost(b, Unknown{Kind: "cluster", Name: c.GetName(), Detail: "takes the destination from a header"})
		return
	case no:
		w.noEndpoint(b, "the connection has no original destination")
		return
	}
	port := at.Port()
	if o := lb.GetUpstreamPortOverride(); o != nil {
		port = uint16(o.GetValue())
	}
	w.leave(b, c, socketOf(c, nil, nil), []Endpoint{{Kind: EndpointOriginal, Host: at.Addr().String(), Port: port}})
}

// headerDestination returns the destination that a request's header names, else the connection's.
func headerDestination(b branch, lb *clusterv3.Cluster_OriginalDstLbConfig) (netip.AddrPort, truth) {
	name := lb.GetHttpHeaderName()
	if name == "" {
		name = "x-envoy-original-dst-host"
	}
	value, known := b.request.header(name)
	if known == maybe {
		return netip.AddrPort{}, maybe
	}
	if at, err := netip.ParseAddrPort(value); known == yes && err == nil {
		return at, yes
	}
	return b.destination, is(b.restored)
}

// dynamicForward sends a connection to the host that the client names: another filter's choice, else the Host header,
// else the SNI; on the port that comes with it, else 443 under TLS and 80 without
// (source/extensions/clusters/dynamic_forward_proxy/cluster.cc, chooseHost).
func (w *walk) dynamicForward(b branch, c *clusterv3.Cluster) {
	socket := socketOf(c, nil, nil)
	host, port := b.serverName, ""
	if b.isHTTP {
		host, port = splitPort(b.request.Host)
	}
	if b.dynamicHost != "" {
		host, port = b.dynamicHost, strconv.Itoa(int(b.dynamicPort))
	}
	if host == "" && !b.isHTTP {
		w.noEndpoint(b, "the connection names no host")
		return
	}
	endpoint := Endpoint{Kind: EndpointDynamic, Host: strings.Trim(host, "[]"), Port: 80}
	if socket.secure() {
		endpoint.Port = 443
	}
	if n, err := strconv.ParseUint(port, 10, 16); err == nil && n > 0 {
		endpoint.Port = uint16(n)
	}
	endpoint.Hostname = net.JoinHostPort(endpoint.Host, strconv.Itoa(int(endpoint.Port)))
	w.leave(b, c, socket, []Endpoint{endpoint})
}

// assigned follows a branch to the endpoints of an assignment, those under the same transport socket together.
func (w *walk) assigned(b branch, c *clusterv3.Cluster, a *endpointv3.ClusterLoadAssignment) {
	groups, unreadable := group(c, a)
	for _, detail := range unreadable {
		b = b.unknown(Unknown{Kind: "endpoints", Name: c.GetName(), Detail: detail})
	}
	total := len(groups)
	for _, g := range groups {
		total += len(g.internal)
		if len(g.endpoints) == 0 {
			total--
		}
	}
	if total == 0 {
		w.noEndpoint(b, "cluster "+c.GetName()+" has no endpoint")
		return
	}
	b = b.conditional(total > 1)
	for _, g := range groups {
		if len(g.endpoints) > 0 {
			w.leave(b, c, g.socket, g.endpoints)
		}
		for _, e := range g.internal {
			w.inside(b, c, g.socket, e)
		}
	}
}

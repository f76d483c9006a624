package envoy

import (
	"net/http"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// route follows a request that a route is for.
func (w *walk) route(b branch, t *routeTable, v *routev3.VirtualHost, r *routev3.Route) {
	b.hop().Route = r.GetName()
	b = b.headersAdded("route", r.GetName(), r.GetRequestHeadersToAdd())
	b = b.specified("route", r.GetName(), r.GetRouteSpecifiers())
	for _, f := range b.disabled {
		name := f.GetName()
		if r.GetTypedPerFilterConfig()[name] != nil || v.GetTypedPerFilterConfig()[name] != nil || t.GetTypedPerFilterConfig()[name] != nil {
			b = b.throughFilter(f)
		}
	}
	switch a := r.GetAction().(type) {
	case *routev3.Route_Route:
		w.mirrors(b, mirrorsOf(t, v, a.Route), a.Route)
		w.forward(b, a.Route)
	case *routev3.Route_Redirect:
		w.redirect(b, r.GetMatch(), a.Redirect)
	case *routev3.Route_DirectResponse:
		b.outcome.Reply = &Reply{Status: a.DirectResponse.GetStatus()}
		w.end(b, EndReply, "a direct response")
	default:
		w.lost(b, Unknown{Kind: "route", Name: r.GetName(), Detail: "has an action that is neither a cluster, a redirect nor a response"})
	}
}

// headersAdded returns the branch behind request_headers_to_add. Envoy refuses those of Host and of pseudo-headers
// (source/common/router/header_parser.cc, isModifiableHeader).
func (b branch) headersAdded(kind, name string, added []*corev3.HeaderValueOption) branch {
	for _, h := range added {
		key := h.GetHeader().GetKey()
		if strings.EqualFold(key, "host") || strings.HasPrefix(key, ":") {
			b = b.unknown(Unknown{Kind: kind, Name: name, Detail: "adds the header " + key + ", which Envoy refuses"})
		}
	}
	return b
}

// specified returns the branch behind route_specifiers, extensions that may change the route.
func (b branch) specified(kind, name string, specifiers []*corev3.TypedExtensionConfig) branch {
	for _, s := range specifiers {
		b = b.unknown(Unknown{Kind: "route specifier", Name: s.GetName(), Detail: "of " + kind + " " + name})
	}
	return b
}

// forward sends a request to the cluster of its route.
func (w *walk) forward(b branch, a *routev3.RouteAction) {
	b.autoHost = a.GetAutoHostRewrite().GetValue()
	b.missing = missingStatus(a.GetClusterNotFoundResponseCode())
	if weighted := a.GetWeightedClusters(); weighted != nil {
		w.weighted(b, a, weighted)
		return
	}
	b.request.Host = rewrittenHost(a, b.request)
	switch s := a.GetClusterSpecifier().(type) {
	case *routev3.RouteAction_Cluster:
		w.cluster(b, s.Cluster)
	case *routev3.RouteAction_ClusterHeader:
		w.clusterHeader(b, s.ClusterHeader)
	default:
		w.lost(b, Unknown{Kind: "route", Name: b.hop().Route, Detail: "chooses its cluster by a plugin"})
	}
}

func missingStatus(code routev3.RouteAction_ClusterNotFoundResponseCode) uint32 {
	switch code {
	case routev3.RouteAction_NOT_FOUND:
		return 404
	case routev3.RouteAction_INTERNAL_SERVER_ERROR:
		return 500
	}
	return 503
}

// withWeight returns the clusters that get some of the requests.
func withWeight(clusters *routev3.WeightedCluster) []*routev3.WeightedCluster_ClusterWeight {
	var positive []*routev3.WeightedCluster_ClusterWeight
	for _, c := range clusters.GetClusters() {
		if c.GetWeight().GetValue() > 0 {
			positive = append(positive, c)
		}
	}
	return positive
}

// weighted sends a request to each cluster with a weight.
func (w *walk) weighted(b branch, a *routev3.RouteAction, clusters *routev3.WeightedCluster) {
	positive := withWeight(clusters)
	for _, c := range positive {
		b := b.conditional(len(positive) > 1)
		b = b.headersAdded("weighted cluster", c.GetName(), c.GetRequestHeadersToAdd())
		b.request.Host = weightedHost(a, c, b.request)
		if c.GetName() == "" {
			w.clusterHeader(b, c.GetClusterHeader())
			continue
		}
		w.cluster(b, c.GetName())
	}
	if len(positive) == 0 {
		w.lost(b, Unknown{Kind: "route", Name: b.hop().Route, Detail: "has no cluster with a weight"})
	}
}

// clusterHeader sends a request to the cluster that its header names.
func (w *walk) clusterHeader(b branch, name string) {
	value, known := b.request.header(name)
	switch known {
	case yes:
		w.cluster(b, value)
	case no:
		w.noCluster(b, "the request lacks the header "+name+", which names its cluster")
	default:
		w.lost(b, Unknown{Kind: "route", Name: b.hop().Route, Detail: "takes its cluster from the header " + name})
	}
}

// mirrorsOf returns the mirror policies that apply: the route's, else the virtual host's, else the table's.
func mirrorsOf(t *routeTable, v *routev3.VirtualHost, a *routev3.RouteAction) []*routev3.RouteAction_RequestMirrorPolicy {
	if own := a.GetRequestMirrorPolicies(); len(own) > 0 {
		return own
	}
	if own := v.GetRequestMirrorPolicies(); len(own) > 0 {
		return own
	}
	return t.GetRequestMirrorPolicies()
}

// mirrors sends copies of a request. A copy's host is the route's rewritten one, then the policy's own, or with -shadow
// before its port (source/common/router/shadow_writer_impl.cc); CONNECT is not mirrored.
func (w *walk) mirrors(b branch, policies []*routev3.RouteAction_RequestMirrorPolicy, a *routev3.RouteAction) {
	if b.request.Method == http.MethodConnect {
		return
	}
	b.outcome.Mirror = true
	hosts := w.sentHosts(a, b.request)
	for _, p := range policies {
		for _, host := range hosts {
			b := b.conditional(len(hosts) > 1)
			b.request.Host = host
			w.mirror(b, p)
		}
	}
}

// sentHosts returns the different Host headers with which a route may send a request to a cluster that exists; to one
// that does not nothing is sent, nor mirrored (source/common/router/router.cc, decodeHeaders).
func (w *walk) sentHosts(a *routev3.RouteAction, r Request) []string {
	var hosts []string
	add := func(cluster, host string) {
		if cluster != "" && w.config.clusters[cluster] == nil || slices.Contains(hosts, host) {
			return
		}
		hosts = append(hosts, host)
	}
	if a.GetWeightedClusters() == nil {
		add(a.GetCluster(), rewrittenHost(a, r))
	}
	for _, c := range withWeight(a.GetWeightedClusters()) {
		add(c.GetName(), weightedHost(a, c, r))
	}
	return hosts
}

// mirror sends one copy of a request.
func (w *walk) mirror(b branch, p *routev3.RouteAction_RequestMirrorPolicy) {
	if p.GetRuntimeFraction() != nil {
		share := matchFraction(p.GetRuntimeFraction())
		if share == no {
			return
		}
		b = b.conditional(share == maybe)
	}
	b.request.Host = shadowHost(p, b.request.Host)
	if len(p.GetRequestHeadersMutations()) > 0 {
		b = b.unknown(Unknown{Kind: "mirror", Name: p.GetCluster(), Detail: "mutates headers"})
	}
	if p.GetCluster() == "" {
		w.clusterHeader(b, p.GetClusterHeader())
		return
	}
	w.cluster(b, p.GetCluster())
}

func shadowHost(p *routev3.RouteAction_RequestMirrorPolicy, host string) string {
	switch {
	case p.GetHostRewriteLiteral() != "":
		return p.GetHostRewriteLiteral()
	case host == "" || p.GetDisableShadowHostSuffixAppend():
		return host
	}
	name, port := splitPort(host)
	if port == "" {
		return name + "-shadow"
	}
	return name + "-shadow:" + port
}

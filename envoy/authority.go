package envoy

import (
	"regexp"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// rewrittenHost returns the Host header after a route's rewrite, empty where that is unspecified
// (source/common/router/config_impl.cc, finalizeHostHeader). auto_host_rewrite is no part of it: it follows when the
// endpoint is chosen.
func rewrittenHost(a *routev3.RouteAction, r Request) string {
	switch s := a.GetHostRewriteSpecifier().(type) {
	case *routev3.RouteAction_HostRewriteLiteral:
		if s.HostRewriteLiteral != "" {
			return s.HostRewriteLiteral
		}
	case *routev3.RouteAction_HostRewriteHeader:
		switch value, known := r.header(s.HostRewriteHeader); {
		case known == maybe:
			return ""
		case value != "":
			return value
		}
	case *routev3.RouteAction_HostRewritePathRegex:
		return hostFromPath(s.HostRewritePathRegex.GetPattern().GetRegex(), s.HostRewritePathRegex.GetSubstitution(), r)
	case *routev3.RouteAction_HostRewrite:
		if strings.Contains(s.HostRewrite, "%") {
			return ""
		}
		if s.HostRewrite != "" {
			return s.HostRewrite
		}
	}
	return r.Host
}

// weightedHost returns the Host header that goes to one of weighted clusters: the route's rewrite comes after the cluster's
// own (source/common/router/weighted_cluster_specifier.cc, finalizeRequestHeaders).
func weightedHost(a *routev3.RouteAction, c *routev3.WeightedCluster_ClusterWeight, r Request) string {
	if c.GetHostRewriteLiteral() != "" {
		r.Host = c.GetHostRewriteLiteral()
	}
	return rewrittenHost(a, r)
}

// groupReference is a reference of a substitution to a group: \1.
var groupReference = regexp.MustCompile(`\\(\d)`)

func hostFromPath(pattern, substitution string, r Request) string {
	if r.Path == "" {
		return ""
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return ""
	}
	path, _, _ := strings.Cut(r.Path, "?")
	template := groupReference.ReplaceAllString(strings.ReplaceAll(substitution, "$", "$$"), `$${$1}`)
	if host := re.ReplaceAllString(path, template); host != "" {
		return host
	}
	return r.Host
}

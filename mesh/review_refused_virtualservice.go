package mesh

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// virtualService looks at the http routes of a VirtualService, as pilot/pkg/networking/core/route/route.go TranslateRoute makes Envoy's
// of them; semantics is what its annotation says.
func (c *fieldCheck) virtualService(spec *networking.VirtualService, semantics string) {
	for i, route := range spec.GetHttp() {
		if c.stopped() {
			return
		}
		path := fmt.Sprintf("spec.http[%d]", i)
		for j, m := range route.GetMatch() {
			if c.stopped() {
				return
			}
			c.requestMatch(fmt.Sprintf("%s.match[%d]", path, j), m, semantics == "gateway" || semantics == "ingress")
		}
		c.actions(path, route)
		c.destinations(path, route)
	}
}

// requestMatch looks at a match.
func (c *fieldCheck) requestMatch(path string, m *networking.HTTPMatchRequest, bySegments bool) {
	if m.GetUri().GetRegex() != "" {
		c.pattern(path+".uri.regex", m.GetUri().GetRegex())
	}
	if prefix := m.GetUri().GetPrefix(); bySegments && prefix != "" && prefix != "/" && !isSegments(strings.TrimSuffix(prefix, "/")) {
		c.refuse(path+".uri.prefix", wantsSegments)
	}
	c.present(path+".scheme", m.GetScheme())
	c.present(path+".method", m.GetMethod())
	c.present(path+".authority", m.GetAuthority())
	for _, name := range slices.Sorted(maps.Keys(m.GetQueryParams())) {
		field := keyed(path+".queryParams", name)
		if name == "" || len(name) > 1024 {
			c.refuse(field, "a parameter's name of at most 1024 bytes")
		}
		c.present(field, m.GetQueryParams()[name])
	}
	c.matchedHeaders(path+".headers", m.GetHeaders())
	c.matchedHeaders(path+".withoutHeaders", m.GetWithoutHeaders())
}

// isSegments reports whether Envoy takes a prefix that it matches by whole segments (RouteMatch.path_separated_prefix).
func isSegments(prefix string) bool {
	return len(prefix) > 1 && !strings.ContainsAny(prefix, "?#") && !strings.HasSuffix(prefix, "/")
}

// jwtClaim starts the name of a header that stands for a claim of a token (pkg/jwt/routing.go ToRoutingClaim).
const jwtClaim = "@request.auth.claims"

// matchedHeaders looks at the headers of a match. One that stands for a claim becomes a match of metadata, of which each part of the
// name and the value must be there.
func (c *fieldCheck) matchedHeaders(path string, headers map[string]*networking.StringMatch) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if c.stopped() {
			return
		}
		field, m := keyed(path, name), headers[name]
		parts := claimOf(name)
		if parts == nil {
			if name == "" || !isOneLine(name) {
				c.refuse(field, wantsName)
			}
			c.present(field, m)
			continue
		}
		switch {
		case slices.Contains(parts, ""):
			c.refuse(field, "a claim's name, of which no part is empty")
		case m.GetMatchType() == nil:
			c.refuse(field, wantsMatch)
		default:
			c.text(field, m)
		}
	}
}

// claimOf returns the parts of the claim for which the name of a header stands, nil where it stands for none.
func claimOf(name string) []string {
	if len(name) < len(jwtClaim) || !strings.EqualFold(name[:len(jwtClaim)], jwtClaim) {
		return nil
	}
	name = name[len(jwtClaim):]
	if dotted, ok := strings.CutPrefix(name, "."); ok && dotted != "" {
		return strings.Split(dotted, ".")
	}
	if inner, ok := strings.CutPrefix(name, "["); ok && strings.HasSuffix(inner, "]") && len(inner) > 1 {
		return strings.Split(strings.TrimSuffix(inner, "]"), "][")
	}
	return nil
}

// present looks at a match of a text that Istio has for one of its being there where it is none, or the regular expression "*"
// (canBeConvertedToPresentMatch).
func (c *fieldCheck) present(field string, m *networking.StringMatch) {
	if m.GetMatchType() != nil && m.GetRegex() != "*" {
		c.text(field, m)
	}
}

// text looks at a match of a text.
func (c *fieldCheck) text(field string, m *networking.StringMatch) {
	switch m.GetMatchType().(type) {
	case *networking.StringMatch_Prefix:
		if m.GetPrefix() == "" {
			c.refuse(field+".prefix", wantsPrefix)
		}
	case *networking.StringMatch_Regex:
		c.pattern(field+".regex", m.GetRegex())
	}
}

// pattern looks at a regular expression.
func (c *fieldCheck) pattern(field, pattern string) {
	if why := c.patterns.refuses(pattern); why != "" {
		c.refuse(field, why)
	}
}

// actions looks at what a route does with requests, but for where it sends them.
func (c *fieldCheck) actions(path string, route *networking.HTTPRoute) {
	c.headerOperations(path+".headers", route.GetHeaders())
	c.duration(path+".timeout", route.GetTimeout())
	c.duration(path+".retries.perTryTimeout", route.GetRetries().GetPerTryTimeout())
	c.duration(path+".retries.backoff", route.GetRetries().GetBackoff())
	c.duration(path+".fault.delay.fixedDelay", route.GetFault().GetDelay().GetFixedDelay())
	if abort, ok := route.GetFault().GetAbort().GetErrorType().(*networking.HTTPFaultInjection_Abort_HttpStatus); ok && !isStatus(int64(abort.HttpStatus)) {
		c.refuse(path+".fault.abort.httpStatus", wantsStatus)
	}
	if direct := route.GetDirectResponse(); direct != nil && !isStatus(int64(direct.GetStatus())) {
		c.refuse(path+".directResponse.status", wantsStatus)
	}
	c.oneLine(path+".rewrite.uri", route.GetRewrite().GetUri())
	c.oneLine(path+".rewrite.authority", route.GetRewrite().GetAuthority())
	if r := route.GetRewrite().GetUriRegexRewrite(); r != nil {
		c.pattern(path+".rewrite.uriRegexRewrite.match", r.GetMatch())
		c.oneLine(path+".rewrite.uriRegexRewrite.rewrite", r.GetRewrite())
	}
	if r := route.GetRedirect(); r != nil {
		c.oneLine(path+".redirect.uri", r.GetUri())
		c.oneLine(path+".redirect.authority", r.GetAuthority())
		c.oneLine(path+".redirect.prefixRewrite", r.GetPrefixRewrite())
		if !slices.Contains([]uint32{0, 301, 302, 303, 307, 308}, r.GetRedirectCode()) { // Istio makes a route that does nothing
			c.refuse(path+".redirect.redirectCode", wantsCode)
		}
	}
	for i, origin := range route.GetCorsPolicy().GetAllowOrigins() {
		c.text(fmt.Sprintf("%s.corsPolicy.allowOrigins[%d]", path, i), origin)
	}
}

func isStatus(status int64) bool { return status >= 200 && status < 600 }

// destinations looks at where a route sends requests.
func (c *fieldCheck) destinations(path string, route *networking.HTTPRoute) {
	sum := uint64(0)
	for i, d := range route.GetRoute() {
		c.headerOperations(fmt.Sprintf("%s.route[%d].headers", path, i), d.GetHeaders())
		sum += uint64(max(d.GetWeight(), 0))
	}
	if len(route.GetRoute()) > 1 && sum > math.MaxUint32 {
		c.refuse(path+".route", wantsWeights)
	}
	if len(route.GetRoute()) != 1 {
		return
	}
	// Those of one destination are added to the route's own.
	of := func(h *networking.Headers_HeaderOperations) int { return len(h.GetSet()) + len(h.GetAdd()) }
	own, its := route.GetHeaders(), route.GetRoute()[0].GetHeaders()
	if of(own.GetRequest())+of(its.GetRequest()) > maxHeaders || of(own.GetResponse())+of(its.GetResponse()) > maxHeaders {
		c.refuse(path+".headers", wantsFewer)
	}
}

// headerOperations looks at what a route does with headers.
func (c *fieldCheck) headerOperations(path string, h *networking.Headers) {
	for _, of := range []struct {
		path string
		*networking.Headers_HeaderOperations
	}{{path + ".request", h.GetRequest()}, {path + ".response", h.GetResponse()}} {
		for i, name := range of.GetRemove() {
			if name == "" || !isOneLine(name) {
				c.refuse(fmt.Sprintf("%s.remove[%d]", of.path, i), wantsName)
			}
		}
		c.written(of.path+".set", of.GetSet())
		c.written(of.path+".add", of.GetAdd())
		if len(of.GetSet())+len(of.GetAdd()) > maxHeaders {
			c.refuse(of.path, wantsFewer)
		}
	}
}

// written looks at headers that are written.
func (c *fieldCheck) written(path string, headers map[string]string) {
	if len(headers) == 0 || c.stopped() {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		c.header(keyed(path, name), name, headers[name])
	}
}

// header looks at one that is written. The authority becomes a part of the route, and other names of HTTP/2's own are left out.
func (c *fieldCheck) header(field, name, value string) {
	isAuthority := strings.EqualFold(name, "host") || strings.EqualFold(name, ":authority")
	switch {
	case name == "" || !isOneLine(name) || len(name) > maxHeaderBytes:
		c.refuse(field, wantsName)
	case strings.HasPrefix(name, ":") && !isAuthority:
	case !isOneLine(value):
		c.refuse(field, wantsOneLine)
	case isAuthority:
	case len(value) > maxHeaderBytes:
		c.refuse(field, wantsShort)
	default:
		if why := c.headers.refuses(value); why != "" {
			c.refuse(field, why)
		}
	}
}

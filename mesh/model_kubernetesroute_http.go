package mesh

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// The types of filters that Istio knows (pilot/pkg/config/kube/gateway/conversion.go convertHTTPRoute); any other, ExtensionRef
// among them, makes it leave out the whole route.
const (
	filterRequestHeaders  = "RequestHeaderModifier"
	filterResponseHeaders = "ResponseHeaderModifier"
	filterMirror          = "RequestMirror"
	filterRedirect        = "RequestRedirect"
	filterRewrite         = "URLRewrite"
	filterCORS            = "CORS"
)

// httpRules returns the HTTP routes that istiod makes of the rules of an HTTPRoute or GRPCRoute, one for each match; ok is false
// where it makes none of any rule, since one has an error (pilot/pkg/config/kube/gateway/route_collections.go computeRoute).
func (c routeConversion) httpRules() (list []sourcedRoute, ok bool) {
	for i, rule := range c.spec.Rules {
		matches := []*networking.HTTPMatchRequest{nil}
		if len(rule.Matches) > 0 {
			matches = nil
		}
		for _, m := range rule.Matches {
			match, ok := c.httpMatch(m)
			if !ok {
				return nil, false
			}
			matches = append(matches, match)
		}
		for _, m := range matches {
			route, ok := c.httpRule(rule)
			if !ok {
				return nil, false
			}
			if m != nil {
				route.Match = []*networking.HTTPMatchRequest{m}
			}
			list = append(list, sourcedRoute{route, routeSource{c.route.Ref, fmt.Sprintf("spec.rules[%d]", i)}})
		}
	}
	return list, true
}

// httpRule returns a rule's HTTP route without its match (pilot/pkg/config/kube/gateway/conversion.go convertHTTPRoute,
// convertGRPCRoute): where no backend has a weight it answers 500.
func (c routeConversion) httpRule(rule RouteRule) (*networking.HTTPRoute, bool) {
	route := &networking.HTTPRoute{}
	for _, f := range rule.Filters {
		if !c.filter(route, f) {
			return nil, false
		}
	}
	if totalWeight(rule.BackendRefs) == 0 && route.Redirect == nil {
		route.DirectResponse = &networking.HTTPDirectResponse{Status: 500}
		return route, true
	}
	backends := weighted(rule.BackendRefs)
	for _, b := range backends {
		to, _, ok := c.destination(b)
		if !ok {
			return nil, false
		}
		headers := &networking.HTTPRoute{}
		for _, f := range b.Filters {
			if f.Type != filterRequestHeaders && f.Type != filterResponseHeaders || !c.filter(headers, f) {
				return nil, false
			}
		}
		route.Route = append(route.Route, &networking.HTTPRouteDestination{
			Destination: to, Weight: weightAmong(backends, b), Headers: headers.Headers,
		})
	}
	return route, true
}

// filter sets what a filter does to a route; ok is false for one that Istio does not know, or refuses. A mirror of an HTTPRoute
// that leads nowhere is left out alone.
func (c routeConversion) filter(route *networking.HTTPRoute, f RouteFilter) (ok bool) {
	known := []string{filterRequestHeaders, filterResponseHeaders, filterMirror}
	if c.route.Kind == KindHTTPRoute {
		known = append(known, filterRedirect, filterRewrite, filterCORS)
	}
	switch {
	case !slices.Contains(known, f.Type):
		return false
	case f.Type == filterRequestHeaders && f.RequestHeaderModifier != nil:
		route.Headers = &networking.Headers{Request: f.RequestHeaderModifier.operations()}
		return f.RequestHeaderModifier.isValid()
	case f.Type == filterResponseHeaders && f.ResponseHeaderModifier != nil:
		return f.ResponseHeaderModifier.isValid() // what comes back moves nothing
	case f.Type == filterRedirect:
		route.Redirect = nil
		if to := f.RequestRedirect; to != nil {
			route.Redirect = &networking.HTTPRedirect{Authority: to.Hostname, Scheme: to.Scheme}
		}
	case f.Type == filterRewrite:
		route.Rewrite = nil
		if to := f.URLRewrite; to != nil && to.Hostname != "" {
			route.Rewrite = &networking.HTTPRewrite{Authority: to.Hostname}
		}
	case f.Type == filterMirror && f.RequestMirror != nil:
		to, found, ok := c.destination(f.RequestMirror.BackendRef)
		if !ok || !found {
			return c.route.Kind == KindHTTPRoute
		}
		route.Mirrors = append(route.Mirrors, &networking.HTTPMirrorPolicy{Destination: to})
	}
	return true
}

// operations returns the headers to set and to add, the first of each name.
func (h *RouteHeaders) operations() *networking.Headers_HeaderOperations {
	first := func(values []RouteValue) map[string]string {
		headers := map[string]string{}
		for _, v := range values {
			name := strings.ToLower(v.Name)
			if _, known := headers[name]; !known {
				headers[name] = v.value()
			}
		}
		return headers
	}
	return &networking.Headers_HeaderOperations{Set: first(h.Set), Add: first(h.Add)}
}

// isValid reports whether no header has a control character (pilot/pkg/config/kube/gateway/conversion.go isValidHeaderValue).
func (h *RouteHeaders) isValid() bool {
	for _, v := range slices.Concat(h.Set, h.Add) {
		for _, b := range []byte(v.value()) {
			if b != '\t' && (b < 0x20 || b == 0x7f) {
				return false
			}
		}
	}
	return true
}

// value returns the value, "" where there is none.
func (v RouteValue) value() string {
	if v.Value == nil {
		return ""
	}
	return *v.Value
}

// httpMatch returns a match; ok is false for one that Istio refuses.
func (c routeConversion) httpMatch(m RouteMatch) (match *networking.HTTPMatchRequest, ok bool) {
	match = &networking.HTTPMatchRequest{}
	if c.route.Kind == KindGRPCRoute {
		if match.Uri, ok = grpcMethodMatch(m.Method); !ok {
			return nil, false
		}
	} else {
		if match.Uri, ok = pathMatch(m.Path); !ok {
			return nil, false
		}
		var method string
		if len(m.Method) > 0 && json.Unmarshal(m.Method, &method) == nil && method != "" {
			match.Method = exactMatch(method)
		}
	}
	if match.Headers, ok = valueMatches(m.Headers); !ok {
		return nil, false
	}
	match.QueryParams, ok = valueMatches(m.QueryParams)
	return match, ok
}

// valueMatches returns matches of headers or query parameters by their names; of one name the last.
func valueMatches(values []RouteValue) (matches map[string]*networking.StringMatch, ok bool) {
	for _, v := range values {
		if matches == nil {
			matches = map[string]*networking.StringMatch{}
		}
		switch v.Type {
		case "", "Exact":
			matches[v.Name] = exactMatch(v.value())
		case "RegularExpression":
			matches[v.Name] = regexMatch(v.value())
		default:
			return nil, false
		}
	}
	return matches, true
}

// pathMatch returns the match of an HTTPRoute's path (pilot/pkg/config/kube/gateway/conversion.go createURIMatch).
func pathMatch(path *RouteValue) (*networking.StringMatch, bool) {
	value := "/"
	if path.Value != nil {
		value = *path.Value
	}
	switch path.Type {
	case "", "PathPrefix":
		if value != "/" {
			value = strings.TrimSuffix(value, "/")
		}
		return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: value}}, true
	case "Exact":
		return exactMatch(value), true
	case "RegularExpression":
		return regexMatch(value), true
	}
	return nil, false
}

// grpcMethodMatch returns the match of a GRPCRoute's method as a path (pilot/pkg/config/kube/gateway/conversion.go
// createGRPCURIMatch); nil where there is none.
func grpcMethodMatch(raw json.RawMessage) (match *networking.StringMatch, ok bool) {
	var m *struct {
		Type    string `json:"type"`
		Service string `json:"service"`
		Method  string `json:"method"`
	}
	if len(raw) == 0 {
		return nil, true
	}
	if err := unmarshal(raw, &m); err != nil || m == nil {
		return nil, err == nil
	}
	service, method := m.Service, m.Method
	switch {
	case service == "" && method == "" || m.Type != "" && m.Type != "Exact" && m.Type != "RegularExpression":
		return nil, false
	case service == "":
		return regexMatch("/[^/]+/" + method), true
	case m.Type == "RegularExpression" && method == "":
		return regexMatch("/" + service + "/.+"), true
	case m.Type == "RegularExpression":
		return regexMatch("/" + service + "/" + method), true
	case method == "":
		return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: "/" + service + "/"}}, true
	}
	return exactMatch("/" + service + "/" + method), true
}

func exactMatch(value string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: value}}
}

func regexMatch(value string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: value}}
}

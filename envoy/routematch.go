package envoy

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
)

// matchRoute reports whether a route is for the request (source/common/router/config_impl.cc, matchRoute and the path
// matchers).
func matchRoute(m *routev3.RouteMatch, r Request) truth {
	t := matchPath(m, r).and(matchFraction(m.GetRuntimeFraction()))
	t = t.and(all(m.GetHeaders(), func(h *routev3.HeaderMatcher) truth { return matchHeader(h, r) }))
	t = t.and(all(m.GetQueryParameters(), func(q *routev3.QueryParameterMatcher) truth { return matchQuery(q, r) }))
	if m.GetGrpc() != nil {
		t = t.and(matchGRPC(r))
	}
	if len(m.GetCookies())+len(m.GetDynamicMetadata())+len(m.GetFilterState()) > 0 || m.GetTlsContext() != nil {
		t = t.and(maybe)
	}
	return t
}

func matchPath(m *routev3.RouteMatch, r Request) truth {
	if m.GetConnectMatcher() != nil {
		if r.Method == "" {
			return maybe
		}
		return is(r.Method == http.MethodConnect)
	}
	if r.Path == "" && r.Method != http.MethodConnect {
		return matchAnyPath(m)
	}
	path, _, _ := strings.Cut(r.Path, "#")
	path, _, _ = strings.Cut(path, "?")
	fold := func(s string) string { return s }
	if c := m.GetCaseSensitive(); c != nil && !c.GetValue() {
		fold = strings.ToLower
	}
	switch p := m.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		return is(strings.HasPrefix(fold(path), fold(p.Prefix)))
	case *routev3.RouteMatch_Path:
		return is(fold(path) == fold(p.Path))
	case *routev3.RouteMatch_PathSeparatedPrefix:
		rest, ok := strings.CutPrefix(fold(path), fold(p.PathSeparatedPrefix))
		return is(ok && (rest == "" || rest[0] == '/'))
	case *routev3.RouteMatch_SafeRegex:
		return matchRegex(p.SafeRegex.GetRegex(), path)
	}
	return maybe
}

// matchAnyPath reports whether a route is for every path.
func matchAnyPath(m *routev3.RouteMatch) truth {
	switch p := m.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		if p.Prefix == "" || p.Prefix == "/" {
			return yes
		}
	case *routev3.RouteMatch_SafeRegex:
		if p.SafeRegex.GetRegex() == ".*" || p.SafeRegex.GetRegex() == "/.*" {
			return yes
		}
	}
	return maybe
}

// matchFraction reports whether a fraction of requests is none or all. A runtime key that overrides it is not known.
func matchFraction(f *corev3.RuntimeFractionalPercent) truth {
	if f == nil {
		return yes
	}
	whole := uint32(100)
	switch f.GetDefaultValue().GetDenominator() {
	case typev3.FractionalPercent_TEN_THOUSAND:
		whole = 10_000
	case typev3.FractionalPercent_MILLION:
		whole = 1_000_000
	}
	switch n := f.GetDefaultValue().GetNumerator(); {
	case n == 0:
		return no
	case n >= whole:
		return yes
	}
	return maybe
}

// header returns the value of a request's header. known is no where it is not there, maybe where it is unspecified.
func (r Request) header(name string) (value string, known truth) {
	specified := func(s string) (string, truth) {
		if s == "" {
			return "", maybe
		}
		return s, yes
	}
	switch name = strings.ToLower(name); name {
	case ":authority", "host":
		return specified(r.Host)
	case ":method":
		return specified(r.Method)
	case ":path":
		return specified(r.Path)
	case ":scheme":
		return "", maybe
	}
	if r.Headers == nil {
		return "", maybe
	}
	value, ok := r.Headers[name]
	return value, is(ok)
}

// matchHeader evaluates a HeaderMatcher. A header that is not there matches nothing, inverted or not, except a condition
// on its presence or where it counts as empty (source/common/http/header_utility.h, HeaderDataBaseImpl).
func matchHeader(m *routev3.HeaderMatcher, r Request) truth {
	value, known := r.header(m.GetName())
	invert := func(t truth) truth {
		if m.GetInvertMatch() {
			return t.not()
		}
		return t
	}
	if known == maybe {
		return maybe
	}
	if p, ok := m.GetHeaderMatchSpecifier().(*routev3.HeaderMatcher_PresentMatch); ok {
		present := known == yes || m.GetTreatMissingHeaderAsEmpty()
		return invert(is(present == p.PresentMatch))
	}
	if m.GetHeaderMatchSpecifier() == nil {
		return invert(known)
	}
	if known == no && !m.GetTreatMissingHeaderAsEmpty() {
		return no
	}
	return invert(matchHeaderValue(m, value))
}

func matchHeaderValue(m *routev3.HeaderMatcher, value string) truth {
	switch s := m.GetHeaderMatchSpecifier().(type) {
	case *routev3.HeaderMatcher_StringMatch:
		return matchString(s.StringMatch, value)
	case *routev3.HeaderMatcher_ExactMatch:
		return is(value == s.ExactMatch)
	case *routev3.HeaderMatcher_PrefixMatch:
		return is(strings.HasPrefix(value, s.PrefixMatch))
	case *routev3.HeaderMatcher_SuffixMatch:
		return is(strings.HasSuffix(value, s.SuffixMatch))
	case *routev3.HeaderMatcher_ContainsMatch:
		return is(strings.Contains(value, s.ContainsMatch))
	case *routev3.HeaderMatcher_SafeRegexMatch:
		return matchRegex(s.SafeRegexMatch.GetRegex(), value)
	case *routev3.HeaderMatcher_RangeMatch:
		n, err := strconv.ParseInt(value, 10, 64)
		return is(err == nil && s.RangeMatch.GetStart() <= n && n < s.RangeMatch.GetEnd())
	}
	return maybe
}

func matchQuery(m *routev3.QueryParameterMatcher, r Request) truth {
	if r.Path == "" {
		return maybe
	}
	_, query, _ := strings.Cut(r.Path, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return maybe
	}
	switch s := m.GetQueryParameterMatchSpecifier().(type) {
	case *routev3.QueryParameterMatcher_StringMatch:
		if !values.Has(m.GetName()) {
			return no
		}
		return matchString(s.StringMatch, values.Get(m.GetName()))
	case *routev3.QueryParameterMatcher_PresentMatch:
		return is(values.Has(m.GetName()) == s.PresentMatch)
	}
	return is(values.Has(m.GetName()))
}

func matchGRPC(r Request) truth {
	value, known := r.header("content-type")
	if known != yes {
		return known
	}
	rest, ok := strings.CutPrefix(value, "application/grpc")
	return is(ok && (rest == "" || rest[0] == '+'))
}

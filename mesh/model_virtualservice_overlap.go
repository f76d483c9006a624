package mesh

import (
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
)

// mayMatchBoth reports whether there may be a request that two matches are both for. What cannot be told apart, as a regular
// expression, may be the same.
//
//	{uri: {prefix: /pay}}                 {uri: {exact: /pay/now}}                  true
//	{uri: {prefix: /pay}}                 {uri: {prefix: /cart}}                    false
//	{headers: {team: {exact: a}}}         {headers: {team: {exact: b}}}             false
func mayMatchBoth(a, b *networking.HTTPMatchRequest) bool {
	anyCase := a.IgnoreUriCase || b.IgnoreUriCase
	return !areDisjoint(a.Uri, b.Uri, anyCase) && !areDisjoint(a.Method, b.Method, false) && !areDisjoint(a.Scheme, b.Scheme, false) &&
		!areDisjoint(a.Authority, b.Authority, false) && !haveDisjoint(a.Headers, b.Headers) && !haveDisjoint(a.QueryParams, b.QueryParams)
}

// haveDisjoint reports whether one header or parameter cannot be as both ask.
func haveDisjoint(a, b map[string]*networking.StringMatch) bool {
	for key, text := range a {
		if other, both := b[key]; both && areDisjoint(text, other, false) {
			return true
		}
	}
	return false
}

// areDisjoint reports whether no text is as both ask.
func areDisjoint(a, b *networking.StringMatch, anyCase bool) bool {
	first, exactly, ok := plainText(a, anyCase)
	second, exactlyToo, okToo := plainText(b, anyCase)
	if !ok || !okToo {
		return false
	}
	return !(!exactlyToo && strings.HasPrefix(first, second) || !exactly && strings.HasPrefix(second, first) || first == second)
}

// plainText returns the text that a match asks for, and whether all of a text has to be that, or its beginning; ok is false for a regular
// expression and for none.
func plainText(m *networking.StringMatch, anyCase bool) (text string, exactly, ok bool) {
	switch t := m.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		text, exactly = t.Exact, true
	case *networking.StringMatch_Prefix:
		text = t.Prefix
	default:
		return "", false, false
	}
	if anyCase {
		text = strings.ToLower(text)
	}
	return text, exactly, true
}

// endsWithinSegment reports whether a path that begins with another match's text goes on within the last segment of a prefix: by whole
// segments, /app is not for /app-docs.
func endsWithinSegment(prefix, other *networking.HTTPMatchRequest) bool {
	anyCase := prefix.IgnoreUriCase || other.IgnoreUriCase
	own, exactly, ok := plainText(prefix.Uri, anyCase)
	text, _, okToo := plainText(other.Uri, anyCase)
	rest, within := strings.CutPrefix(text, own)
	return ok && okToo && !exactly && within && rest != "" && rest[0] != '/' && !strings.HasSuffix(own, "/")
}

// matchesAllOf reports whether one match is known to be for all requests that another is for. By segments a prefix is for whole
// segments of a path alone, as in the Gateway API.
func matchesAllOf(a, b *networking.HTTPMatchRequest, bySegments bool) bool {
	if matchesEveryRequest(a) {
		return true
	}
	own, exactly, ok := plainText(a.Uri, a.IgnoreUriCase)
	other, exactlyToo, okToo := plainText(b.Uri, a.IgnoreUriCase)
	rest, within := strings.CutPrefix(other, own)
	switch {
	case ok != okToo || ok && !within:
		return false
	case !ok || !asksForPathAlone(a) || b.IgnoreUriCase && !a.IgnoreUriCase:
		return proto.Equal(a, b)
	case exactly:
		return exactlyToo && rest == ""
	}
	return !bySegments || rest == "" || rest[0] == '/' || strings.HasSuffix(own, "/")
}

// matchesEveryRequest reports whether a match is for all requests, by the source and port that it may ask for aside.
func matchesEveryRequest(m *networking.HTTPMatchRequest) bool {
	return matchesEveryPath(m.GetUri()) && asksForPathAlone(m)
}

// matchesEveryPath reports whether a match of a path matches all (pilot/pkg/networking/core/route/route.go
// IsCatchAllRoute).
func matchesEveryPath(uri *networking.StringMatch) bool {
	return uri == nil || uri.GetPrefix() == "/" || uri.GetRegex() == ".*"
}

// asksForPathAlone reports whether a match asks for nothing of a request but its path.
func asksForPathAlone(m *networking.HTTPMatchRequest) bool {
	return m.GetMethod() == nil && m.GetAuthority() == nil && m.GetScheme() == nil && len(m.GetHeaders()) == 0 &&
		len(m.GetQueryParams()) == 0 && len(m.GetWithoutHeaders()) == 0
}

package envoy

import (
	"regexp"
	"strings"

	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// matchString evaluates a StringMatcher; maybe where it is of a kind that is not known.
func matchString(m *matcherv3.StringMatcher, value string) truth {
	fold := func(s string) string { return s }
	if m.GetIgnoreCase() {
		fold = strings.ToLower
	}
	switch p := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		return is(fold(value) == fold(p.Exact))
	case *matcherv3.StringMatcher_Prefix:
		return is(strings.HasPrefix(fold(value), fold(p.Prefix)))
	case *matcherv3.StringMatcher_Suffix:
		return is(strings.HasSuffix(fold(value), fold(p.Suffix)))
	case *matcherv3.StringMatcher_Contains:
		return is(strings.Contains(fold(value), fold(p.Contains)))
	case *matcherv3.StringMatcher_SafeRegex:
		return matchRegex(p.SafeRegex.GetRegex(), value)
	}
	return maybe
}

// matchXDSString evaluates a StringMatcher of a matcher tree; an empty value is none at all and matches nothing.
func matchXDSString(m *xdsmatcherv3.StringMatcher, value string) truth {
	if value == "" {
		return no
	}
	same := &matcherv3.StringMatcher{IgnoreCase: m.GetIgnoreCase()}
	switch p := m.GetMatchPattern().(type) {
	case *xdsmatcherv3.StringMatcher_Exact:
		same.MatchPattern = &matcherv3.StringMatcher_Exact{Exact: p.Exact}
	case *xdsmatcherv3.StringMatcher_Prefix:
		same.MatchPattern = &matcherv3.StringMatcher_Prefix{Prefix: p.Prefix}
	case *xdsmatcherv3.StringMatcher_Suffix:
		same.MatchPattern = &matcherv3.StringMatcher_Suffix{Suffix: p.Suffix}
	case *xdsmatcherv3.StringMatcher_Contains:
		same.MatchPattern = &matcherv3.StringMatcher_Contains{Contains: p.Contains}
	case *xdsmatcherv3.StringMatcher_SafeRegex:
		return matchRegex(p.SafeRegex.GetRegex(), value)
	}
	return matchString(same, value)
}

// matchRegex reports whether the whole of value matches, as Envoy's regular expressions do (RE2::FullMatch); maybe where
// the expression is not one of Go's, whose syntax is RE2's.
func matchRegex(expression, value string) truth {
	re, err := regexp.Compile(`^(?s:` + expression + `)$`)
	if err != nil {
		return maybe
	}
	return is(re.MatchString(value))
}

// nameMatcher returns a StringMatcher on a subject alternative name.
func nameMatcher(m *matcherv3.StringMatcher, sanType string) NameMatcher {
	n := NameMatcher{Kind: "unknown", Type: sanType, IgnoreCase: m.GetIgnoreCase()}
	switch p := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		n.Kind, n.Value = "exact", p.Exact
	case *matcherv3.StringMatcher_Prefix:
		n.Kind, n.Value = "prefix", p.Prefix
	case *matcherv3.StringMatcher_Suffix:
		n.Kind, n.Value = "suffix", p.Suffix
	case *matcherv3.StringMatcher_Contains:
		n.Kind, n.Value = "contains", p.Contains
	case *matcherv3.StringMatcher_SafeRegex:
		n.Kind, n.Value = "regex", p.SafeRegex.GetRegex()
	}
	return n
}

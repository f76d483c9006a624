package envoy

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	xdscorev3 "github.com/cncf/xds/go/xds/core/v3"
	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const typeIPMatcher = "xds.type.matcher.v3.IPMatcher"

// matcherInputs are what a matcher tree may ask of a connection (source/common/network/matching/inputs.h). An input
// without a value matches nothing.
var matcherInputs = map[string]func(*branch) string{
	"envoy.extensions.matching.common_inputs.network.v3.DestinationIPInput": func(b *branch) string {
		return b.destination.Addr().Unmap().String()
	},
	"envoy.extensions.matching.common_inputs.network.v3.DestinationPortInput": func(b *branch) string {
		return strconv.Itoa(int(b.destination.Port()))
	},
	"envoy.extensions.matching.common_inputs.network.v3.ServerNameInput":        func(b *branch) string { return b.serverName },
	"envoy.extensions.matching.common_inputs.network.v3.TransportProtocolInput": func(b *branch) string { return b.transport },
	"envoy.extensions.matching.common_inputs.network.v3.ApplicationProtocolInput": func(b *branch) string {
		if len(b.protocols) == 0 {
			return ""
		}
		return "'" + strings.Join(b.protocols, "','") + "'"
	},
}

// chooseByMatcher finds the filter chain by the listener's matcher tree, whose action is a chain's name.
func (w *walk) chooseByMatcher(b branch, l *listener) {
	found := decide(&b, l.GetFilterChainMatcher(), 0)
	if found.unknown != "" {
		w.lost(b, Unknown{Kind: "matcher", Name: "of listener " + l.GetName(), Detail: found.unknown})
		return
	}
	if found.action == nil {
		w.fallBack(b, l)
		return
	}
	var name wrapperspb.StringValue
	if u, ok := unpack("matcher action", found.action.GetName(), found.action.GetTypedConfig(), &name); !ok {
		w.lost(b, u)
		return
	}
	for _, c := range l.chains {
		if c.GetName() == name.GetValue() {
			w.chain(b, c.FilterChain)
			return
		}
	}
	w.end(b, EndReset, "there is no filter chain "+name.GetValue())
}

// decision is what a matcher tree makes of a connection: an action, nothing, or what of it is not known.
type decision struct {
	action  *xdscorev3.TypedExtensionConfig
	unknown string
}

func (d decision) made() bool { return d.action != nil || d.unknown != "" }

// decide evaluates a matcher. What it does not match falls to on_no_match, and so does what it matches with another
// matcher that decides nothing (source/common/matcher/matcher.h, handleRecursionAndSkips).
func decide(b *branch, m *xdsmatcherv3.Matcher, depth int) decision {
	if depth > maxDepth {
		return decision{unknown: "is nested too deep"}
	}
	var d decision
	switch t := m.GetMatcherType().(type) {
	case *xdsmatcherv3.Matcher_MatcherList_:
		d = decideList(b, t.MatcherList, depth)
	case *xdsmatcherv3.Matcher_MatcherTree_:
		d = decideTree(b, t.MatcherTree, depth)
	}
	if d.made() || m.GetOnNoMatch() == nil {
		return d
	}
	return follow(b, m.GetOnNoMatch(), depth)
}

func follow(b *branch, on *xdsmatcherv3.Matcher_OnMatch, depth int) decision {
	if on.GetKeepMatching() {
		return decision{unknown: "keeps matching after a match"}
	}
	if on.GetAction() != nil {
		return decision{action: on.GetAction()}
	}
	return decide(b, on.GetMatcher(), depth+1)
}

func decideList(b *branch, list *xdsmatcherv3.Matcher_MatcherList, depth int) decision {
	for _, m := range list.GetMatchers() {
		switch holds(b, m.GetPredicate(), depth) {
		case yes:
			if d := follow(b, m.GetOnMatch(), depth); d.made() {
				return d
			}
		case maybe:
			return decision{unknown: "asks for what is not known"}
		}
	}
	return decision{}
}

func decideTree(b *branch, tree *xdsmatcherv3.Matcher_MatcherTree, depth int) decision {
	value, known := input(b, tree.GetInput())
	if !known {
		return decision{unknown: "asks for " + described(tree.GetInput().GetTypedConfig())}
	}
	if value == "" {
		return decision{}
	}
	switch t := tree.GetTreeType().(type) {
	case *xdsmatcherv3.Matcher_MatcherTree_ExactMatchMap:
		if on := t.ExactMatchMap.GetMap()[value]; on != nil {
			return follow(b, on, depth)
		}
		return decision{}
	case *xdsmatcherv3.Matcher_MatcherTree_PrefixMatchMap:
		return decidePrefix(b, t.PrefixMatchMap.GetMap(), value, depth)
	case *xdsmatcherv3.Matcher_MatcherTree_CustomMatch:
		return decideIP(b, t.CustomMatch, value, depth)
	}
	return decision{unknown: "is of a kind that is not known"}
}

// decidePrefix takes the longest prefix that decides.
func decidePrefix(b *branch, prefixes map[string]*xdsmatcherv3.Matcher_OnMatch, value string, depth int) decision {
	for i := len(value); i >= 0; i-- {
		if on := prefixes[value[:i]]; on != nil {
			if d := follow(b, on, depth); d.made() {
				return d
			}
		}
	}
	return decision{}
}

// decideIP takes the most specific range with the address that decides; an exclusive one is the last
// (source/extensions/common/matcher/ip_range_matcher.h).
func decideIP(b *branch, custom *xdscorev3.TypedExtensionConfig, value string, depth int) decision {
	var matcher xdsmatcherv3.IPMatcher
	if typeOf(custom.GetTypedConfig()) != typeIPMatcher || custom.GetTypedConfig().UnmarshalTo(&matcher) != nil {
		return decision{unknown: "is " + described(custom.GetTypedConfig())}
	}
	address, err := netip.ParseAddr(value)
	if err != nil {
		return decision{}
	}
	type hit struct {
		bits int
		of   *xdsmatcherv3.IPMatcher_IPRangeMatcher
	}
	var hits []hit
	for _, m := range matcher.GetRangeMatchers() {
		for _, r := range m.GetRanges() {
			if p, ok := prefix(r.GetAddressPrefix(), r.GetPrefixLen()); ok && p.Contains(address) {
				hits = append(hits, hit{p.Bits(), m})
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.bits, a.bits) })
	for _, h := range hits {
		if d := follow(b, h.of.GetOnMatch(), depth); d.made() || h.of.GetExclusive() {
			return d
		}
	}
	return decision{}
}

func input(b *branch, i *xdscorev3.TypedExtensionConfig) (string, bool) {
	read, ok := matcherInputs[typeOf(i.GetTypedConfig())]
	if !ok {
		return "", false
	}
	return read(b), true
}

// holds evaluates a predicate.
func holds(b *branch, p *xdsmatcherv3.Matcher_MatcherList_Predicate, depth int) truth {
	if depth > maxDepth {
		return maybe
	}
	one := func(p *xdsmatcherv3.Matcher_MatcherList_Predicate) truth { return holds(b, p, depth+1) }
	switch t := p.GetMatchType().(type) {
	case *xdsmatcherv3.Matcher_MatcherList_Predicate_AndMatcher:
		return all(t.AndMatcher.GetPredicate(), one)
	case *xdsmatcherv3.Matcher_MatcherList_Predicate_OrMatcher:
		return all(t.OrMatcher.GetPredicate(), func(p *xdsmatcherv3.Matcher_MatcherList_Predicate) truth { return one(p).not() }).not()
	case *xdsmatcherv3.Matcher_MatcherList_Predicate_NotMatcher:
		return one(t.NotMatcher).not()
	case *xdsmatcherv3.Matcher_MatcherList_Predicate_SinglePredicate_:
		value, known := input(b, t.SinglePredicate.GetInput())
		if !known || t.SinglePredicate.GetValueMatch() == nil {
			return maybe
		}
		return matchXDSString(t.SinglePredicate.GetValueMatch(), value)
	}
	return maybe
}

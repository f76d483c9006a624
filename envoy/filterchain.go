package envoy

import (
	"math"
	"net/netip"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// chain is a FilterChain with its match read.
type chain struct {
	*listenerv3.FilterChain
	port                          uint16
	destinations, direct, sources []netip.Prefix
	names                         []string
	// invalid says why Envoy would refuse the match, and the whole listener with it; empty if it would not.
	invalid string
}

func newChain(fc *listenerv3.FilterChain) chain {
	m := fc.GetFilterChainMatch()
	c := chain{FilterChain: fc, port: uint16(m.GetDestinationPort().GetValue())}
	if m.GetAddressSuffix() != "" || m.GetSuffixLen() != nil {
		c.invalid = "matches an address suffix, which Envoy does not implement"
	}
	c.destinations = c.prefixes(m.GetPrefixRanges())
	c.direct = c.prefixes(m.GetDirectSourcePrefixRanges())
	c.sources = c.prefixes(m.GetSourcePrefixRanges())
	for _, n := range m.GetServerNames() {
		if strings.Contains(n, "*") && !strings.HasPrefix(n, "*.") {
			c.invalid = "has a partial wildcard in server_names: " + n
		}
		c.names = append(c.names, strings.ToLower(n))
	}
	return c
}

func (c *chain) prefixes(ranges []*corev3.CidrRange) []netip.Prefix {
	var read []netip.Prefix
	for _, r := range ranges {
		p, ok := prefix(r.GetAddressPrefix(), r.GetPrefixLen())
		if !ok {
			c.invalid = "has the address range " + r.GetAddressPrefix()
			continue
		}
		read = append(read, p)
	}
	return read
}

// prefix reads an address range; without a length it is of length zero (api/envoy/config/core/v3/address.proto).
func prefix(address string, length *wrapperspb.UInt32Value) (_ netip.Prefix, ok bool) {
	a, err := netip.ParseAddr(address)
	bits := int64(length.GetValue())
	if err != nil || bits > int64(a.BitLen()) {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, int(bits)), true
}

// anyValue is the rank of a chain that does not match on a criterion, zero of one that does and does not fit. Higher ranks
// are more specific.
const anyValue = 1

// stage is one criterion of a filter chain match. rank says how well a chain fits; known is false where the connection
// leaves the criterion unspecified and some chain asks for it.
type stage struct {
	rank  func(*branch, *chain) int
	known func(*branch) bool
}

func always(*branch) bool          { return true }
func sourceKnown(b *branch) bool   { return b.source.IsValid() }
func matchOf(c *chain) *matchProto { return c.GetFilterChainMatch() }

type matchProto = listenerv3.FilterChainMatch

// stages are the criteria in Envoy's order. At each one only the chains that fit best are left, and Envoy does not go
// back to the others when a later criterion leaves none
// (source/common/listener_manager/filter_chain_manager_impl.cc, findFilterChain and the functions that it calls).
var stages = []stage{
	{rankPort, always},
	{func(b *branch, c *chain) int { return rankPrefixes(b.destination.Addr(), c.destinations) }, always},
	{rankServerName, always},
	{rankTransport, always},
	{rankProtocols, always},
	{func(b *branch, c *chain) int { return rankPrefixes(b.source.Addr(), c.direct) }, sourceKnown},
	{rankSourceType, sourceKnown},
	{func(b *branch, c *chain) int { return rankPrefixes(b.source.Addr(), c.sources) }, sourceKnown},
	{rankSourcePort, sourceKnown},
}

func rankPort(b *branch, c *chain) int { return rankEqual(c.port == 0, c.port == b.destination.Port()) }

// rankEqual returns the rank of a criterion that is either absent, met or not.
func rankEqual(absent, met bool) int {
	switch {
	case absent:
		return anyValue
	case met:
		return anyValue + 1
	}
	return 0
}

// rankPrefixes ranks by the longest prefix that holds the address. No prefix at all is the same as length zero
// (makeCidrListEntry).
func rankPrefixes(address netip.Addr, prefixes []netip.Prefix) int {
	if len(prefixes) == 0 {
		return anyValue
	}
	best := 0
	for _, p := range prefixes {
		if p.Contains(address.Unmap()) || p.Contains(address) {
			best = max(best, anyValue+p.Bits())
		}
	}
	return best
}

// rankServerName ranks an exact name before the longest wildcard before none. A wildcard stands for one label or more.
func rankServerName(b *branch, c *chain) int {
	if len(c.names) == 0 {
		return anyValue
	}
	best := 0
	for _, n := range c.names {
		suffix, wild := strings.CutPrefix(n, "*")
		switch {
		case n == b.serverName && n != "":
			return math.MaxInt
		case wild && len(b.serverName) > len(suffix) && strings.HasSuffix(b.serverName, suffix):
			best = max(best, anyValue+len(suffix))
		}
	}
	return best
}

func rankTransport(b *branch, c *chain) int {
	asked := matchOf(c).GetTransportProtocol()
	return rankEqual(asked == "", asked == b.transport)
}

// rankProtocols ranks by the connection's own order of protocols.
func rankProtocols(b *branch, c *chain) int {
	asked := matchOf(c).GetApplicationProtocols()
	if len(asked) == 0 {
		return anyValue
	}
	for i, p := range b.protocols {
		for _, a := range asked {
			if a == p {
				return anyValue + len(b.protocols) - i
			}
		}
	}
	return 0
}

func rankSourceType(b *branch, c *chain) int {
	local := b.source.Addr() == b.destination.Addr() || b.source.Addr().IsLoopback()
	switch matchOf(c).GetSourceType() {
	case listenerv3.FilterChainMatch_SAME_IP_OR_LOOPBACK:
		return rankEqual(false, local)
	case listenerv3.FilterChainMatch_EXTERNAL:
		return rankEqual(false, !local)
	}
	return anyValue
}

func rankSourcePort(b *branch, c *chain) int {
	asked := matchOf(c).GetSourcePorts()
	if len(asked) == 0 {
		return anyValue
	}
	for _, p := range asked {
		if p == uint32(b.source.Port()) {
			return anyValue + 1
		}
	}
	return 0
}

// match returns the chains that may take the connection: one, none, or several where the source decides and is
// unspecified. overlap reports that Envoy would refuse the chains, because two of them match alike.
func match(b *branch, chains []chain) (left []*chain, overlap bool) {
	for i := range chains {
		left = append(left, &chains[i])
	}
	undecided := false
	for _, s := range stages {
		if !s.known(b) {
			undecided = undecided || discriminates(s, b, left)
			continue
		}
		left = best(s, b, left)
	}
	return left, len(left) > 1 && !undecided
}

func best(s stage, b *branch, chains []*chain) []*chain {
	top := 0
	var left []*chain
	for _, c := range chains {
		switch rank := s.rank(b, c); {
		case rank > top:
			top, left = rank, []*chain{c}
		case rank == top && rank > 0:
			left = append(left, c)
		}
	}
	return left
}

// discriminates reports whether some of the chains ask for a criterion.
func discriminates(s stage, b *branch, chains []*chain) bool {
	for _, c := range chains {
		if s.rank(b, c) != anyValue {
			return true
		}
	}
	return false
}

// choose finds the listener's filter chain for the connection.
func (w *walk) choose(b branch, l *listener) {
	if l.GetFcdsConfig() != nil {
		b = b.unknown(Unknown{Kind: "listener", Name: l.GetName(), Detail: "asks for filter chains elsewhere (FCDS)"})
	}
	if l.GetFilterChainMatcher() != nil {
		w.chooseByMatcher(b, l)
		return
	}
	for _, c := range l.chains {
		if c.invalid != "" {
			b = b.unknown(Unknown{Kind: "filter chain", Name: c.GetName(), Detail: c.invalid})
		}
	}
	found, overlap := match(&b, l.chains)
	if overlap {
		b = b.unknown(Unknown{Kind: "listener", Name: l.GetName(), Detail: "has filter chains that match alike: " +
			found[0].GetName() + ", " + found[1].GetName()})
	}
	for _, c := range found {
		w.chain(b.conditional(len(found) > 1), c.FilterChain)
	}
	if len(found) == 0 || len(found) > 1 && !overlap {
		w.fallBack(b.conditional(len(found) > 1), l)
	}
}

// fallBack takes the listener's default filter chain, or closes the connection where it has none.
func (w *walk) fallBack(b branch, l *listener) {
	if l.GetDefaultFilterChain() == nil {
		w.end(b, EndReset, "no filter chain of "+l.GetName()+" matches")
		return
	}
	w.chain(b, l.GetDefaultFilterChain())
}

package mesh

import (
	"net/netip"
	"slices"
)

// addressRanges are ranges of addresses of which none is inside another, ascending.
type addressRanges []netip.Prefix

// disjoint returns the widest of ranges, in place of all that are inside them.
func disjoint(ranges []netip.Prefix) addressRanges {
	sorted := slices.Clone(ranges)
	slices.SortFunc(sorted, netip.Prefix.Compare) // by address, then the wider first
	var list addressRanges
	for _, p := range sorted {
		if n := len(list); n == 0 || !list[n-1].Contains(p.Addr()) {
			list = append(list, p)
		}
	}
	return list
}

// contains reports whether an address is in any of the ranges.
func (r addressRanges) contains(at netip.Addr) bool {
	i, found := slices.BinarySearchFunc(r, at, func(p netip.Prefix, at netip.Addr) int { return p.Addr().Compare(at) })
	return found || i > 0 && r[i-1].Contains(at)
}

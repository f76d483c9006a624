package mesh

import (
	"cmp"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// sortSourcedRoutes sorts HTTP routes in the order in which Istio tries them (pilot/pkg/config/kube/gateway/conversion.go
// sortHTTPRoutes), those that are equal as they were:
//  1. those with a match;
//  2. an exact path, then a prefix, then a regular expression; the longest first;
//  3. those with a method;
//  4. the most headers, then the most query parameters.
func sortSourcedRoutes(list []sourcedRoute) {
	slices.SortStableFunc(list, func(a, b sourcedRoute) int {
		if len(a.http.Match) == 0 || len(b.http.Match) == 0 {
			return cmp.Compare(len(b.http.Match), len(a.http.Match))
		}
		m, other := a.http.Match[0], b.http.Match[0]
		rank, length := pathRank(m.Uri)
		otherRank, otherLength := pathRank(other.Uri)
		return -cmp.Or(
			cmp.Compare(rank, otherRank), cmp.Compare(length, otherLength), cmp.Compare(present(m.Method), present(other.Method)),
			cmp.Compare(len(m.Headers), len(other.Headers)), cmp.Compare(len(m.QueryParams), len(other.QueryParams)),
		)
	})
}

// pathRank returns the rank of a match of a path, the highest first, and the length of what it matches.
func pathRank(uri *networking.StringMatch) (rank, length int) {
	switch match := uri.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		return 3, len(match.Exact)
	case *networking.StringMatch_Prefix:
		return 2, len(match.Prefix)
	case *networking.StringMatch_Regex:
		return 1, len(match.Regex)
	}
	return -1, 0
}

// present returns 1 for a match that is there, else 0.
func present(match *networking.StringMatch) int {
	if match == nil {
		return 0
	}
	return 1
}

package mesh

import (
	"cmp"
	"maps"

	networking "istio.io/api/networking/v1alpha3"
)

// mergeHTTPMatchRequests returns the matches of the requests that both a root's route and its delegate's take. ok is
// false where a match of the delegate lies within none of the root's (pilot/pkg/model/virtualservice.go
// mergeHTTPMatchRequests).
func mergeHTTPMatchRequests(root, sub []*networking.HTTPMatchRequest) (list []*networking.HTTPMatchRequest, ok bool) {
	if len(root) == 0 {
		return sub, true
	}
	if len(sub) == 0 {
		return root, true
	}
	for _, inner := range sub {
		found := false
		for _, outer := range root {
			if !hasConflict(outer, inner) {
				list, found = append(list, mergeHTTPMatchRequest(outer, inner)), true
			}
		}
		if !found {
			return nil, false
		}
	}
	return list, true
}

// mergeHTTPMatchRequest returns inner with what only outer asks for (pilot/pkg/model/virtualservice.go
// mergeHTTPMatchRequest).
func mergeHTTPMatchRequest(outer, inner *networking.HTTPMatchRequest) *networking.HTTPMatchRequest {
	merged := &networking.HTTPMatchRequest{
		Uri: cmp.Or(inner.Uri, outer.Uri), Scheme: cmp.Or(inner.Scheme, outer.Scheme), Method: cmp.Or(inner.Method, outer.Method),
		Authority: cmp.Or(inner.Authority, outer.Authority), Port: cmp.Or(inner.Port, outer.Port), Gateways: inner.Gateways,
		SourceNamespace: cmp.Or(inner.SourceNamespace, outer.SourceNamespace), SourceLabels: union(outer.SourceLabels, inner.SourceLabels),
		Headers: union(outer.Headers, inner.Headers), QueryParams: union(outer.QueryParams, inner.QueryParams),
		WithoutHeaders: union(outer.WithoutHeaders, inner.WithoutHeaders), IgnoreUriCase: inner.IgnoreUriCase,
	}
	if len(merged.Gateways) == 0 {
		merged.Gateways = outer.Gateways
	}
	return merged
}

// union returns the entries of both maps. Where both have a key, the value of over is taken.
func union[V any](under, over map[string]V) map[string]V {
	if len(under) == 0 {
		return over
	}
	all := maps.Clone(under)
	maps.Copy(all, over)
	return all
}

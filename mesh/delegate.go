package mesh

import (
	"cmp"
	"maps"

	networking "istio.io/api/networking/v1alpha3"
)

func delegateRef(d *networking.Delegate, namespace string) Ref {
	if d.Namespace != "" {
		namespace = d.Namespace
	}
	return Ref{Kind: KindVirtualService, Namespace: namespace, Name: d.Name}
}

// httpRoutes gives v's routes with its delegates merged in (pilot/pkg/model/virtualservice.go MergeHTTPRoutes).
func (s *Snapshot) httpRoutes(v *virtualService) []*networking.HTTPRoute {
	var list []*networking.HTTPRoute
	for _, route := range v.spec.Http {
		if route == nil {
			continue
		}
		if route.Delegate == nil {
			list = append(list, route)
			continue
		}
		delegate := s.Get(delegateRef(route.Delegate, v.Namespace))
		if delegate == nil || !visible(delegate.Spec.(*networking.VirtualService).ExportTo, delegate.Namespace, v.Namespace) {
			continue
		}
		spec := delegate.Spec.(*networking.VirtualService)
		if len(spec.Hosts) > 0 {
			continue
		}
		for _, sub := range spec.Http {
			if sub != nil && sub.Delegate == nil {
				list = append(list, mergeDelegate(route, sub, s.settings, delegate.Namespace))
			}
		}
	}
	return list
}

// mergeDelegate gives a delegate's route under its root's match; the root's rewrite and headers fill what is unset.
func mergeDelegate(root, sub *networking.HTTPRoute, settings Settings, namespace string) *networking.HTTPRoute {
	merged := &networking.HTTPRoute{
		Match: mergeMatches(root.Match, sub.Match), Route: qualifyRoutes(sub.Route, settings, namespace), Redirect: sub.Redirect,
		DirectResponse: sub.DirectResponse, Rewrite: sub.Rewrite, Headers: sub.Headers, Mirror: sub.Mirror, Mirrors: sub.Mirrors,
	}
	if merged.Rewrite == nil {
		merged.Rewrite = root.Rewrite
	}
	if merged.Headers == nil {
		merged.Headers = root.Headers
	}
	return merged
}

// mergeMatches gives the matches of a request that both a root's route and its delegate's take.
func mergeMatches(root, sub []*networking.HTTPMatchRequest) []*networking.HTTPMatchRequest {
	if len(root) == 0 {
		return sub
	}
	if len(sub) == 0 {
		return root
	}
	var list []*networking.HTTPMatchRequest
	for _, outer := range root {
		for _, inner := range sub {
			if outer != nil && inner != nil {
				list = append(list, mergeMatch(outer, inner))
			}
		}
	}
	return list
}

// mergeMatch gives what inner asks for, and what outer asks for beside it (mergeHTTPMatchRequest).
func mergeMatch(outer, inner *networking.HTTPMatchRequest) *networking.HTTPMatchRequest {
	merged := &networking.HTTPMatchRequest{
		Uri: cmp.Or(inner.Uri, outer.Uri), Scheme: cmp.Or(inner.Scheme, outer.Scheme), Method: cmp.Or(inner.Method, outer.Method),
		Authority: cmp.Or(inner.Authority, outer.Authority), Port: cmp.Or(inner.Port, outer.Port), Gateways: inner.Gateways,
		SourceNamespace: cmp.Or(inner.SourceNamespace, outer.SourceNamespace), SourceLabels: union(outer.SourceLabels, inner.SourceLabels),
		Headers: union(outer.Headers, inner.Headers), QueryParams: union(outer.QueryParams, inner.QueryParams),
		WithoutHeaders: union(outer.WithoutHeaders, inner.WithoutHeaders),
	}
	if len(merged.Gateways) == 0 {
		merged.Gateways = outer.Gateways
	}
	return merged
}

// union gives the entries of both maps; over wins.
func union[V any](under, over map[string]V) map[string]V {
	if len(under) == 0 {
		return over
	}
	all := maps.Clone(under)
	maps.Copy(all, over)
	return all
}

func qualifyRoutes(routes []*networking.HTTPRouteDestination, settings Settings, namespace string) []*networking.HTTPRouteDestination {
	var list []*networking.HTTPRouteDestination
	for _, r := range routes {
		if r.GetDestination() == nil {
			continue
		}
		list = append(list, &networking.HTTPRouteDestination{
			Headers: r.Headers, Weight: r.Weight,
			Destination: &networking.Destination{
				Host: settings.qualify(r.Destination.Host, namespace), Subset: r.Destination.Subset, Port: r.Destination.Port,
			},
		})
	}
	return list
}

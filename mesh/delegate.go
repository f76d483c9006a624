package mesh

import (
	"cmp"
	"maps"
	"slices"

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
	if !v.delegates {
		return v.http
	}
	var list []*networking.HTTPRoute
	for _, route := range v.http {
		list = append(list, s.withDelegate(v, route)...)
	}
	return list
}

// withDelegate gives what a route of v stands for: itself, or the routes of its delegate.
func (s *Snapshot) withDelegate(v *virtualService, route *networking.HTTPRoute) []*networking.HTTPRoute {
	if route.Delegate == nil {
		return []*networking.HTTPRoute{route}
	}
	delegate := s.Get(delegateRef(route.Delegate, v.Namespace))
	if delegate == nil || !visible(delegate.Spec.(*networking.VirtualService).ExportTo, delegate.Namespace, v.Namespace) {
		return nil
	}
	spec := delegate.Spec.(*networking.VirtualService)
	if len(spec.Hosts) > 0 {
		return nil
	}
	var list []*networking.HTTPRoute
	for _, sub := range spec.Http {
		if merged := s.settings.mergeDelegate(route, sub, v.Namespace, delegate.Namespace); merged != nil {
			list = append(list, merged)
		}
	}
	return list
}

// mergeDelegate gives a delegate's route under its root's match; what it leaves unset it has from the root. It is nil
// where the two contradict each other: Istio drops such a route (mergeHTTPRoute).
func (s Settings) mergeDelegate(root, sub *networking.HTTPRoute, rootNamespace, namespace string) *networking.HTTPRoute {
	if sub == nil {
		return nil
	}
	matches, ok := mergeMatches(qualifyMatches(root.Match, rootNamespace), qualifyMatches(sub.Match, namespace))
	if !ok {
		return nil
	}
	merged := &networking.HTTPRoute{
		Match: matches, Route: s.qualifyRoutes(sub.Route, namespace), Redirect: sub.Redirect,
		DirectResponse: cmp.Or(sub.DirectResponse, root.DirectResponse), Rewrite: cmp.Or(sub.Rewrite, root.Rewrite),
		Headers: cmp.Or(sub.Headers, root.Headers),
		Mirror:  cmp.Or(s.qualifyDestination(sub.Mirror, namespace), s.qualifyDestination(root.Mirror, rootNamespace)),
		Mirrors: s.qualifyMirrors(sub.Mirrors, namespace),
	}
	if sub.Mirrors == nil {
		merged.Mirrors = s.qualifyMirrors(root.Mirrors, rootNamespace)
	}
	return merged
}

// mergeMatches gives the matches of a request that both a root's route and its delegate's take. ok is false where a
// match of the delegate lies within none of the root's (mergeHTTPMatchRequests).
func mergeMatches(root, sub []*networking.HTTPMatchRequest) (list []*networking.HTTPMatchRequest, ok bool) {
	if len(root) == 0 {
		return sub, true
	}
	if len(sub) == 0 {
		return root, true
	}
	for _, inner := range sub {
		found := false
		for _, outer := range root {
			if !conflict(outer, inner) {
				list, found = append(list, mergeMatch(outer, inner)), true
			}
		}
		if !found {
			return nil, false
		}
	}
	return list, true
}

// mergeMatch gives what inner asks for, and what outer asks for beside it (mergeHTTPMatchRequest).
func mergeMatch(outer, inner *networking.HTTPMatchRequest) *networking.HTTPMatchRequest {
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

// union gives the entries of both maps; over wins.
func union[V any](under, over map[string]V) map[string]V {
	if len(under) == 0 {
		return over
	}
	all := maps.Clone(under)
	maps.Copy(all, over)
	return all
}

// qualifyMatches gives matches with the names of their gateways completed.
func qualifyMatches(matches []*networking.HTTPMatchRequest, namespace string) []*networking.HTTPMatchRequest {
	var list []*networking.HTTPMatchRequest
	for _, m := range matches {
		if m == nil {
			continue
		}
		if len(m.Gateways) > 0 {
			m = mergeMatch(&networking.HTTPMatchRequest{}, m)
			m.Gateways = slices.Clone(m.Gateways)
			for i, g := range m.Gateways {
				m.Gateways[i] = qualifyGateway(g, namespace)
			}
		}
		list = append(list, m)
	}
	return list
}

func (s Settings) qualifyRoutes(routes []*networking.HTTPRouteDestination, namespace string) []*networking.HTTPRouteDestination {
	var list []*networking.HTTPRouteDestination
	for _, r := range routes {
		if r.GetDestination() != nil {
			list = append(list, &networking.HTTPRouteDestination{
				Headers: r.Headers, Weight: r.Weight, Destination: s.qualifyDestination(r.Destination, namespace),
			})
		}
	}
	return list
}

func (s Settings) qualifyMirrors(mirrors []*networking.HTTPMirrorPolicy, namespace string) []*networking.HTTPMirrorPolicy {
	var list []*networking.HTTPMirrorPolicy
	for _, m := range mirrors {
		list = append(list, &networking.HTTPMirrorPolicy{
			Destination: s.qualifyDestination(m.GetDestination(), namespace), Percentage: m.GetPercentage(),
		})
	}
	return list
}

func (s Settings) qualifyDestination(d *networking.Destination, namespace string) *networking.Destination {
	if d == nil {
		return nil
	}
	return &networking.Destination{Host: s.qualify(d.Host, namespace), Subset: d.Subset, Port: d.Port}
}

package mesh

import (
	"cmp"

	networking "istio.io/api/networking/v1alpha3"
)

func delegateRef(d *networking.Delegate, namespace string) Ref {
	if d.Namespace != "" {
		namespace = d.Namespace
	}
	return Ref{Kind: KindVirtualService, Namespace: namespace, Name: d.Name}
}

// httpRoutes returns v's routes with its delegates merged in (pilot/pkg/model/virtualservice.go MergeHTTPRoutes).
func (s *Snapshot) httpRoutes(v *virtualService) []*networking.HTTPRoute {
	if !v.hasDelegates {
		return v.http
	}
	var list []*networking.HTTPRoute
	for _, route := range v.http {
		list = append(list, s.resolveDelegate(v, route)...)
	}
	return list
}

// resolveDelegate returns what a route of v stands for: itself, or the routes of its delegate.
func (s *Snapshot) resolveDelegate(v *virtualService, route *networking.HTTPRoute) []*networking.HTTPRoute {
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
		if merged := s.settings.mergeHTTPRoute(route, sub, v.Namespace, delegate.Namespace); merged != nil {
			list = append(list, merged)
		}
	}
	return list
}

// mergeHTTPRoute returns a delegate's route under its root's match; what it leaves unset it has from the root. It is nil
// where the two contradict each other: Istio drops such a route (mergeHTTPRoute).
func (s Settings) mergeHTTPRoute(root, sub *networking.HTTPRoute, rootNamespace, namespace string) *networking.HTTPRoute {
	if sub == nil {
		return nil
	}
	matches, ok := mergeHTTPMatchRequests(qualifyMatches(root.Match, rootNamespace), qualifyMatches(sub.Match, namespace))
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

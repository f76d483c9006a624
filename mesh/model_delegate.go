package mesh

import (
	"cmp"
	"iter"
	"strconv"

	networking "istio.io/api/networking/v1alpha3"
)

// delegateRef returns the VirtualService that a route of namespace delegates to.
func delegateRef(d *networking.Delegate, namespace string) Ref {
	if d.Namespace != "" {
		namespace = d.Namespace
	}
	return Ref{Kind: KindVirtualService, Namespace: namespace, Name: d.Name}
}

// httpRoutes returns v's HTTP routes, those of its delegates in the place of the routes that delegate
// (pilot/pkg/model/virtualservice.go MergeHTTPRoutes).
func (s *Snapshot) httpRoutes(v *virtualService) []*networking.HTTPRoute {
	if !v.hasDelegates {
		return v.http
	}
	var list []*networking.HTTPRoute
	for route := range s.authoredRoutes(v) {
		list = append(list, route)
	}
	return list
}

// routeAuthors says where a route is written: in which VirtualService, at which place in its spec.http, and in which the mirrors
// of a delegate's route are, which it may have from the route that delegates.
type routeAuthors struct {
	route           Ref
	rule            string // "spec.http[0]"
	mirror, mirrors Ref
}

// decision returns the field that decides what a route does: of the VirtualService, or of the route of the Gateway API that it
// was made from.
func (a routeAuthors) decision(route *networking.HTTPRoute) *Decision {
	field := routeActionField(route)
	switch {
	case a.route.Kind == KindVirtualService:
	case field == "redirect":
		field = "filters"
	default:
		field = "backendRefs"
	}
	return &Decision{Object: a.route, Field: a.rule + "." + field}
}

// authorsOf returns where v's HTTP route of an index is written.
func (v *virtualService) authorsOf(index int) routeAuthors {
	from := routeSource{v.Ref, httpField(index)}
	if len(v.sources) > 0 {
		from = v.sources[index]
	}
	return routeAuthors{route: from.route, rule: from.field, mirror: from.route, mirrors: from.route}
}

// httpField returns the field of an HTTP route in a VirtualService.
func httpField(index int) string { return "spec.http[" + strconv.Itoa(index) + "]" }

// authoredRoutes returns an iterator over what httpRoutes returns, and where each route is written.
func (s *Snapshot) authoredRoutes(v *virtualService) iter.Seq2[*networking.HTTPRoute, routeAuthors] {
	return func(yield func(*networking.HTTPRoute, routeAuthors) bool) {
		for i, route := range v.http {
			if v.hasDelegates && route.Delegate != nil {
				for merged, authors := range s.delegatedRoutes(v, route) {
					if !yield(merged, authors) {
						return
					}
				}
			} else if !yield(route, v.authorsOf(i)) {
				return
			}
		}
	}
}

// resolveDelegate returns a route of v or, where it delegates, the routes of its delegate merged under it. There are
// none where the delegate does not exist, is not exported to v's namespace, or has hosts of its own.
//
//	# VirtualService default/root                   # VirtualService shop/leaf, without hosts
//	hosts: [edition.cnn.com]                        http:
//	http:                                           - match: [{uri: {prefix: /video/hd}}]
//	- match: [{uri: {prefix: /video}}]                route: [{destination: {host: cdn.example.com}}]
//	  delegate: {name: leaf, namespace: shop}
//
// is one route: /video/hd to cdn.example.com.
func (s *Snapshot) resolveDelegate(v *virtualService, route *networking.HTTPRoute) []*networking.HTTPRoute {
	if route.Delegate == nil {
		return []*networking.HTTPRoute{route}
	}
	var list []*networking.HTTPRoute
	for merged := range s.delegatedRoutes(v, route) {
		list = append(list, merged)
	}
	return list
}

// delegatedRoutes returns an iterator over the routes that the delegate of a route of v makes, and where each is written.
func (s *Snapshot) delegatedRoutes(v *virtualService, route *networking.HTTPRoute) iter.Seq2[*networking.HTTPRoute, routeAuthors] {
	return func(yield func(*networking.HTTPRoute, routeAuthors) bool) {
		delegate := s.Get(delegateRef(route.Delegate, v.Namespace))
		if delegate == nil {
			return
		}
		spec := delegate.Spec.(*networking.VirtualService)
		if len(spec.Hosts) > 0 || !visible(exportTo(spec.ExportTo, s.settings.VirtualServiceExportTo), delegate.Namespace, v.Namespace) {
			return
		}
		for i, sub := range spec.Http {
			merged := s.settings.mergeHTTPRoute(route, sub, v.Namespace, delegate.Namespace)
			if merged == nil {
				continue
			}
			authors := routeAuthors{route: delegate.Ref, rule: httpField(i), mirror: delegate.Ref, mirrors: delegate.Ref}
			if sub.Mirror == nil {
				authors.mirror = v.Ref
			}
			if sub.Mirrors == nil {
				authors.mirrors = v.Ref
			}
			if !yield(merged, authors) {
				return
			}
		}
	}
}

// mergeHTTPRoute returns a delegate's route under its root's match; what it leaves unset it has from the root. It is
// nil where no match of the delegate lies within the root's: Istio drops such a route
// (pilot/pkg/model/virtualservice.go mergeHTTPRoute).
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

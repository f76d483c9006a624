package mesh

import networking "istio.io/api/networking/v1alpha3"

// source returns the object that somebody wrote: v itself or, where istiod made it, the route of the Gateway API, the oldest of
// several.
func (v *virtualService) source() Ref {
	if len(v.sources) == 0 {
		return v.Ref
	}
	return v.sources[0].route
}

// isOfTLSRoute reports whether istiod made v of a TLSRoute.
func (v *virtualService) isOfTLSRoute() bool { return v.source().Kind == KindTLSRoute }

// routeActionField returns the field of a route that decides what happens to a request.
func routeActionField(route *networking.HTTPRoute) string {
	switch {
	case route.Delegate != nil:
		return "delegate"
	case route.Redirect != nil:
		return "redirect"
	case route.DirectResponse != nil:
		return "directResponse"
	}
	return "route"
}

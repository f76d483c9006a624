package mesh

import (
	"fmt"
	"slices"
)

// unfollowedParents returns the parentRefs of a route to Gateways, where a rule leads outside the mesh: what such a route takes,
// from whom, the model does not know. Those of routes from ingress gateways to the mesh's own services are of no account here.
//
//	kind: HTTPRoute
//	spec:
//	  parentRefs: [{name: egress}]
//	  rules: [{backendRefs: [{group: networking.istio.io, kind: Hostname, name: edition.cnn.com, port: 443}]}]
func (s *Snapshot) unfollowedParents(route *Object) []OutsideModel {
	spec, ok := route.Spec.(*KubernetesRoute)
	if !ok || !s.leadsOutside(routeConversion{s, route, spec}) {
		return nil
	}
	var found []OutsideModel
	for i, p := range spec.ParentRefs {
		if ref, ok := p.ref(route.Namespace); !ok || ref.Kind == KindKubernetesGateway {
			found = append(found, OutsideModel{Field: fmt.Sprintf("spec.parentRefs[%d]", i), Means: MeansGatewayRoute})
		}
	}
	return found
}

// leadsOutside reports whether a rule of a route sends anything out of the mesh, mirrors included.
func (s *Snapshot) leadsOutside(c routeConversion) bool {
	outside := func(b RouteBackend) bool {
		to, _, ok := c.destination(b)
		if !ok {
			return false
		}
		return s.isExternal(to.Host) || slices.ContainsFunc(s.services.At(to.Host), isExternalName)
	}
	return slices.ContainsFunc(c.spec.Rules, func(rule RouteRule) bool {
		return slices.ContainsFunc(rule.BackendRefs, outside) || slices.ContainsFunc(rule.Filters, func(f RouteFilter) bool {
			return f.RequestMirror != nil && outside(f.RequestMirror.BackendRef)
		})
	})
}

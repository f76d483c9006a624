package mesh

import (
	"fmt"
	"slices"
)

// unfollowedParents returns the parentRefs of a route to Gateways that are there and not followed, where a rule leads outside the mesh:
// what such a route takes, from whom, the model does not know. A Gateway that comes later answers for its routes.
//
//	kind: HTTPRoute                                   kind: Gateway
//	spec:                                             metadata: {name: egress}
//	  parentRefs: [{name: egress}]                    spec: {gatewayClassName: nginx}
//	  rules: [{backendRefs: [{group: networking.istio.io, kind: Hostname, name: edition.cnn.com, port: 443}]}]
func (s *Snapshot) unfollowedParents(route *Object) []OutsideModel {
	spec, ok := route.Spec.(*KubernetesRoute)
	if !ok || !s.leadsOutside(s.conversionOf(route, routeParent{})) {
		return nil
	}
	var found []OutsideModel
	for i, p := range spec.ParentRefs {
		if s.isUnfollowed(p, route.Namespace) {
			found = append(found, OutsideModel{Field: fmt.Sprintf("spec.parentRefs[%d]", i), Means: MeansGatewayRoute})
		}
	}
	return found
}

// isUnfollowed reports whether a parentRef of a namespace is to a Gateway that is there and not followed, to a ListenerSet of one, or
// to something of another kind. Routes that are attached to a waypoint do nothing.
func (s *Snapshot) isUnfollowed(p RouteParent, namespace string) bool {
	if _, ok := p.ref(namespace); !ok {
		return true
	}
	o := s.gatewayOfParent(p, namespace)
	if o == nil || s.isWaypoint(o) {
		return false
	}
	_, _, follows := s.settings.gatewayService(o)
	return !follows || !s.isIstioGateway(o)
}

// isForOthers reports whether all parents of a route are Gateways that are there and not Istio's.
func (s *Snapshot) isForOthers(route *Object) bool {
	parents := route.Spec.(*KubernetesRoute).ParentRefs
	return len(parents) > 0 && !slices.ContainsFunc(parents, func(p RouteParent) bool {
		o := s.gatewayOfParent(p, route.Namespace)
		return o == nil || s.isWaypoint(o) || s.isIstioGateway(o)
	})
}

// gatewayOfParent returns the Gateway to which a parentRef of a namespace is, maybe by a ListenerSet, nil for another kind or where it
// is not there.
func (s *Snapshot) gatewayOfParent(p RouteParent, namespace string) *Object {
	ref, ok := p.ref(namespace)
	if !ok {
		return nil
	}
	o := s.Get(ref)
	if o != nil && o.Kind == KindListenerSet {
		if ref, ok = o.Spec.(*ListenerSet).gateway(o.Namespace); !ok {
			return nil
		}
		o = s.Get(ref)
	}
	if o == nil || o.Kind != KindKubernetesGateway {
		return nil
	}
	return o
}

// unfollowedAddresses returns the addresses of a Gateway of Istio's that name other pods than those of one Service beside it.
func (s *Snapshot) unfollowedAddresses(o *Object) []OutsideModel {
	if o.Kind != KindKubernetesGateway || !s.isIstioGateway(o) {
		return nil
	}
	if _, _, ok := s.settings.gatewayService(o); ok {
		return nil
	}
	return []OutsideModel{{Field: "spec.addresses", Means: MeansGatewayAddresses}}
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

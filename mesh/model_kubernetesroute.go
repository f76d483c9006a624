package mesh

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
)

// routeConversion makes what istiod makes of a route of the Gateway API: VirtualServices with gateway semantics
// (pilot/pkg/config/kube/gateway/route_collections.go). This route, for clients of the mesh,
//
//	kind: HTTPRoute
//	metadata: {name: news, namespace: shop}
//	spec:
//	  parentRefs: [{group: networking.istio.io, kind: ServiceEntry, name: news}]   # with host edition.cnn.com
//	  rules:
//	  - backendRefs: [{group: networking.istio.io, kind: Hostname, name: www.cnn.com, port: 443}]
//
// becomes
//
//	kind: VirtualService
//	metadata: {name: shop~edition.cnn.com, namespace: shop, annotations: {internal.istio.io/route-semantics: gateway}}
//	spec:
//	  hosts: [edition.cnn.com]
//	  gateways: [mesh]
//	  http: [{match: [{uri: {prefix: /}}], route: [{destination: {host: www.cnn.com, port: {number: 443}}}]}]
type routeConversion struct {
	*Snapshot
	route *Object
	spec  *KubernetesRoute
	// needsGrants reports whether a backend of another namespace needs a ReferenceGrant: at a Gateway, not in the mesh.
	needsGrants bool
}

// routeSource is what of a route of the Gateway API an HTTP route of a VirtualService was made from: "spec.rules[0]".
type routeSource struct {
	route Ref
	field string
}

// sourcedRoute is an HTTP route that was made from a routeSource.
type sourcedRoute struct {
	http   *networking.HTTPRoute
	source routeSource
}

// routePart is what one route contributes to one VirtualService. Those of HTTPRoutes and GRPCRoutes with the same group are
// merged (pilot/pkg/config/kube/gateway/route_collections.go mergeHTTPRoutes).
type routePart struct {
	group string
	name  string // as Istio names the VirtualService before it is merged
	// gateway is the Gateway of the listener, "namespace/name", or meshGateway.
	gateway string
	host    string
	route   *Object
	http    []sourcedRoute
	tls     []*networking.TLSRoute
	tcp     []*networking.TCPRoute
	// overshadowed reports whether it is a GRPCRoute's, and an HTTPRoute has one of its name: of two VirtualServices of one name
	// that are still to be merged istiod makes nothing by the GRPCRoute's, though it is merged where another has the group
	// (pilot/pkg/config/kube/gateway/controller.go HTTPAndGRPCBaseVS, pkg/kube/krt/join.go). This GRPCRoute is without effect:
	//
	//	kind: HTTPRoute                                        kind: GRPCRoute
	//	metadata: {name: news, namespace: shop}                metadata: {name: news, namespace: shop}
	//	spec:                                                  spec:
	//	  parentRefs: [{kind: Service, name: web, ...}]          parentRefs: [{kind: Service, name: api, ...}]
	overshadowed bool
}

// isAlike reports whether two parts of a route differ in nothing.
func (p *routePart) isAlike(other *routePart) bool {
	return p.group == other.group && p.name == other.name && p.gateway == other.gateway && p.host == other.host && p.route == other.route &&
		p.overshadowed == other.overshadowed &&
		slices.EqualFunc(p.http, other.http, func(a, b sourcedRoute) bool { return a.source == b.source && proto.Equal(a.http, b.http) }) &&
		slices.EqualFunc(p.tls, other.tls, func(a, b *networking.TLSRoute) bool { return proto.Equal(a, b) }) &&
		slices.EqualFunc(p.tcp, other.tcp, func(a, b *networking.TCPRoute) bool { return proto.Equal(a, b) })
}

// conversionOf returns the conversion of a route for a parent, without one for clients of the mesh.
func (s *Snapshot) conversionOf(route *Object, p routeParent) routeConversion {
	return routeConversion{s, route, route.Spec.(*KubernetesRoute), p.listener != nil}
}

// routeParts returns what a route contributes to VirtualServices, by its parentRefs to Services and ServiceEntries that are there,
// and to the listeners of Gateways to which it is attached.
func (s *Snapshot) routeParts(route *Object) []routePart {
	c := s.conversionOf(route, routeParent{})
	parents := c.parents()
	if len(parents) == 0 {
		return nil
	}
	switch route.Kind {
	case KindTLSRoute:
		return c.tlsParts(parents)
	case KindTCPRoute:
		return c.tcpParts(parents)
	}
	var parts []routePart
	rules := map[bool][]sourcedRoute{} // the same at all listeners
	for _, p := range parents {
		at := s.conversionOf(route, p)
		list, known := rules[at.needsGrants]
		if !known {
			list, _ = at.httpRules()
			rules[at.needsGrants] = list
		}
		if len(list) == 0 {
			continue
		}
		group := route.Namespace
		switch {
		case p.listener != nil:
			group = p.gateway
		case p.Port != 0:
			group += "/" + strconv.FormatUint(uint64(p.Port), 10)
			list = onPort(list, p.Port)
		}
		for _, h := range p.hosts {
			parts = append(parts, routePart{
				group: group + "/" + h, name: c.nameOf("", len(parts)), gateway: p.gateway, host: h, route: route, http: list,
			})
		}
	}
	for i := range min(len(parts), c.partsOfNamesake()) {
		parts[i].overshadowed = true
	}
	return parts
}

// namesake returns the HTTPRoute of a GRPCRoute's name and namespace.
func (c routeConversion) namesake() (Ref, bool) {
	return Ref{Kind: KindHTTPRoute, Namespace: c.route.Namespace, Name: c.route.Name}, c.route.Kind == KindGRPCRoute
}

// overshadows returns the GRPCRoute of an HTTPRoute's name and namespace (routePart.overshadowed).
func (o *Object) overshadows() (Ref, bool) {
	return Ref{Kind: KindGRPCRoute, Namespace: o.Namespace, Name: o.Name}, o.Kind == KindHTTPRoute
}

// partsOfNamesake returns how many parts a GRPCRoute's namesake has.
func (c routeConversion) partsOfNamesake() int {
	if ref, ok := c.namesake(); ok && c.Get(ref) != nil {
		return len(c.routeParts(c.Get(ref)))
	}
	return 0
}

// nameOf returns the name of the VirtualService of this index before it is merged, "web~0~istio-autogenerated-k8s-gateway".
func (c routeConversion) nameOf(kind string, index int) string {
	return c.route.Name + "~" + kind + strconv.Itoa(index) + "~istio-autogenerated-k8s-gateway"
}

// onPort returns the routes for one port (pilot/pkg/config/kube/gateway/conversion.go augmentPortMatch).
func onPort(list []sourcedRoute, port uint32) []sourcedRoute {
	out := make([]sourcedRoute, 0, len(list))
	for _, r := range list {
		route, match := r.http, &networking.HTTPMatchRequest{Port: port}
		if len(route.Match) > 0 {
			m := route.Match[0]
			match.Uri, match.Method, match.Headers, match.QueryParams = m.Uri, m.Method, m.Headers, m.QueryParams
		}
		out = append(out, sourcedRoute{&networking.HTTPRoute{
			Match: []*networking.HTTPMatchRequest{match}, Route: route.Route, Redirect: route.Redirect, Rewrite: route.Rewrite,
			DirectResponse: route.DirectResponse, Headers: route.Headers, Mirrors: route.Mirrors,
		}, r.source})
	}
	return out
}

// destination returns where a backend is; found is false where it is not there, or no such kind may be. Both lead to no cluster
// (pilot/pkg/config/kube/gateway/conversion.go buildDestination). ok is false where Istio leaves out the whole route: a Service
// by a name with a dot, a Hostname with a namespace, or no port.
func (c routeConversion) destination(b RouteBackend) (to *networking.Destination, found, ok bool) {
	namespace := c.route.Namespace
	if b.Namespace != nil {
		namespace = *b.Namespace
	}
	to = &networking.Destination{Port: &networking.PortSelector{Number: b.Port}}
	switch {
	case c.needsGrants && !c.isGranted(b):
		return &networking.Destination{}, false, true
	case b.isService():
		if strings.Contains(b.Name, ".") && b.Group == "" {
			return nil, false, false
		}
		to.Host = b.Name + "." + namespace + ".svc." + c.settings.ClusterDomain
		found = c.Get(Ref{Kind: KindService, Namespace: namespace, Name: b.Name}) != nil
	case b.Group == "networking.istio.io" && b.Kind == "Hostname":
		if b.Namespace != nil {
			return nil, false, false
		}
		to.Host = b.Name
		found = slices.ContainsFunc(c.services.At(b.Name), func(svc *service) bool { return svc.namespace == namespace })
	default:
		return &networking.Destination{}, false, true
	}
	return to, found, b.Port != 0
}

// isService reports whether the backend is a Service, or a ServiceImport, which stands for that of its cluster.
func (b RouteBackend) isService() bool {
	return b.Group == "" && (b.Kind == "" || b.Kind == KindService) || b.Group == "multicluster.x-k8s.io" && b.Kind == "ServiceImport"
}

// weighted returns the backends with a weight.
func weighted(backends []RouteBackend) []RouteBackend {
	return slices.DeleteFunc(slices.Clone(backends), func(b RouteBackend) bool { return b.weight() == 0 })
}

// weightAmong returns the weight of one of several backends, which only one does not need.
func weightAmong(all []RouteBackend, b RouteBackend) int32 {
	if len(all) == 1 {
		return 0
	}
	return b.weight()
}

// totalWeight returns the sum of the backends' weights.
func totalWeight(backends []RouteBackend) int32 {
	var sum int32
	for _, b := range backends {
		sum += b.weight()
	}
	return sum
}

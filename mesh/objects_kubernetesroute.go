package mesh

import (
	"encoding/json"
)

// gatewayAPIGroup is the group of the Gateway API.
const gatewayAPIGroup = "gateway.networking.k8s.io"

// routeKinds returns the kinds of routes of the Gateway API.
func routeKinds() []string { return []string{KindHTTPRoute, KindGRPCRoute, KindTLSRoute, KindTCPRoute} }

// KubernetesRoute is what the mesh reads of the spec of an HTTPRoute, GRPCRoute, TLSRoute or TCPRoute of
// gateway.networking.k8s.io. Its fields are those of the Gateway API, with the defaults of its CRDs.
type KubernetesRoute struct {
	ParentRefs []RouteParent `json:"parentRefs"`
	Hostnames  []string      `json:"hostnames"`
	Rules      []RouteRule   `json:"rules"`
}

// RouteParent is what a route is attached to: a Gateway, or for clients of the mesh a Service or a ServiceEntry.
type RouteParent struct {
	Group       *string `json:"group"`
	Kind        string  `json:"kind"`
	Namespace   string  `json:"namespace"`
	Name        string  `json:"name"`
	SectionName string  `json:"sectionName"`
	Port        uint32  `json:"port"`
}

// RouteRule is one of a route's rules. TLSRoutes and TCPRoutes have backends alone.
type RouteRule struct {
	Matches     []RouteMatch   `json:"matches"`
	Filters     []RouteFilter  `json:"filters"`
	BackendRefs []RouteBackend `json:"backendRefs"`
}

// RouteMatch is a match of an HTTPRoute or a GRPCRoute. Method is a string of the first, an object of the second.
type RouteMatch struct {
	Path        *RouteValue     `json:"path"`
	Headers     []RouteValue    `json:"headers"`
	QueryParams []RouteValue    `json:"queryParams"`
	Method      json.RawMessage `json:"method"`
}

// RouteValue is a match of a path, a header or a query parameter.
type RouteValue struct {
	Type  string  `json:"type"`
	Name  string  `json:"name"`
	Value *string `json:"value"`
}

// RouteFilter is a filter of a rule or a backend, as far as it moves requests.
type RouteFilter struct {
	Type                   string            `json:"type"`
	RequestHeaderModifier  *RouteHeaders     `json:"requestHeaderModifier"`
	ResponseHeaderModifier *RouteHeaders     `json:"responseHeaderModifier"`
	RequestMirror          *RouteMirror      `json:"requestMirror"`
	RequestRedirect        *RouteRedirection `json:"requestRedirect"`
	URLRewrite             *RouteRedirection `json:"urlRewrite"`
}

// RouteHeaders are the headers that a filter sets or adds.
type RouteHeaders struct {
	Set []RouteValue `json:"set"`
	Add []RouteValue `json:"add"`
}

// RouteMirror is where a filter sends copies of requests.
type RouteMirror struct {
	BackendRef RouteBackend `json:"backendRef"`
}

// RouteRedirection is the host, the path and the scheme of a redirect or, without the scheme, of a rewrite.
type RouteRedirection struct {
	Hostname string    `json:"hostname"`
	Scheme   string    `json:"scheme"`
	Path     RoutePath `json:"path"`
}

// RoutePath is what takes the place of a path or of the prefix that matched.
type RoutePath struct {
	ReplaceFullPath    string `json:"replaceFullPath"`
	ReplacePrefixMatch string `json:"replacePrefixMatch"`
}

// RouteBackend is where a rule sends: a Service, or a Hostname of networking.istio.io.
type RouteBackend struct {
	Group     string        `json:"group"`
	Kind      string        `json:"kind"`
	Namespace *string       `json:"namespace"`
	Name      string        `json:"name"`
	Port      uint32        `json:"port"`
	Weight    *int32        `json:"weight"`
	Filters   []RouteFilter `json:"filters"`
}

// weight returns the backend's weight: 1 where it has none.
func (b RouteBackend) weight() int32 {
	if b.Weight == nil {
		return 1
	}
	return *b.Weight
}

// decodeKubernetesRoute reads the spec of a route of a kind. It sets the defaults of the CRDs that the API server has set in
// what it stores: an HTTPRoute's rule without matches, or a match without a path, is for all paths.
func decodeKubernetesRoute(kind string, raw json.RawMessage) (*KubernetesRoute, error) {
	route := &KubernetesRoute{}
	if err := unmarshal(raw, route); err != nil {
		return nil, err
	}
	if kind != KindHTTPRoute {
		return route, nil
	}
	for i := range route.Rules {
		rule := &route.Rules[i]
		if len(rule.Matches) == 0 {
			rule.Matches = []RouteMatch{{}}
		}
		for j := range rule.Matches {
			if rule.Matches[j].Path == nil {
				rule.Matches[j].Path = &RouteValue{}
			}
		}
	}
	return route, nil
}

// ref returns the object that a route of a namespace is attached to; ok is false for a kind that Istio attaches no route to
// (pilot/pkg/config/kube/gateway/conversion.go allowedParentReferences), or that the mesh does not read.
func (p RouteParent) ref(namespace string) (ref Ref, ok bool) {
	group, kind := gatewayAPIGroup, p.Kind
	if p.Group != nil {
		group = *p.Group
	}
	if kind == "" {
		kind = KindGateway
	}
	switch {
	case group == gatewayAPIGroup && kind == KindGateway:
		ref.Kind = KindKubernetesGateway
	case group == gatewayAPIGroup && kind == KindListenerSet:
		ref.Kind = kind
	case group == "" && kind == KindService, group == "networking.istio.io" && kind == KindServiceEntry:
		ref.Kind = kind
	default:
		return Ref{}, false
	}
	ref.Name, ref.Namespace = p.Name, namespace
	if p.Namespace != "" {
		ref.Namespace = p.Namespace
	}
	return ref, true
}

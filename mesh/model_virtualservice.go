package mesh

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	networking "istio.io/api/networking/v1alpha3"
)

// meshGateway is the reserved gateway of a VirtualService that stands for all sidecars.
const meshGateway = "mesh"

// virtualService is a VirtualService with its names completed (pilot/pkg/model/virtualservice.go
// ResolveVirtualServiceShortnames).
type virtualService struct {
	*Object
	spec     *networking.VirtualService
	hosts    []string
	gateways []string
	exportTo []string // its own, or the mesh's default
	// destinations are the hosts of its own routes' destinations, mirrors included.
	destinations []string
	// http has its HTTP routes that are not null; hasDelegates reports whether any of them delegates.
	http         []*networking.HTTPRoute
	hasDelegates bool
	// gatewaySemantics reports whether Istio reads it as one made from a Gateway API route (see usesGatewaySemantics).
	gatewaySemantics bool
	specHash         func() uint64 // see hashSpec; it is worked out when it is first asked for
	// sources are what each of spec.Http was made from, or the only one for spec.Tls and spec.Tcp; none for a VirtualService
	// that somebody wrote.
	sources []routeSource
}

// virtualService returns a VirtualService with the names of its hosts, gateways and destinations completed.
func (s Settings) virtualService(o *Object, spec *networking.VirtualService) *virtualService {
	v := &virtualService{
		Object: o, spec: spec, exportTo: exportTo(spec.ExportTo, s.Version.defaultExportTo(s.VirtualServiceExportTo)), gatewaySemantics: usesGatewaySemantics(o),
	}
	if v.gatewaySemantics {
		v.hosts, v.gateways = slices.Clone(spec.Hosts), slices.Clone(spec.Gateways)
	} else {
		for _, h := range spec.Hosts {
			v.hosts = append(v.hosts, s.qualify(h, o.Namespace))
		}
		for _, g := range spec.Gateways {
			v.gateways = append(v.gateways, qualifyGateway(g, o.Namespace))
		}
	}
	if len(v.gateways) == 0 {
		v.gateways = []string{meshGateway}
	}
	known := map[string]bool{}
	for d := range destinationsOfRoutes(spec.Http, spec) {
		if h := s.destinationHost(v, d); !known[h] {
			known[h] = true
			v.destinations = append(v.destinations, h)
		}
	}
	for _, r := range spec.Http {
		if r != nil {
			v.http = append(v.http, r)
			v.hasDelegates = v.hasDelegates || r.Delegate != nil && !v.gatewaySemantics
		}
	}
	v.specHash = sync.OnceValue(v.hashSpec)
	return v
}

// destinationHost returns the host of a destination of v's routes, completed unless v has gateway semantics.
func (s Settings) destinationHost(v *virtualService, d *networking.Destination) string {
	if v.gatewaySemantics {
		return d.GetHost()
	}
	return s.qualify(d.GetHost(), v.Namespace)
}

// usesGatewaySemantics reports whether Istio reads a VirtualService as one made from a Gateway API route
// (pilot/pkg/model/virtualservice.go UseGatewaySemantics):
//  1. Its short names are not completed, and it has no delegates (virtualservice_controller.go).
//  2. Sidecars follow its HTTP routes only in its own namespace, or towards a service of its own namespace
//     (pilot/pkg/networking/core/route/route.go buildSidecarVirtualHostsForVirtualService): see appliesToSidecar.
//
// Sidecars of namespace default have no route by this one, and go to the host directly:
//
//	metadata: {name: via-egress, namespace: routing, annotations: {internal.istio.io/route-semantics: gateway}}
//	spec: {hosts: [edition.cnn.com], ...}
func usesGatewaySemantics(o *Object) bool {
	return o.Annotations[routeSemanticsAnnotation] == "gateway"
}

// qualifyGateway returns the name of a gateway as "namespace/name" (pilot/pkg/model/config.go resolveGatewayName).
//
//	name            in namespace default
//	mesh            mesh
//	egress          default/egress
//	./egress        default/egress
//	shop/egress     shop/egress
//	egress.shop     shop/egress: an old form, with whatever follows
func qualifyGateway(name, namespace string) string {
	if name == meshGateway {
		return name
	}
	if where, rest, found := strings.Cut(name, "/"); found {
		if where == "." {
			return namespace + "/" + rest
		}
		return name
	}
	short, rest, found := strings.Cut(name, ".")
	if !found {
		return namespace + "/" + name
	}
	where, _, _ := strings.Cut(rest, ".")
	return where + "/" + short
}

// bindsGateway reports whether v is bound to any gateway other than meshGateway.
func (v *virtualService) bindsGateway() bool {
	return slices.ContainsFunc(v.gateways, func(g string) bool { return g != meshGateway })
}

// namesHost reports whether host is one of v's hosts, in any case.
func (v *virtualService) namesHost(host string) bool {
	return slices.ContainsFunc(v.hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

// exportRank returns 0 for a VirtualService private to namespace, 1 for one exported to it by name, 2 for a public one.
func (v *virtualService) exportRank(namespace string) int {
	switch {
	case public(v.exportTo):
		return 2
	case v.Namespace == namespace:
		return 0
	}
	return 1
}

// compareAge returns Istio's order of VirtualServices: the oldest first, then by name and namespace.
func (v *virtualService) compareAge(other *virtualService) int {
	return cmp.Or(compareAge(v.Created, other.Created), cmp.Compare(v.Name, other.Name), cmp.Compare(v.Namespace, other.Namespace))
}

// compareConsumer returns the order of VirtualServices by gateway semantics: those of a namespace go before all others for it,
// since what a consumer says of its own requests goes before what the producer says.
func (v *virtualService) compareConsumer(other *virtualService, namespace string) int {
	producer := func(v *virtualService) int {
		if v.gatewaySemantics && v.Namespace == namespace {
			return 0
		}
		return 1
	}
	return cmp.Compare(producer(v), producer(other))
}

// compareAtGateway returns the order of VirtualServices for the gateways of a namespace: private before exported before public
// ones, of the latter first the compareConsumer of the namespace, then the oldest (pilot/pkg/model/push_context.go
// VirtualServicesForGateway).
func (v *virtualService) compareAtGateway(other *virtualService, namespace string) int {
	rank, otherRank := v.exportRank(namespace), other.exportRank(namespace)
	if rank == otherRank && public(v.exportTo) {
		return cmp.Or(v.compareConsumer(other, namespace), v.compareAge(other))
	}
	return cmp.Or(cmp.Compare(rank, otherRank), v.compareAge(other))
}

// sortVirtualServices sorts list by compareAtGateway, and returns it.
func sortVirtualServices(list []*virtualService, namespace string) []*virtualService {
	slices.SortFunc(list, func(a, b *virtualService) int { return a.compareAtGateway(b, namespace) })
	return list
}

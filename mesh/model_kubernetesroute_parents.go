package mesh

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// routeParent is a parentRef to a Service or a ServiceEntry, with the hosts of that, or to a listener, with those of the route's
// hosts that it takes there.
type routeParent struct {
	RouteParent
	gateway  string // "namespace/name" or, for clients of the mesh, meshGateway
	listener *madeListener
	hosts    []string
}

// parents returns what a route is attached to, in the order in which istiod goes through it
// (pilot/pkg/config/kube/gateway/conversion.go extractParentReferenceInfo, filteredReferences).
func (c routeConversion) parents() []routeParent {
	var list []routeParent
	for _, p := range c.spec.ParentRefs {
		ref, ok := p.ref(c.route.Namespace)
		if !ok {
			continue
		}
		o := c.Get(ref)
		switch {
		case o == nil:
		case ref.Kind == KindService:
			list = append(list, routeParent{RouteParent: p, gateway: meshGateway, hosts: []string{ref.Name + "." + ref.Namespace + ".svc." + c.settings.ClusterDomain}})
		case ref.Kind == KindServiceEntry:
			list = append(list, routeParent{RouteParent: p, gateway: meshGateway, hosts: o.Spec.(*networking.ServiceEntry).Hosts})
		default:
			list = append(list, c.listenerParents(p, c.madeGatewaysOf(o))...)
		}
	}
	text := func(p routeParent) string { return p.text(c.route.Namespace) }
	slices.SortStableFunc(list, func(a, b routeParent) int {
		return cmp.Or(cmp.Compare(a.gateway, b.gateway), cmp.Compare(text(a), text(b)))
	})
	return list
}

// text returns a parentRef as istiod sorts it (pilot/pkg/config/kube/gateway/conversion.go parentRefString).
func (p RouteParent) text(namespace string) string {
	group := gatewayAPIGroup
	if p.Group != nil {
		group = *p.Group
	}
	return fmt.Sprintf("%s/%s/%s/%s/%d.%s", group, cmp.Or(p.Kind, KindGateway), p.Name, p.SectionName, p.Port, cmp.Or(p.Namespace, namespace))
}

// listenerParents returns the listeners of a Gateway or a ListenerSet to which a parentRef attaches a route
// (pilot/pkg/config/kube/gateway/conversion.go referenceAllowed):
//  1. those of the sectionName and the port that it names;
//  2. with a hostname that matches one of the route's, for whose namespace they are; and
//  3. that take its kind.
func (c routeConversion) listenerParents(p RouteParent, gateways []*Object) []routeParent {
	names := c.spec.Hostnames
	if len(names) == 0 {
		names = []string{"*"}
	}
	var list []routeParent
	for _, g := range gateways {
		l := g.listener
		if p.Port != 0 && p.Port != l.Port || p.SectionName != "" && p.SectionName != l.Name || !l.takes(c.route.Kind) ||
			!c.isFor(gatewaySpec(g).Servers[0].Hosts, names) {
			continue
		}
		parent := routeParent{RouteParent: p, gateway: g.Namespace + "/" + g.Name, listener: l}
		switch c.route.Kind {
		case KindTCPRoute:
			parent.hosts = []string{"*"}
		case KindTLSRoute:
			parent.hosts = l.namesOf(names)
		default:
			parent.hosts = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !l.isClosestFor(name, gateways) })
		}
		list = append(list, parent)
	}
	return list
}

// isFor reports whether the hosts of a server are for the route's namespace and one of its names.
func (c routeConversion) isFor(hosts, names []string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool {
		namespace, name, _ := strings.Cut(h, "/")
		return (namespace == "*" || namespace == c.route.Namespace) &&
			slices.ContainsFunc(names, func(own string) bool { return host.Matches(name, own) })
	})
}

// namesOf returns the names that a listener has in common with those of a route: of two that match the narrower
// (pkg/config/host/names.go Intersection).
func (l *madeListener) namesOf(names []string) []string {
	own := l.hostname()
	if own == "" {
		return names
	}
	list := []string{}
	for _, name := range names {
		switch {
		case host.Covers(own, name):
			list = append(list, name)
		case host.Covers(name, own):
			list = append(list, own)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// isClosestFor reports whether no other listener of a port and a protocol is closer to a name of a route
// (pilot/pkg/config/kube/gateway/conversion.go hostnameAllowedByIsolation). Here the second takes edition.cnn.com from the first:
//
//   - {name: all, port: 80, protocol: HTTP, hostname: "*.cnn.com"}
//   - {name: cnn, port: 80, protocol: HTTP, hostname: edition.cnn.com}
func (l *madeListener) isClosestFor(name string, gateways []*Object) bool {
	own := l.hostname()
	if own != "" && !host.IsWildcard(own) {
		return true
	}
	if own != "" && !host.Matches(name, own) {
		return false
	}
	return !slices.ContainsFunc(gateways, func(g *Object) bool {
		other := g.listener.hostname()
		return g.listener.Port == l.Port && g.listener.Protocol == l.Protocol && other != own && len(own) <= len(other) && host.Covers(other, name)
	})
}

// grantsOf returns the key of madeRoutes.dependent for the ReferenceGrants of a namespace.
func grantsOf(namespace string) string { return "grants\x00" + namespace }

// grantsFor returns the keys of madeRoutes.dependent for a backend of another namespace than the route's.
func (c routeConversion) grantsFor(b RouteBackend) []string {
	if b.Namespace == nil || *b.Namespace == c.route.Namespace {
		return nil
	}
	return []string{grantsOf(*b.Namespace)}
}

// isGranted reports whether a route may lead to a backend: it is of the route's namespace, or a ReferenceGrant beside it says so. No
// grant is for anything but a Service.
func (c routeConversion) isGranted(b RouteBackend) bool {
	if b.Namespace == nil || *b.Namespace == c.route.Namespace {
		return true
	}
	if b.Group != "" || b.Kind != "" && b.Kind != KindService {
		return false
	}
	for _, o := range c.objects.Prefix(KindReferenceGrant + "\x00" + *b.Namespace + "\x00") {
		if o.Spec.(*ReferenceGrant).allows(c.route.Kind, c.route.Namespace, b.Name) {
			return true
		}
	}
	return false
}

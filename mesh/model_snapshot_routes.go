package mesh

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/treap"
)

// madeRoutes is what was made of the Gateway API's routes.
type madeRoutes struct {
	// parts has what each route contributes, by the key of the route; byGroup the same by routePart.group.
	parts, byGroup treap.Map[*routePart]
	// virtualServices has the VirtualService that was made of each group.
	virtualServices treap.Map[*virtualService]
	// dependent has the routes by what they depend on: the key of a parent or of a namesake, a host that requests are mirrored to, or
	// the ReferenceGrants of a namespace (grantsOf).
	dependent treap.Map[*Object]
}

// addRoute adds the VirtualServices that a route contributes to.
func (s *Snapshot) addRoute(o *Object) {
	for _, on := range s.dependencies(o) {
		s.routes.dependent = s.routes.dependent.Set(on+"\x00"+o.key(), o)
	}
	groups := map[string]bool{}
	s.makeParts(o, s.routeParts(o), groups)
	s.renewGroups(groups)
}

// removeRoute removes what a route contributes.
func (s *Snapshot) removeRoute(o *Object) {
	for _, on := range s.dependencies(o) {
		s.routes.dependent = s.routes.dependent.Remove(on + "\x00" + o.key())
	}
	groups := map[string]bool{}
	s.makeParts(o, nil, groups)
	s.renewGroups(groups)
}

// makeParts sets what a route contributes, and adds the groups in which that is another than before. Of a route of a Gateway with many
// listeners most stays as it is when one of these changes.
func (s *Snapshot) makeParts(o *Object, parts []routePart, groups map[string]bool) {
	known := 0
	for range s.routes.parts.Prefix(o.key() + "\x00") {
		known++
	}
	for i := range max(known, len(parts)) {
		key := o.key() + "\x00" + strconv.Itoa(i)
		was := s.routes.parts.At(key)
		if was != nil {
			if i < len(parts) && was.isAlike(&parts[i]) {
				continue
			}
			s.routes.parts, s.routes.byGroup = s.routes.parts.Remove(key), s.routes.byGroup.Remove(was.group+"\x00"+key)
			groups[was.group] = true
		}
		if i < len(parts) {
			s.routes.parts, s.routes.byGroup = s.routes.parts.Set(key, &parts[i]), s.routes.byGroup.Set(parts[i].group+"\x00"+key, &parts[i])
			groups[parts[i].group] = true
		}
	}
}

// dependencies returns what a route's VirtualServices depend on, as keys of madeRoutes.dependent.
func (s *Snapshot) dependencies(o *Object) []string {
	spec := o.Spec.(*KubernetesRoute)
	var list []string
	for _, p := range spec.ParentRefs {
		if ref, ok := p.ref(o.Namespace); ok {
			list = append(list, ref.key())
		}
	}
	c := s.conversionOf(o, routeParent{})
	if ref, ok := c.namesake(); ok {
		list = append(list, ref.key())
	}
	for _, rule := range spec.Rules {
		for _, b := range rule.BackendRefs {
			list = append(list, c.grantsFor(b)...)
		}
		for _, f := range rule.Filters {
			if f.RequestMirror == nil {
				continue
			}
			list = append(list, c.grantsFor(f.RequestMirror.BackendRef)...)
			if to, _, ok := c.destination(f.RequestMirror.BackendRef); ok {
				list = append(list, "host\x00"+to.Host)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// renewRoutesOn makes the VirtualServices anew of the routes that depend on an object which has come or gone. Those that are attached to
// listeners depend on what was made of these (renewGateways).
func (s *Snapshot) renewRoutesOn(o *Object) {
	if s.routes.dependent.Len() == 0 || o.Kind == KindKubernetesGateway || o.Kind == KindListenerSet {
		return
	}
	on := []string{o.key()}
	for _, svc := range s.settings.servicesOf(o) {
		on = append(on, "host\x00"+svc.host)
	}
	for _, key := range on {
		s.renewRoutesBy(key)
	}
}

// renewRoutesBy makes the VirtualServices anew of the routes that depend on a key of madeRoutes.dependent.
func (s *Snapshot) renewRoutesBy(key string) {
	groups := map[string]bool{}
	s.makePartsBy(key, groups)
	s.renewGroups(groups)
}

// renewRoutesIn makes the VirtualServices anew of the routes of a namespace.
func (s *Snapshot) renewRoutesIn(namespace string) {
	groups := map[string]bool{}
	for _, kind := range routeKinds() {
		for _, route := range s.objects.Prefix(kind + "\x00" + namespace + "\x00") {
			s.makeParts(route, s.routeParts(route), groups)
			s.makePartsBy(route.key(), groups)
		}
	}
	s.renewGroups(groups)
}

// makePartsBy makes anew what the routes contribute that depend on a key, and on these: what a GRPCRoute does, on its namesake.
func (s *Snapshot) makePartsBy(key string, groups map[string]bool) {
	for _, route := range s.routes.dependent.Prefix(key + "\x00") {
		s.makeParts(route, s.routeParts(route), groups)
		s.makePartsBy(route.key(), groups)
	}
}

// renewGroups makes the VirtualServices of groups anew, each once, however many routes there are in it.
func (s *Snapshot) renewGroups(groups map[string]bool) {
	for group := range groups {
		s.renewGroup(group)
	}
}

// renewGroup makes the VirtualService of a group anew of the parts that it has: the routes of the oldest first, then sorted, with
// the age of that (pilot/pkg/config/kube/gateway/route_collections.go mergeHTTPRoutes).
func (s *Snapshot) renewGroup(group string) {
	if was := s.routes.virtualServices.At(group); was != nil {
		s.removeVirtualService(was)
		s.routes.virtualServices = s.routes.virtualServices.Remove(group)
	}
	var parts []*routePart
	for _, part := range s.routes.byGroup.Prefix(group + "\x00") {
		parts = append(parts, part)
	}
	if !slices.ContainsFunc(parts, func(part *routePart) bool { return !part.overshadowed }) {
		return
	}
	slices.SortStableFunc(parts, func(a, b *routePart) int {
		return cmp.Or(compareAge(a.route.Created, b.route.Created), cmp.Compare(a.route.Namespace, b.route.Namespace), cmp.Compare(a.name, b.name))
	})
	v := s.settings.madeVirtualService(parts)
	s.addVirtualService(v)
	s.routes.virtualServices = s.routes.virtualServices.Set(group, v)
}

// madeVirtualService returns the VirtualService of the parts of a group, the oldest first.
func (s Settings) madeVirtualService(parts []*routePart) *virtualService {
	first := parts[0]
	spec := &networking.VirtualService{Hosts: []string{first.host}, Gateways: []string{first.gateway}, Tls: first.tls, Tcp: first.tcp}
	var http []sourcedRoute
	for _, part := range parts {
		http = append(http, part.http...)
	}
	sortSourcedRoutes(http)
	sources := []routeSource{{first.route.Ref, "spec"}}
	name := first.name
	if len(http) > 0 {
		sources, name = nil, strings.ReplaceAll(first.group, "/", "~")
	}
	for _, r := range http {
		spec.Http, sources = append(spec.Http, r.http), append(sources, r.source)
	}
	v := s.virtualService(&Object{
		Ref:         Ref{Kind: KindVirtualService, Namespace: first.route.Namespace, Name: name},
		Annotations: map[string]string{routeSemanticsAnnotation: "gateway"}, Created: first.route.Created,
	}, spec)
	v.sources = sources
	return v
}

// virtualServicesOf returns the VirtualServices that an object of s is, or contributes to.
func (s *Snapshot) virtualServicesOf(o *Object) []*virtualService {
	if spec, ok := o.Spec.(*networking.VirtualService); ok {
		return []*virtualService{s.settings.virtualService(o, spec)}
	}
	var list []*virtualService
	for _, part := range s.routes.parts.Prefix(o.key() + "\x00") {
		if v := s.routes.virtualServices.At(part.group); v != nil && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

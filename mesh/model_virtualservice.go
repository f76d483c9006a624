package mesh

import (
	"cmp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// meshGateway is the name that binds a VirtualService to the sidecars.
const meshGateway = "mesh"

// virtualService is a VirtualService with its names completed
// (pilot/pkg/model/virtualservice.go ResolveVirtualServiceShortnames).
type virtualService struct {
	*Object
	spec     *networking.VirtualService
	hosts    []string
	gateways []string
	// destinations are the hosts to which its routes lead, mirrors included.
	destinations []string
	// http are its HTTP routes; delegates is true where some stand for a delegate's.
	http         []*networking.HTTPRoute
	hasDelegates bool
	specHash     uint64 // see hashSpec
}

func (s Settings) virtualService(o *Object, spec *networking.VirtualService) *virtualService {
	v := &virtualService{Object: o, spec: spec}
	for _, h := range spec.Hosts {
		v.hosts = append(v.hosts, s.qualify(h, o.Namespace))
	}
	for _, g := range spec.Gateways {
		v.gateways = append(v.gateways, qualifyGateway(g, o.Namespace))
	}
	if len(v.gateways) == 0 {
		v.gateways = []string{meshGateway}
	}
	for d := range ownDestinations(spec) {
		if h := s.qualify(d.GetHost(), o.Namespace); !slices.Contains(v.destinations, h) {
			v.destinations = append(v.destinations, h)
		}
	}
	for _, r := range spec.Http {
		if r != nil {
			v.http = append(v.http, r)
			v.hasDelegates = v.hasDelegates || r.Delegate != nil
		}
	}
	v.specHash = v.hashSpec()
	return v
}

// qualifyGateway returns "namespace/name"; "name.namespace" and what follows is how it was once written
// (pilot/pkg/model/config.go resolveGatewayName).
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

// bindsGateway reports whether v is for a gateway.
func (v *virtualService) bindsGateway() bool {
	return slices.ContainsFunc(v.gateways, func(g string) bool { return g != meshGateway })
}

// namesHost reports whether v is for a host by its name, in any case.
func (v *virtualService) namesHost(host string) bool {
	return slices.ContainsFunc(v.hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

// exportRank is 0 for a VirtualService private to namespace, 1 for one exported to it, 2 for a public one.
func (v *virtualService) exportRank(namespace string) int {
	switch {
	case public(v.spec.ExportTo):
		return 2
	case v.Namespace == namespace:
		return 0
	}
	return 1
}

// compareAge is Istio's order of VirtualServices: the oldest first, then by name.
func (v *virtualService) compareAge(other *virtualService) int {
	return cmp.Or(compareAge(v.Created, other.Created), cmp.Compare(v.Name, other.Name), cmp.Compare(v.Namespace, other.Namespace))
}

// sortVirtualServices returns Istio's order (pilot/pkg/model/push_context.go VirtualServicesForGateway).
func sortVirtualServices(list []*virtualService, namespace string) []*virtualService {
	slices.SortFunc(list, func(a, b *virtualService) int {
		return cmp.Or(cmp.Compare(a.exportRank(namespace), b.exportRank(namespace)), a.compareAge(b))
	})
	return list
}

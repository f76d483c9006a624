package mesh

import (
	"iter"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// Settings are the mesh-wide facts that Istio takes from its MeshConfig.
type Settings struct {
	RootNamespace      string   `json:"rootNamespace,omitempty"`
	TrustDomain        string   `json:"trustDomain,omitempty"`
	TrustDomainAliases []string `json:"trustDomainAliases,omitempty"`
	ClusterDomain      string   `json:"clusterDomain,omitempty"`
}

// DefaultSettings are those of an Istio installed with its defaults.
func DefaultSettings() Settings {
	return Settings{RootNamespace: "istio-system", TrustDomain: "cluster.local", ClusterDomain: "cluster.local"}
}

// Snapshot is an immutable set of objects. With and Without give a new one that shares almost all of it.
type Snapshot struct {
	settings Settings
	objects  tree[*Object] // kind, namespace, name
	// services holds the services of a host, the oldest first; domains the hosts by their reversed name, so that all
	// hosts below a domain lie side by side.
	services tree[[]*service]
	domains  tree[string]
	// known counts the services of a host by its lower-case form, to find hosts that differ in case.
	known tree[string]
	// aliases holds other names of a host by that host.
	aliases tree[string]
	// rules holds the DestinationRules of a host and namespace; ruleWildcards counts the sets of a wildcard host.
	rules         tree[*ruleSet]
	ruleWildcards wildcards
	// routes holds the VirtualServices by what they are about: a host, a gateway, a destination.
	routes         tree[*virtualService]
	routeWildcards wildcards
	// gatewaysBy holds Gateways by each pair of their selector.
	gatewaysBy tree[*Object]
	// ambient holds the names of ambient namespaces.
	ambient tree[struct{}]
}

// New gives the snapshot of these objects. Of two objects with one Ref the later stands.
func New(settings Settings, objects ...*Object) *Snapshot {
	s := &Snapshot{settings: settings}
	for _, o := range objects {
		s.put(o)
	}
	return s
}

// Settings gives the mesh-wide facts.
func (s *Snapshot) Settings() Settings { return s.settings }

// With gives the snapshot after o was created or replaced.
func (s *Snapshot) With(o *Object) *Snapshot {
	next := *s
	next.put(o)
	return &next
}

// Without gives the snapshot after ref was deleted. An unknown ref changes nothing.
func (s *Snapshot) Without(ref Ref) *Snapshot {
	next := *s
	next.drop(ref)
	return &next
}

// Get gives the object of this name, or nil.
func (s *Snapshot) Get(ref Ref) *Object { return s.objects.at(ref.key()) }

// Len counts the objects.
func (s *Snapshot) Len() int { return s.objects.len }

// Objects walks all objects in a stable order.
func (s *Snapshot) Objects() iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for _, o := range s.objects.prefix("") {
			if !yield(o) {
				return
			}
		}
	}
}

func (r Ref) key() string { return r.Kind + "\x00" + r.Namespace + "\x00" + r.Name }

// put and drop change s, which nobody else sees yet.
func (s *Snapshot) put(o *Object) {
	s.drop(o.Ref)
	s.objects = s.objects.set(o.key(), o)
	for _, svc := range s.settings.servicesOf(o) {
		s.addService(svc)
	}
	switch spec := o.Spec.(type) {
	case *networking.DestinationRule:
		s.changeRules(o, spec, func(rules []*Object) []*Object { return append(slices.Clip(rules), o) })
	case *networking.VirtualService:
		v := s.settings.virtualService(o, spec)
		for key := range v.keys() {
			s.routes = s.routes.set(key, v)
		}
		s.countRouteWildcards(v, 1)
	case *networking.Gateway:
		for key := range gatewayKeys(spec, o) {
			s.gatewaysBy = s.gatewaysBy.set(key, o)
		}
	case nil:
		if o.Kind == KindNamespace && o.Labels[ambientLabel] == "ambient" {
			s.ambient = s.ambient.set(o.Name, struct{}{})
		}
	}
}

func (s *Snapshot) drop(ref Ref) {
	o := s.Get(ref)
	if o == nil {
		return
	}
	s.objects = s.objects.remove(ref.key())
	for _, svc := range s.settings.servicesOf(o) {
		s.removeService(svc)
	}
	switch spec := o.Spec.(type) {
	case *networking.DestinationRule:
		s.changeRules(o, spec, func(rules []*Object) []*Object {
			return slices.DeleteFunc(slices.Clone(rules), func(have *Object) bool { return have.Ref == ref })
		})
	case *networking.VirtualService:
		v := s.settings.virtualService(o, spec)
		for key := range v.keys() {
			s.routes = s.routes.remove(key)
		}
		s.countRouteWildcards(v, -1)
	case *networking.Gateway:
		for key := range gatewayKeys(spec, o) {
			s.gatewaysBy = s.gatewaysBy.remove(key)
		}
	case nil:
		if o.Kind == KindNamespace {
			s.ambient = s.ambient.remove(o.Name)
		}
	}
}

// gatewayOfAll is where the index has the Gateways without a selector.
const gatewayOfAll = "\x00\x00"

// gatewayKeys lists the index entries of a Gateway: one for each pair of its selector.
func gatewayKeys(spec *networking.Gateway, o *Object) iter.Seq[string] {
	return func(yield func(string) bool) {
		suffix := "\x00" + o.Namespace + "\x00" + o.Name
		if len(spec.Selector) == 0 {
			yield("\x00" + suffix)
			return
		}
		for k, v := range spec.Selector {
			if !yield(k + "\x00" + v + suffix) {
				return
			}
		}
	}
}

func (s *Snapshot) addService(svc *service) {
	list := append(slices.Clip(s.services.at(svc.host)), svc)
	slices.SortFunc(list, olderService)
	s.services = s.services.set(svc.host, list)
	s.domains = s.domains.set(reversed(svc.host), svc.host)
	s.known = s.known.set(strings.ToLower(svc.host), svc.host)
	if svc.alias {
		s.aliases = s.aliases.set(svc.target+"\x00"+svc.host, svc.host)
	}
}

func (s *Snapshot) removeService(svc *service) {
	if svc.alias {
		s.aliases = s.aliases.remove(svc.target + "\x00" + svc.host)
	}
	list := slices.DeleteFunc(slices.Clone(s.services.at(svc.host)), func(have *service) bool { return have.ref == svc.ref })
	if len(list) > 0 {
		s.services = s.services.set(svc.host, list)
		return
	}
	s.services = s.services.remove(svc.host)
	s.domains = s.domains.remove(reversed(svc.host))
	s.known = s.known.remove(strings.ToLower(svc.host))
}

// changeRules replaces the rules of o's host and namespace.
func (s *Snapshot) changeRules(o *Object, spec *networking.DestinationRule, change func([]*Object) []*Object) {
	host := s.settings.qualify(spec.Host, o.Namespace)
	key := host + "\x00" + o.Namespace
	var rules []*Object
	old := s.rules.at(key)
	if old != nil {
		rules = old.rules
	}
	rules = change(rules)
	if len(rules) == 0 {
		s.rules = s.rules.remove(key)
		s.ruleWildcards = s.ruleWildcards.count(host, -1)
		return
	}
	s.rules = s.rules.set(key, newRuleSet(o.Namespace, host, s.settings.RootNamespace, rules))
	if old == nil {
		s.ruleWildcards = s.ruleWildcards.count(host, 1)
	}
}

// hostsMatching walks the known hosts that a rule for this host governs: itself, or all that the wildcard covers.
func (s *Snapshot) hostsMatching(host string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !isWildcard(host) {
			if _, known := s.services.get(host); known {
				yield(host)
			}
			return
		}
		for _, known := range s.domains.prefix(reversed(host[1:])) {
			if !yield(known) {
				return
			}
		}
	}
}

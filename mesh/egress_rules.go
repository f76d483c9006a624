package mesh

import "slices"

// ClientsOfRules returns the clients of a host that this control plane configures and whose proxies obey DestinationRules: ztunnel does
// not.
func (s *Snapshot) ClientsOfRules(host string) []Client {
	return slices.DeleteFunc(slices.Clone(s.Clients(host)), func(c Client) bool { return c.Kind == ClientZtunnel || !s.Configures(c) })
}

// RulesFor returns the DestinationRules of which the one that a client's proxy has for a host is made; none where no rule applies
// to it, or it does not know the host.
func (s *Snapshot) RulesFor(client Client, host string) []Ref {
	svc, ok := s.serviceFor(client, host)
	if !ok {
		return nil
	}
	rule := s.destinationRules(client, svc).ruleFor(client)
	if rule == nil {
		return nil
	}
	refs := make([]Ref, len(rule.from))
	for i, o := range rule.from {
		refs[i] = o.Ref
	}
	return refs
}

// EntriesFor returns the ServiceEntries of a namespace that declare a host and stay, in the order in which Istio takes them.
func (s *Snapshot) EntriesFor(host, namespace string) []*Object {
	var list []*Object
	for _, svc := range s.services.At(host) {
		if o := s.Get(svc.ref); svc.namespace == namespace && o != nil && o.Kind == KindServiceEntry && !o.Terminating {
			list = append(list, o)
		}
	}
	return list
}

// RivalNamespaces returns the namespaces whose rules for a host are merged with a rule, or hide it from those that come to it last: its
// own, and of a rule of the root namespace those that declare the host (see lookupRules).
func (s *Snapshot) RivalNamespaces(rule *Object, host string) []string {
	if rule.Namespace == s.settings.RootNamespace {
		return s.NamespacesOf(host)
	}
	return []string{rule.Namespace}
}

// NamespacesOf returns the namespaces of those that declare a host.
func (s *Snapshot) NamespacesOf(host string) []string {
	var list []string
	for _, svc := range s.services.At(host) {
		if !slices.Contains(list, svc.namespace) {
			list = append(list, svc.namespace)
		}
	}
	return list
}

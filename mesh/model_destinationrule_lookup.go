package mesh

import "slices"

// ruleLookup is where Istio looked for a client's rules, and what it found.
type ruleLookup struct {
	// notExported are the sets that were looked at and had nothing for this client.
	notExported []*ruleSet
	// endedAt is where the lookup ended; nil if nothing matched.
	endedAt *ruleSet
	found   selectableRules
	// hostNotVisible is true of a waypoint whose namespace does not see the host: it looks nowhere.
	hostNotVisible bool
}

// destinationRules looks up a client's rules for a service that it knows.
func (s *Snapshot) destinationRules(client Client, svc scopedService) ruleLookup {
	namespace, ok := s.ruleLookupNamespace(client, svc)
	if !ok {
		return ruleLookup{hostNotVisible: true}
	}
	return s.lookupRules(client.Namespace, svc.host, namespace)
}

// ruleLookupNamespace returns the service's namespace in which a client's lookup goes on. A waypoint has it from the service that its own
// namespace sees of the host, which need not be the one that it stands for.
func (s *Snapshot) ruleLookupNamespace(client Client, svc scopedService) (namespace string, ok bool) {
	if !svc.atWaypoint {
		return svc.namespace, true
	}
	seen, ok := mergeServices(servicesExportedToNamespace(s.services.At(svc.host), client.Namespace))
	if !ok {
		return "", false
	}
	return seen.namespace, true
}

// lookupRules looks a client's rules for a service up (pilot/pkg/model/push_context.go destinationRule).
func (s *Snapshot) lookupRules(clientNamespace, host, serviceNamespace string) ruleLookup {
	var l ruleLookup
	patterns := s.ruleHostsCovering(host)
	root := s.settings.RootNamespace
	own := ownRules
	if clientNamespace == root {
		own = privateRules
	}
	if set := s.mostSpecificRules(patterns, clientNamespace, func(r *ruleSet) bool { return len(own(r).all) > 0 }); set != nil {
		l.endedAt, l.found = set, own(set)
		return l
	}
	for _, namespace := range [...]string{serviceNamespace, root} {
		set := s.mostSpecificRules(patterns, namespace, (*ruleSet).isExported)
		if set == nil {
			continue
		}
		if l.found.all = set.exportedTo(clientNamespace); len(l.found.all) > 0 {
			l.endedAt = set
			return l
		}
		l.notExported = append(l.notExported, set)
	}
	return l
}

// ownRules returns what a client sees of its own namespace; privateRules what it sees in the root namespace, whose
// exported rules it finds last, as everybody does.
func ownRules(r *ruleSet) selectableRules { return r.local }

func privateRules(r *ruleSet) selectableRules { return r.private }

// mostSpecificRules returns the set of the most specific of patterns for which namespace has rules of this sort.
func (s *Snapshot) mostSpecificRules(patterns []string, namespace string, has func(*ruleSet) bool) *ruleSet {
	for _, pattern := range patterns {
		if set := s.rules.At(pattern + "\x00" + namespace); set != nil && has(set) {
			return set
		}
	}
	return nil
}

// ruleFor picks the rule for one client from what its lookup found (pilot/pkg/model/sidecar.go DestinationRule).
// Rules with a selector count in their own namespace only, and never at a waypoint.
func (l ruleLookup) ruleFor(client Client) *consolidatedRule {
	all := l.found.all
	if client.Kind != ClientWaypoint {
		if i := l.found.indexSelecting(client); i >= 0 {
			return all[i]
		}
	}
	if len(all) == 0 || all[len(all)-1].hasSelector {
		return nil
	}
	return all[len(all)-1] // the one rule for all stands last: mergeList.inside
}

// contains reports whether the lookup found this rule.
func (l ruleLookup) contains(o *Object) bool {
	return slices.ContainsFunc(l.found.all, func(m *consolidatedRule) bool { return slices.Contains(m.from, o) })
}

func (s *Snapshot) lookupReaches(c Client, svc scopedService, namespace string) bool {
	if namespace == c.Namespace {
		return true
	}
	root := s.settings.RootNamespace
	from, ok := s.ruleLookupNamespace(c, svc)
	if !ok || namespace != from && namespace != root {
		return false
	}
	l := s.destinationRules(c, svc)
	switch {
	case l.endedAt == nil || l.endedAt.namespace == namespace:
		return true
	case l.endedAt.namespace == c.Namespace && c.Namespace != from:
		return false
	}
	return l.endedAt.namespace == root && namespace == from
}

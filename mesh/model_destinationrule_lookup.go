package mesh

import "slices"

// ruleLookup is the search for a client's DestinationRules: where it went, and what it found.
type ruleLookup struct {
	// notExported are the sets that were looked at and had nothing for this client.
	notExported []*ruleSet
	// endedAt is where the lookup ended; nil if nothing matched.
	endedAt *ruleSet
	found   selectableRules
	// hostNotVisible is set for a waypoint whose namespace does not see the host: it looks nowhere.
	hostNotVisible bool
}

// destinationRules returns the DestinationRules that a client finds for a service.
func (s *Snapshot) destinationRules(client Client, svc scopedService) ruleLookup {
	namespace, ok := s.ruleLookupNamespace(client, svc)
	if !ok {
		return ruleLookup{hostNotVisible: true}
	}
	return s.lookupRules(client.Namespace, svc.host, namespace)
}

// ruleLookupNamespace returns the service's namespace, in which a client's lookup goes on. A waypoint takes it from
// the service that its own namespace sees of the host, which need not be the one that it stands for; ok is false
// where it sees none.
func (s *Snapshot) ruleLookupNamespace(client Client, svc scopedService) (namespace string, ok bool) {
	if !svc.atWaypoint {
		return svc.namespace, true
	}
	seen, ok := mergeServices(s.settings.Version.servicesExportedToNamespace(s.services.At(svc.host), client.Namespace))
	if !ok {
		return "", false
	}
	return seen.namespace, true
}

// lookupRules returns the DestinationRules for a host (pilot/pkg/model/push_context.go destinationRule). The lookup
// ends in the first namespace that has any:
//  1. the client's own, with rules that its own clients may see;
//  2. the service's, with rules that are exported to the client;
//  3. the mesh's root namespace, likewise.
//
// In each, the most specific host is looked at alone, before it is asked whether its rules are exported to the
// client:
//
//	# namespace default, which has the service          # namespace default
//	host: edition.cnn.com                               host: "*.cnn.com"
//	exportTo: [payments]                                trafficPolicy: {tls: {mode: SIMPLE}}
//
// A client of namespace orders has no rule from default: the specific one hides the wildcard. A client in the root
// namespace sees in step 1 only the rules that are exported to nobody else.
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

// ownRules returns the rules that clients of the set's own namespace choose from.
func ownRules(r *ruleSet) selectableRules { return r.seen().local }

// privateRules returns those that clients in the root namespace choose from: they find the exported ones last, as
// everybody does.
func privateRules(r *ruleSet) selectableRules { return r.seen().private }

// mostSpecificRules returns the set of the first of patterns for which namespace has rules of a sort; nil if there is
// none.
func (s *Snapshot) mostSpecificRules(patterns []string, namespace string, has func(*ruleSet) bool) *ruleSet {
	for _, pattern := range patterns {
		if set := s.rules.At(pattern + "\x00" + namespace); set != nil && has(set) {
			return set
		}
	}
	return nil
}

// ruleFor returns the rule that applies to a client, nil if none does (pilot/pkg/model/sidecar.go DestinationRule):
//  1. the first whose workloadSelector selects the client's pods, if it is of their namespace; never at a waypoint;
//  2. else the one without a selector.
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

// contains reports whether the lookup found this rule, for whichever pods.
func (l ruleLookup) contains(o *Object) bool {
	return slices.ContainsFunc(l.found.all, func(m *consolidatedRule) bool { return slices.Contains(m.from, o) })
}

// lookupReaches reports whether a client's lookup for a service comes to the rules of namespace, or came there if
// they matched.
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

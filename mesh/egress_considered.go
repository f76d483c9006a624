package mesh

import (
	"cmp"
	"fmt"
	"slices"
)

// whyUnknown returns why a client's proxy has no answer for a host, and the services that it does not listen for.
func (s *Snapshot) whyUnknown(client Client, host string, number uint32) (Cause, []Considered) {
	services := s.services.At(host)
	if len(services) == 0 {
		return CauseUnknownHost, nil
	}
	var list []Considered
	for _, svc := range services {
		why := "it has no such port"
		switch {
		case !visible(svc.exportTo, svc.namespace, client.Namespace):
			why = notExported(client) + " (spec.exportTo)"
		case s.hiddenBySidecar(client, svc):
			why = fmt.Sprintf("left out of the egress hosts of %s", s.sidecarFor(client).Ref)
		case s.sidecarFor(client) != nil && scopedService{service: svc, ports: svc.ports}.hasPort(number):
			why = fmt.Sprintf("no egress listener of %s on port %d is for it", s.sidecarFor(client).Ref, number)
		}
		list = append(list, Considered{Object: svc.ref, Why: why})
	}
	return CausePassthrough, list
}

// considered returns the rules that might have decided a hop, and why they did not.
func (s *Snapshot) considered(h hop) []Considered {
	var list []Considered
	c := h.cluster
	patterns := s.ruleHostsCovering(h.host)
	for _, pattern := range patterns {
		for _, set := range s.rules.Prefix(pattern + "\x00") {
			for _, o := range set.rules {
				if why := c.whyNot(h, set, o, pattern); why != "" {
					list = append(list, Considered{Object: o.Ref, Why: why})
				}
			}
		}
	}
	return list
}

// whyNot returns why a rule did not decide; "" if it did.
func (c Cluster) whyNot(h hop, set *ruleSet, o *Object, pattern string) string {
	if c.rule != nil && slices.Contains(c.rule.from, o) {
		return c.mergedAway(h, o)
	}
	return cmp.Or(whyNotSelecting(h.client, o), c.whyNotFound(h, set, pattern))
}

// whyNotSelecting returns why a rule's workloadSelector is not for a client; "" if it is, or there is none.
func whyNotSelecting(client Client, o *Object) string {
	selector := ruleSpec(o).WorkloadSelector
	switch {
	case selector == nil:
	case client.Kind == ClientWaypoint:
		return "a waypoint ignores rules with a workloadSelector"
	case o.Namespace == client.Namespace && !selectorMatches(selector.MatchLabels, client.Labels):
		return "its workloadSelector does not select this client"
	case o.Namespace != client.Namespace:
		return "a rule with a workloadSelector counts in its own namespace alone"
	}
	return ""
}

// notExported says that an object is not exported to a client's namespace.
func notExported(client Client) string {
	if client.Namespace == AnyNamespace {
		return "not exported to every namespace"
	}
	return "not exported to namespace " + client.Namespace
}

// whyNotFound returns why the lookup for the hop's client did not end at a set of rules, whose host is pattern, or took
// another rule of it.
func (c Cluster) whyNotFound(h hop, set *ruleSet, pattern string) string {
	switch stopped := c.lookup.endedAt; {
	case stopped != nil && stopped == set && c.rule != nil:
		return fmt.Sprintf("%s stands in its place: rules with unequal exportTo do not merge, and the newer one wins", c.rule.first.Ref)
	case stopped != nil && stopped.namespace == set.namespace && stopped.host != pattern:
		return fmt.Sprintf("shadowed by the more specific host %s of namespace %s", stopped.host, stopped.namespace)
	case slices.Contains(c.lookup.notExported, set):
		return notExported(h.client)
	case stopped != nil && isOnLookupPath(h, set.namespace):
		return fmt.Sprintf("the lookup stopped before, in namespace %s", stopped.namespace)
	case isOnLookupPath(h, set.namespace):
		return notExported(h.client)
	}
	return "in a namespace that is neither the client's, nor the service's, nor the mesh's root"
}

// mergedAway returns why a rule that is part of the consolidated one did not set the TLS; "" if it did, or sets none.
func (c Cluster) mergedAway(h hop, o *Object) string {
	if o == c.rule.policyFrom || c.Hop.DecidedBy != nil && o.isMadeOf(c.Hop.DecidedBy.Object) || ruleSpec(o).TrafficPolicy == nil || c.rule.policyFrom == nil {
		return ""
	}
	if s, ok := c.rule.subset(h.subset); ok && s.from == o {
		return ""
	}
	if (o.made == nil) != (c.rule.policyFrom.made == nil) {
		return fmt.Sprintf("merged with %s: what a DestinationRule sets goes before what a BackendTLSPolicy says", c.rule.policyFrom.Ref)
	}
	return fmt.Sprintf("merged with %s, which is older: the trafficPolicy of the oldest stands whole", c.rule.policyFrom.Ref)
}

// isOnLookupPath reports whether the client's lookup goes through a namespace, the root namespace aside.
func isOnLookupPath(h hop, namespace string) bool {
	return namespace == h.client.Namespace || h.cluster.service.service != nil && namespace == h.cluster.service.namespace
}

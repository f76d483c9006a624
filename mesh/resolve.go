package mesh

import (
	"fmt"
	"slices"
)

// Resolve says what happens to the bytes that the client sends to host:port. Where routes split the traffic, the
// path is that of the leg that fares worst. A host that nothing declares fares as the closest wildcard over it.
func (s *Snapshot) Resolve(client Client, host string, number uint32) Path {
	path := Path{Client: client, Host: host, Port: number, Hops: []Hop{}, Verdict: Unknown}
	legs := s.legs(client, host, number)
	if svc, ok := s.serviceFor(client, host); ok && client.Kind == ClientSidecar && !s.listens(client, svc, number) {
		legs = nil
	}
	if wide := s.covering(client, host, number); len(legs) == 0 && wide != "" {
		legs = s.legsTo(client, wide, host, number)
	}
	if len(legs) == 0 {
		path.Cause, path.Considered = s.whyUnknown(client, host, number)
		return path
	}
	worst := worstEgress(legs)
	if worst < 0 {
		for _, l := range legs {
			path.Hops = append(path.Hops, l.hop())
		}
		if led := legs[0]; led.kind == LegNowhere {
			path.Cause = led.cause()
		}
		return path
	}
	last := legs[worst]
	path.Verdict, path.Cause = last.verdict(), last.cause()
	if hop := gatewayBefore(legs, worst); hop >= 0 {
		path.Hops = append(path.Hops, legs[hop].hop())
	}
	path.Hops = append(path.Hops, last.hop())
	path.Considered = s.considered(last)
	return path
}

// hop is the leg as a Path shows it.
func (l leg) hop() Hop {
	h := l.cluster.Hop
	if h.From == "" || l.kind == LegNowhere {
		h = Hop{From: l.client.String(), To: l.host, Port: l.port, Names: []string{}}
	}
	switch l.kind {
	case LegGateway:
		h.To = "gateway " + l.host
	case LegNowhere:
		h.To, h.Protocol, h.DecidedBy = "nowhere", l.cluster.Protocol, l.answer
	}
	return h
}

// worstEgress is the index of the leg that leaves the mesh in the worst form, or -1.
func worstEgress(legs []leg) int {
	worst := -1
	for i, l := range legs {
		if l.kind == LegEgress && (worst < 0 || worse(l.verdict(), legs[worst].verdict()) != legs[worst].verdict()) {
			worst = i
		}
	}
	return worst
}

// gatewayBefore is the index of the gateway hop that leads to leg i, or -1 if the client itself sends.
func gatewayBefore(legs []leg, i int) int {
	if legs[i].client.Kind != ClientGateway {
		return -1
	}
	for j := i - 1; j >= 0; j-- {
		if legs[j].kind == LegGateway {
			return j
		}
	}
	return -1
}

// whyUnknown explains why a client's proxy has no answer for a host.
func (s *Snapshot) whyUnknown(client Client, host string, number uint32) (Cause, []Considered) {
	services := s.services.at(host)
	if len(services) == 0 {
		return CauseUnknownHost, nil
	}
	var list []Considered
	for _, svc := range services {
		why := "it has no such port"
		switch {
		case !visible(svc.exportTo, svc.namespace, client.Namespace):
			why = fmt.Sprintf("not exported to namespace %s (spec.exportTo)", client.Namespace)
		case s.hiddenBySidecar(client, svc):
			why = fmt.Sprintf("left out of the egress hosts of %s", s.sidecarFor(client).Ref)
		case s.sidecarFor(client) != nil && view{service: svc, ports: svc.ports}.has(number):
			why = fmt.Sprintf("no egress listener of %s on port %d is for it", s.sidecarFor(client).Ref, number)
		}
		list = append(list, Considered{Object: svc.ref, Why: why})
	}
	return CausePassthrough, list
}

// considered lists the rules that might have decided a leg, and why they did not.
func (s *Snapshot) considered(l leg) []Considered {
	var list []Considered
	c := l.cluster
	patterns := s.patterns(l.host)
	for _, pattern := range patterns {
		for _, set := range s.rules.prefix(pattern + "\x00") {
			for _, o := range set.rules {
				if why := c.whyNot(l, set, o, pattern); why != "" {
					list = append(list, Considered{Object: o.Ref, Why: why})
				}
			}
		}
	}
	return list
}

// whyNot says why a rule did not decide; "" if it did.
func (c Cluster) whyNot(l leg, set *ruleSet, o *Object, pattern string) string {
	if c.rule != nil && slices.Contains(c.rule.from, o) {
		return c.mergedAway(l, o)
	}
	spec := ruleSpec(o)
	switch stopped := c.lookup.stopped; {
	case spec.WorkloadSelector != nil && l.client.Kind == ClientWaypoint:
		return "a waypoint ignores rules with a workloadSelector"
	case spec.WorkloadSelector != nil && o.Namespace == l.client.Namespace && !subsetOf(spec.WorkloadSelector.MatchLabels, l.client.Labels):
		return "its workloadSelector does not select this client"
	case stopped != nil && stopped == set && c.rule != nil:
		return fmt.Sprintf("%s stands in its place: rules with unequal exportTo do not merge, and the newer one wins", c.rule.first.Ref)
	case stopped != nil && stopped.namespace == set.namespace && stopped.host != pattern:
		return fmt.Sprintf("shadowed by the more specific host %s of namespace %s", stopped.host, stopped.namespace)
	case slices.Contains(c.lookup.passed, set):
		return fmt.Sprintf("not exported to namespace %s", l.client.Namespace)
	case stopped != nil && onPath(l, set.namespace):
		return fmt.Sprintf("the lookup stopped before, in namespace %s", stopped.namespace)
	case onPath(l, set.namespace):
		return fmt.Sprintf("not exported to namespace %s", l.client.Namespace)
	}
	return "in a namespace that is neither the client's, nor the service's, nor the mesh's root"
}

// mergedAway says why a rule that is part of the merged one did not set the TLS.
func (c Cluster) mergedAway(l leg, o *Object) string {
	if o == c.rule.policyOf || ruleSpec(o).TrafficPolicy == nil || c.rule.policyOf == nil {
		return ""
	}
	if s, ok := c.rule.subset(l.subset); ok && s.of == o {
		return ""
	}
	return fmt.Sprintf("merged with %s, which is older: the trafficPolicy of the oldest stands whole", c.rule.policyOf.Ref)
}

func onPath(l leg, namespace string) bool {
	return namespace == l.client.Namespace || l.cluster.service.service != nil && namespace == l.cluster.service.namespace
}

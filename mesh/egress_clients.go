package mesh

import (
	"maps"
	"slices"
)

// Clients returns the vantages from which host can be reached, each standing for all pods that Istio configures alike:
// the namespaces that some object singles out, their pods by the selectors of rules, and all others as one; then the
// waypoints that stand for host.
func (s *Snapshot) Clients(host string) []Client {
	var list []Client
	for _, namespace := range s.clientNamespaces(host) {
		list = append(list, s.clientsIn(namespace, host)...)
	}
	return append(list, s.waypointClients(host)...)
}

// clientNamespaces returns the namespaces whose pods may fare differently with host, ascending, AnyNamespace last.
func (s *Snapshot) clientNamespaces(host string) []string {
	names := map[string]bool{}
	add := func(list ...string) {
		for _, n := range list {
			if n != "" && n != "*" && n != "." && n != "~" {
				names[n] = true
			}
		}
	}
	for _, svc := range s.services.At(host) {
		add(svc.namespace)
		add(svc.exportTo...)
	}
	for _, pattern := range s.ruleHostsCovering(host) {
		for _, set := range s.rules.Prefix(pattern + "\x00") {
			add(set.namespace)
			for _, o := range set.rules {
				if ruleSpec(o).WorkloadSelector == nil {
					add(ruleSpec(o).ExportTo...)
				}
			}
		}
	}
	for _, v := range append(s.virtualServicesForHost(host), s.virtualServicesWithDestination(host)...) {
		add(v.Namespace)
		add(v.spec.ExportTo...)
		for from := range s.matchSources(v) {
			add(from.namespace)
		}
	}
	if first := s.firstAmbient(); first != "" {
		add(first)
	}
	add(s.sidecarNamespaces(host, names)...)
	return append(slices.Sorted(maps.Keys(names)), AnyNamespace)
}

// firstAmbient stands for all ambient namespaces: there, no rule of the client's namespace counts.
func (s *Snapshot) firstAmbient() string {
	for name := range s.ambientNamespaces.Prefix("") {
		return name
	}
	return ""
}

// clientsIn returns the vantages of one namespace: its pods without labels, and those that the rules and routes for
// host tell apart. Pods of an ambient namespace stand behind a waypoint, which is not told apart from others', or a ztunnel.
func (s *Snapshot) clientsIn(namespace, host string) []Client {
	if s.isAmbient(namespace) {
		if client := s.ClientOf(namespace, nil, host); client.Kind == ClientZtunnel {
			return []Client{client}
		}
		return nil
	}
	list := []Client{{Kind: ClientSidecar, Namespace: namespace}}
	for _, labels := range s.selectorsIn(namespace, host) {
		list = append(list, Client{Kind: ClientSidecar, Namespace: namespace, Labels: labels})
	}
	return list
}

// selectorsIn returns the label sets by which rules and routes for host tell the pods of a namespace apart.
func (s *Snapshot) selectorsIn(namespace, host string) []map[string]string {
	found := map[string]map[string]string{}
	add := func(labels map[string]string) {
		if len(labels) > 0 {
			found[labelsKey(labels)] = labels
		}
	}
	for _, pattern := range s.ruleHostsCovering(host) {
		if set := s.rules.At(pattern + "\x00" + namespace); set != nil {
			for _, m := range set.local.all {
				add(m.selector)
			}
		}
	}
	for _, v := range append(s.virtualServicesForHost(host), s.virtualServicesWithDestination(host)...) {
		if slices.Contains(v.gateways, meshGateway) && visible(v.spec.ExportTo, v.Namespace, namespace) {
			for from := range s.matchSources(v) {
				add(from.labels)
			}
		}
	}
	for _, o := range s.objects.Prefix(KindSidecar + "\x00" + namespace + "\x00") {
		add(sidecarSpec(o).GetWorkloadSelector().GetLabels())
	}
	list := make([]map[string]string, 0, len(found))
	for _, key := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[key])
	}
	return list
}

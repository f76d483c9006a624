package mesh

import (
	"maps"
	"slices"
)

// Clients returns the classes of clients that can reach host, each standing for all pods that Istio configures alike:
// those of the namespaces that any object singles out, by the labels that selectors ask for, and of all other
// namespaces as one; then the waypoints that stand for host.
func (s *Snapshot) Clients(host string) []Client {
	var list []Client
	for _, namespace := range s.clientNamespaces(host) {
		list = append(list, s.clientsIn(namespace, host)...)
	}
	return append(list, s.waypointClients(host)...)
}

// clientNamespaces returns the namespaces whose clients may be configured differently for host, ascending,
// AnyNamespace last. Here they are external, payments, shop and AnyNamespace:
//
//	kind: ServiceEntry                              kind: DestinationRule
//	metadata: {name: cnn, namespace: external}      metadata: {name: cnn, namespace: shop}
//	spec:                                           spec:
//	  hosts: [edition.cnn.com]                        host: "*.cnn.com"
//	                                                  exportTo: [".", payments]
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
		add(v.exportTo...)
		for from := range s.matchSources(v) {
			add(from.namespace)
		}
	}
	add(s.anyAmbient(host))
	add(s.sidecarNamespaces(host, names)...)
	return append(slices.Sorted(maps.Keys(names)), AnyNamespace)
}

// anyAmbient returns an ambient namespace whose pods have the service of a host that all have whose own namespace has none; ""
// if there is none. It stands for all of these: no rule of a client's namespace counts there.
func (s *Snapshot) anyAmbient(host string) string {
	common := s.ambientService("", host)
	for name := range s.ambientNamespaces.Prefix("") {
		if !s.IsTerminating(name) && s.ambientService(name, host) == common {
			return name
		}
	}
	return ""
}

// clientsIn returns the classes of clients of one namespace: pods without labels, and pods with those that a selector
// asks for. An ambient namespace has its ztunnel or, where the host has a waypoint, which waypointClients has, none.
// A namespace that is being deleted has none: its pods go with it.
func (s *Snapshot) clientsIn(namespace, host string) []Client {
	if s.IsTerminating(namespace) {
		return nil
	}
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

// selectorsIn returns the labels that selectors ask for in a namespace: those of rules and routes for host, and of
// Sidecars.
func (s *Snapshot) selectorsIn(namespace, host string) []map[string]string {
	found := map[string]map[string]string{}
	s.visitSelectors(namespace, host, func(_ string, labels map[string]string) { found[labelsKey(labels)] = labels })
	list := make([]map[string]string, 0, len(found))
	for _, key := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[key])
	}
	return list
}

// visitSelectors calls visit for each selector of selectorsIn, with the namespace of the object that has it: rules and
// Sidecars are those of the clients' own, routes may be another's.
func (s *Snapshot) visitSelectors(namespace, host string, visit func(owner string, labels map[string]string)) {
	add := func(owner string, labels map[string]string) {
		if len(labels) > 0 {
			visit(owner, labels)
		}
	}
	for _, pattern := range s.ruleHostsCovering(host) {
		if set := s.rules.At(pattern + "\x00" + namespace); set != nil {
			for _, m := range set.seen().local.all {
				add(namespace, m.selector)
			}
		}
	}
	for _, v := range append(s.virtualServicesForHost(host), s.virtualServicesWithDestination(host)...) {
		if slices.Contains(v.gateways, meshGateway) && visible(v.exportTo, v.Namespace, namespace) {
			for from := range s.matchSources(v) {
				add(v.Namespace, from.labels)
			}
		}
	}
	for _, o := range s.objects.Prefix(KindSidecar + "\x00" + namespace + "\x00") {
		add(namespace, sidecarSpec(o).GetWorkloadSelector().GetLabels())
	}
}

// selectorsOf returns how many selectors for host in a namespace are of objects of the namespace owner.
func (s *Snapshot) selectorsOf(owner, namespace, host string) int {
	found := map[string]bool{}
	s.visitSelectors(namespace, host, func(from string, labels map[string]string) {
		if from == owner {
			found[labelsKey(labels)] = true
		}
	})
	return len(found)
}

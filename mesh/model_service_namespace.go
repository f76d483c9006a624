package mesh

import (
	"cmp"
	"slices"
)

// exportOrder is the place of a service among those that a namespace sees (pilot/pkg/model/push_context.go
// servicesExportedToNamespace); of one place the oldest comes first.
type exportOrder int

const (
	exportedToItself exportOrder = iota // Istio 1.30 has those of the namespace itself first
	exportedByName
	exportedToAll
)

// exportOrder returns the place of a service that a namespace sees.
func (v Version) exportOrder(svc *service, namespace string) exportOrder {
	switch {
	case public(svc.exportTo):
		return exportedToAll
	case v == Version130 && svc.namespace == namespace:
		return exportedToItself
	}
	return exportedByName
}

// exportOrders returns the places that there are for a namespace.
func (v Version) exportOrders(namespace string) []exportOrder {
	switch {
	case namespace == AnyNamespace:
		return []exportOrder{exportedToAll}
	case v == Version130:
		return []exportOrder{exportedToItself, exportedByName, exportedToAll}
	}
	return []exportOrder{exportedByName, exportedToAll}
}

// servicesExportedToNamespace returns the services of a host that a namespace sees: those exported to it by name,
// then the public ones, each the oldest first; see exportOrder. The caller must not change them.
func (v Version) servicesExportedToNamespace(all []*service, namespace string) []*service {
	if len(all) == 1 && visible(all[0].exportTo, all[0].namespace, namespace) {
		return all // nearly always
	}
	var seen []*service
	for _, svc := range all {
		if visible(svc.exportTo, svc.namespace, namespace) {
			seen = append(seen, svc)
		}
	}
	slices.SortStableFunc(seen, func(a, b *service) int {
		return cmp.Compare(v.exportOrder(a, namespace), v.exportOrder(b, namespace))
	})
	return seen
}

// servicePerNamespace returns one service of each namespace, as Istio's index has it (pilot/pkg/model/push_context.go
// HostnameAndNamespace): a Kubernetes Service, else the oldest.
func servicePerNamespace(all []*service) []*service {
	if len(all) == 1 {
		return all
	}
	var list []*service
	for _, svc := range all {
		i := slices.IndexFunc(list, func(have *service) bool { return have.namespace == svc.namespace })
		switch {
		case i < 0:
			list = append(list, svc)
		case svc.kubernetes && !list[i].kubernetes:
			list[i] = svc
		}
	}
	slices.SortStableFunc(list, olderService)
	return list
}

// serviceInNamespace returns the service of servicePerNamespace for one namespace, nil if it has none of this host.
func (s *Snapshot) serviceInNamespace(host, namespace string) *service {
	for _, svc := range servicePerNamespace(s.services.At(host)) {
		if svc.namespace == namespace {
			return svc
		}
	}
	return nil
}

// pickVisibleService returns the service of the client's own namespace, else a Kubernetes Service that it sees, else the oldest
// that it sees; nil if it sees none (pilot/pkg/model/sidecar.go pickBestVisibleNamespace). With FirstNamespace it is that of the
// first namespace.
func (f Flags) pickVisibleService(list []*service, namespace string) *service {
	var best *service
	precedes := func(a, b *service) bool { return a.kubernetes && !b.kubernetes }
	if f.FirstNamespace {
		precedes = func(a, b *service) bool { return a.namespace < b.namespace }
	}
	for _, svc := range list {
		if svc.namespace == namespace {
			return svc
		}
		if visible(svc.exportTo, svc.namespace, namespace) && (best == nil || precedes(svc, best)) {
			best = svc
		}
	}
	return best
}

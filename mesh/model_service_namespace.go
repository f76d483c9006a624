package mesh

import (
	"cmp"
	"slices"
)

// servicesExportedToNamespace returns the services that a namespace sees, as its proxies list them: those exported to it by name before
// the public ones, each the oldest first (pilot/pkg/model/push_context.go servicesExportedToNamespace).
func servicesExportedToNamespace(all []*service, namespace string) []*service {
	var seen []*service
	for _, svc := range all {
		if visible(svc.exportTo, svc.namespace, namespace) {
			seen = append(seen, svc)
		}
	}
	slices.SortStableFunc(seen, func(a, b *service) int {
		return cmp.Compare(falseFirst(public(a.exportTo)), falseFirst(public(b.exportTo)))
	})
	return seen
}

// servicePerNamespace returns the service of each namespace that stands for it: the oldest, or a Kubernetes Service.
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

// serviceInNamespace returns the service of a namespace that stands for all that it has of a host.
func (s *Snapshot) serviceInNamespace(host, namespace string) *service {
	for _, svc := range servicePerNamespace(s.services.At(host)) {
		if svc.namespace == namespace {
			return svc
		}
	}
	return nil
}

// pickBestVisibleService picks among the services of several namespaces: the client's own, a Kubernetes Service, the oldest.
func pickBestVisibleService(list []*service, namespace string) *service {
	var best *service
	for _, svc := range list {
		if svc.namespace == namespace {
			return svc
		}
		if visible(svc.exportTo, svc.namespace, namespace) && (best == nil || svc.kubernetes && !best.kubernetes) {
			best = svc
		}
	}
	return best
}

package mesh

import (
	"maps"
	"slices"
)

// serviceMerger collects what a proxy knows of one host (pilot/pkg/model/sidecar.go appendSidecarServices).
type serviceMerger struct {
	service scopedService
	found   bool
}

// add merges one more service in: a Kubernetes Service takes the place of a ServiceEntry, the ports of a service
// much like the first are added to it, others count for nothing.
func (f *serviceMerger) add(v scopedService) {
	switch have := f.service; {
	case !f.found:
		f.service, f.found = v, true
	case have.kubernetes && !v.kubernetes:
	case v.kubernetes && !have.kubernetes:
		f.service = v
	case canMergeServices(have.service, v.service):
		for _, p := range v.ports {
			if !slices.ContainsFunc(f.service.ports, func(have port) bool { return have.number == p.number }) {
				f.service.ports = append(slices.Clip(f.service.ports), p)
			}
		}
	}
}

// hasAllOf reports whether all of a service is known already.
func (f *serviceMerger) hasAllOf(svc *service) bool {
	return f.service.service == svc && len(f.service.ports) >= len(svc.ports)
}

// mergeServices merges services in their order.
func mergeServices(services []*service) (scopedService, bool) {
	var found serviceMerger
	for _, svc := range services {
		found.add(scopedService{service: svc, ports: svc.ports})
	}
	return found.service, found.found
}

func canMergeServices(a, b *service) bool {
	return a.namespace == b.namespace && a.entry.GetResolution() == b.entry.GetResolution() &&
		maps.Equal(a.labels, b.labels) && maps.Equal(a.selector, b.selector) && sameExportTo(a.exportTo, b.exportTo)
}

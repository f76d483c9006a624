package mesh

import (
	"maps"
	"slices"
)

// serviceMerger merges the services of one host that a proxy knows (pilot/pkg/model/sidecar.go appendSidecarServices).
type serviceMerger struct {
	service scopedService
	found   bool
}

// add merges one more service in:
//  1. a Kubernetes Service takes the place of a ServiceEntry;
//  2. new ports of a service that canMergeServices are added;
//  3. any other service is left out.
//
// Of three ServiceEntries for edition.cnn.com, the oldest first, a client sees ports 80 and 443:
//
//	namespace: external            namespace: external            namespace: shop
//	resolution: DNS                resolution: DNS                resolution: DNS
//	ports: [{number: 80}]          ports: [{number: 443}]         ports: [{number: 8443}]
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

// hasAllOf reports whether the service is the one chosen, with all of its ports.
func (f *serviceMerger) hasAllOf(svc *service) bool {
	return f.service.service == svc && len(f.service.ports) >= len(svc.ports)
}

// mergeServices returns services merged in their order; ok is false where there are none.
func mergeServices(services []*service) (scopedService, bool) {
	var found serviceMerger
	for _, svc := range services {
		found.add(scopedService{service: svc, ports: svc.ports})
	}
	return found.service, found.found
}

// canMergeServices reports whether the ports of b may be added to a (pilot/pkg/model/sidecar.go canMergeServices).
func canMergeServices(a, b *service) bool {
	return a.namespace == b.namespace && a.entry.GetResolution() == b.entry.GetResolution() &&
		maps.Equal(a.labels, b.labels) && maps.Equal(a.selector, b.selector) && sameExportTo(a.writtenExportTo, b.writtenExportTo)
}

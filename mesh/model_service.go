package mesh

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	networking "istio.io/api/networking/v1alpha3"
)

// service is one host in the registry, from a Kubernetes Service or a ServiceEntry, which has one for each of its hosts
// (pilot/pkg/serviceregistry/serviceentry/conversion.go convertServices).
type service struct {
	ref          Ref
	host         string
	namespace    string
	created      time.Time
	kubernetes   bool
	meshExternal bool     // location MESH_EXTERNAL, or an ExternalName; where it leads, leavesMesh returns
	exportTo     []string // its own, or the mesh's default
	// writtenExportTo is its own: by this Istio tells whether services merge.
	writtenExportTo []string
	labels          map[string]string
	selector        map[string]string
	ports           []port
	headless        bool                     // a Kubernetes Service with clusterIP None
	alias           bool                     // a Kubernetes Service of type ExternalName: another name, no cluster
	externalName    string                   // the host for which an alias stands
	clusterIPs      []netip.Prefix           // of a Kubernetes Service
	allocated       []netip.Prefix           // see allocatedAddresses
	entry           *networking.ServiceEntry // nil for a Kubernetes Service
	specKey         string                   // see entrySpecKey
}

// port is a service's port.
type port struct {
	number           uint32
	name             string
	protocol         string
	targetPort       uint32 // targetPort of a ServiceEntry, 0 for none
	owner            *service
	protocolConflict bool // other services of the host declare another family for it
}

// family returns what may come to the port. Where services of one host declare different families, Istio has a
// listener for each of them on the port, and anything may come.
func (p port) family() Family {
	if declared := FamilyOf(p.protocol); declared == FamilyUDP || !p.protocolConflict {
		return declared
	}
	return FamilyUnspecified
}

// port returns the port of a number that the service itself declares.
func (svc *service) port(number uint32) (port, bool) {
	for _, p := range svc.ports {
		if p.number == number {
			return p, true
		}
	}
	return port{}, false
}

// servicesOf returns the services that an object adds to the registry.
func (s Settings) servicesOf(o *Object) []*service {
	switch spec := o.Spec.(type) {
	case *networking.ServiceEntry:
		return s.entryServices(o, spec)
	case *Service:
		return []*service{s.kubeService(o, spec)}
	}
	return nil
}

// entryServices returns the services of a ServiceEntry, one for each host.
func (s Settings) entryServices(o *Object, entry *networking.ServiceEntry) []*service {
	services := make([]*service, 0, len(entry.Hosts))
	form := entrySpecKey(o, entry)
	for i, host := range entry.Hosts {
		if slices.Contains(entry.Hosts[:i], host) {
			continue
		}
		svc := &service{
			ref: o.Ref, host: host, namespace: o.Namespace, created: o.Created,
			meshExternal: entry.Location == networking.ServiceEntry_MESH_EXTERNAL,
			exportTo:     exportTo(entry.ExportTo, s.Version.defaultExportTo(s.ServiceExportTo)), writtenExportTo: entry.ExportTo, labels: o.Labels, selector: entry.GetWorkloadSelector().GetLabels(), entry: entry,
			specKey: form, allocated: allocatedAddresses(o, entry, host),
		}
		for _, p := range entry.Ports {
			if p == nil {
				continue
			}
			svc.ports = append(svc.ports, port{number: p.Number, name: p.Name, protocol: p.Protocol, targetPort: p.TargetPort, owner: svc})
		}
		services = append(services, svc)
	}
	return services
}

// kubeService returns the service of a Kubernetes Service.
func (s Settings) kubeService(o *Object, spec *Service) *service {
	svc := &service{
		ref: o.Ref, host: o.Name + "." + o.Namespace + ".svc." + s.ClusterDomain, namespace: o.Namespace,
		created: o.Created, kubernetes: true, labels: o.Labels, selector: spec.Selector,
		meshExternal: spec.ExternalName != "", externalName: spec.ExternalName, alias: spec.ExternalName != "" && !spec.Headless, headless: spec.Headless,
	}
	if exported := o.Annotations[exportToAnnotation]; exported != "" {
		for name := range strings.SplitSeq(exported, ",") {
			svc.writtenExportTo = append(svc.writtenExportTo, strings.TrimSpace(name))
		}
	}
	svc.exportTo = exportTo(svc.writtenExportTo, s.Version.defaultExportTo(s.ServiceExportTo))
	for _, p := range spec.Ports {
		svc.ports = append(svc.ports, port{number: p.Number, name: p.Name, protocol: p.protocol(), owner: svc})
	}
	for _, address := range spec.ClusterIPs {
		if prefix, ok := parseAddresses(address); ok {
			svc.clusterIPs = append(svc.clusterIPs, prefix)
		}
	}
	return svc
}

// olderService returns the order of the registry: by age, then by host and namespace (pilot/pkg/model/push_context.go
// SortServicesByCreationTime).
func olderService(a, b *service) int {
	return cmp.Or(compareAge(a.created, b.created), cmp.Compare(a.host, b.host),
		cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.ref.Kind, b.ref.Kind), cmp.Compare(a.ref.Name, b.ref.Name))
}

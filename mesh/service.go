package mesh

import (
	"cmp"
	"slices"
	"strings"
	"time"

	networking "istio.io/api/networking/v1alpha3"
)

// service is one host as the registry knows it: from a ServiceEntry (one for each of its hosts) or a Kubernetes
// Service (pilot/pkg/serviceregistry/serviceentry/conversion.go convertServices).
type service struct {
	ref       Ref
	host      string
	namespace string
	created   time.Time
	kube      bool
	external  bool
	exportTo  []string
	labels    map[string]string
	selector  map[string]string
	ports     []port
	headless  bool                     // a Kubernetes Service with clusterIP None
	alias     bool                     // a Kubernetes Service of type ExternalName: another name, no cluster
	target    string                   // the host for which an alias stands
	entry     *networking.ServiceEntry // nil for a Kubernetes Service
	shape     string                   // see shape
}

// port is a service's port.
type port struct {
	number   uint32
	name     string
	protocol string
	target   uint32 // targetPort of a ServiceEntry, 0 for none
	owner    *service
	disputed bool // other services of the host declare another family for it
}

// family classes what comes to the port. Where services of one host disagree, Istio has a listener for each of them on
// the port, and anything may come.
func (p port) family() Family {
	if declared := FamilyOf(p.protocol); declared == FamilyUDP || !p.disputed {
		return declared
	}
	return FamilyUnspecified
}

// servicesOf gives what an object adds to the registry.
func (s Settings) servicesOf(o *Object) []*service {
	switch spec := o.Spec.(type) {
	case *networking.ServiceEntry:
		return entryServices(o, spec)
	case *Service:
		return []*service{s.kubeService(o, spec)}
	}
	return nil
}

func entryServices(o *Object, entry *networking.ServiceEntry) []*service {
	services := make([]*service, 0, len(entry.Hosts))
	form := shape(o, entry)
	for i, host := range entry.Hosts {
		if slices.Contains(entry.Hosts[:i], host) {
			continue
		}
		svc := &service{
			ref: o.Ref, host: host, namespace: o.Namespace, created: o.Created,
			external: entry.Location == networking.ServiceEntry_MESH_EXTERNAL,
			exportTo: entry.ExportTo, labels: o.Labels, selector: entry.GetWorkloadSelector().GetLabels(), entry: entry,
			shape: form,
		}
		for _, p := range entry.Ports {
			if p == nil {
				continue
			}
			svc.ports = append(svc.ports, port{number: p.Number, name: p.Name, protocol: p.Protocol, target: p.TargetPort, owner: svc})
		}
		services = append(services, svc)
	}
	return services
}

// exportToAnnotation is how a Kubernetes Service says to whom it is visible.
const exportToAnnotation = "networking.istio.io/exportTo"

func (s Settings) kubeService(o *Object, spec *Service) *service {
	svc := &service{
		ref: o.Ref, host: o.Name + "." + o.Namespace + ".svc." + s.ClusterDomain, namespace: o.Namespace,
		created: o.Created, kube: true, labels: o.Labels, selector: spec.Selector,
		external: spec.ExternalName != "", target: spec.ExternalName, alias: spec.ExternalName != "" && !spec.Headless, headless: spec.Headless,
	}
	if exported := o.Annotations[exportToAnnotation]; exported != "" {
		for name := range strings.SplitSeq(exported, ",") {
			svc.exportTo = append(svc.exportTo, strings.TrimSpace(name))
		}
	}
	for _, p := range spec.Ports {
		svc.ports = append(svc.ports, port{number: p.Number, name: p.Name, protocol: p.declared(), owner: svc})
	}
	return svc
}

// olderService is the order of the registry: by age, then by the host's namespace
// (pilot/pkg/model/service.go SortServicesByCreationTime). No time counts as the newest.
func olderService(a, b *service) int {
	return cmp.Or(compareAge(a.created, b.created), cmp.Compare(a.host, b.host),
		cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.ref.Kind, b.ref.Kind), cmp.Compare(a.ref.Name, b.ref.Name))
}

// compareAge orders older before newer; the zero time is the newest of all.
func compareAge(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

// public tells whether exportTo shows an object to every namespace; empty takes the mesh's default, which is so.
func public(exportTo []string) bool {
	return len(exportTo) == 0 || slices.Contains(exportTo, "*")
}

// visible tells whether an object of namespace owner with this exportTo is seen from namespace client
// (pilot/pkg/model/push_context.go IsServiceVisible; "~" hides from all unless "*" stands beside it).
func visible(exportTo []string, owner, client string) bool {
	if public(exportTo) {
		return true
	}
	if slices.Contains(exportTo, "~") {
		return false
	}
	return slices.Contains(exportTo, client) || owner == client && slices.Contains(exportTo, ".")
}

func sameSet(a, b []string) bool { return setKey(a) == setKey(b) }

// setKey is equal for lists with the same members.
func setKey(list []string) string {
	if len(list) == 0 {
		return ""
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(list)))
	return strings.Join(sorted, "\x00")
}

func (v view) port(number uint32) (port, bool) {
	for _, p := range v.ports {
		if p.number == number {
			return p, true
		}
	}
	return port{}, false
}

// dynamic is true where a forward proxy resolves the name of each request (resolution DYNAMIC_DNS).
func (svc *service) dynamic() bool {
	return svc.entry != nil && svc.entry.Resolution == networking.ServiceEntry_DYNAMIC_DNS
}

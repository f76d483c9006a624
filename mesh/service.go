package mesh

import (
	"cmp"
	"maps"
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
	entry     *networking.ServiceEntry // nil for a Kubernetes Service
}

// port is a service's port.
type port struct {
	number   uint32
	name     string
	protocol string
	target   uint32 // targetPort of a ServiceEntry, 0 for none
	owner    *service
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
	seen := map[string]bool{}
	for _, host := range entry.Hosts {
		if seen[host] {
			continue
		}
		seen[host] = true
		svc := &service{
			ref: o.Ref, host: host, namespace: o.Namespace, created: o.Created,
			external: entry.Location == networking.ServiceEntry_MESH_EXTERNAL,
			exportTo: entry.ExportTo, labels: o.Labels, selector: entry.GetWorkloadSelector().GetLabels(), entry: entry,
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
		external: spec.ExternalName != "",
	}
	if exported := o.Annotations[exportToAnnotation]; exported != "" {
		for name := range strings.SplitSeq(exported, ",") {
			svc.exportTo = append(svc.exportTo, strings.TrimSpace(name))
		}
	}
	for _, p := range spec.Ports {
		protocol := p.AppProtocol
		if protocol == "" {
			protocol = protocolOfName(p.Name)
		}
		if p.Protocol == "UDP" {
			protocol = p.Protocol
		}
		svc.ports = append(svc.ports, port{number: p.Number, name: p.Name, protocol: protocol, owner: svc})
	}
	return svc
}

// protocolOfName reads a Kubernetes port's name: "http-web" is HTTP (istio.io/istio pkg/config/kube/conversion.go).
func protocolOfName(name string) string {
	lower := strings.ToLower(name)
	if strings.HasPrefix(lower, "grpc-web") {
		return "grpc-web"
	}
	first, _, _ := strings.Cut(lower, "-")
	return first
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

// view is a host as one client sees it: the chosen service, with ports that services of its namespace add.
type view struct {
	*service
	ports []port
}

// serviceFor picks what a client's proxy knows of host (pilot/pkg/model/sidecar.go selectServices,
// appendSidecarServices). Gateways and waypoints do not prefer their own namespace.
func (s *Snapshot) serviceFor(client Client, host string) (view, bool) {
	var seen []*service
	for _, svc := range s.services.at(host) {
		if visible(svc.exportTo, svc.namespace, client.Namespace) && !s.hiddenBySidecar(client, svc) {
			seen = append(seen, svc)
		}
	}
	if len(seen) == 0 {
		return view{}, false
	}
	if len(seen) > 1 {
		seen = inScope(seen, client)
	}
	return mergeServices(seen), true
}

// inScope orders the candidates as the client's scope lists them (those exported to it by name before the public
// ones) and, for sidecars, keeps those of one namespace.
func inScope(seen []*service, client Client) []*service {
	slices.SortStableFunc(seen, func(a, b *service) int {
		return cmp.Compare(rank(public(a.exportTo)), rank(public(b.exportTo)))
	})
	if client.Kind == ClientGateway || client.Kind == ClientWaypoint {
		return seen
	}
	chosen := seen[0]
	for _, svc := range seen[1:] {
		if svc.namespace == client.Namespace || !chosen.kube && svc.kube && chosen.namespace != client.Namespace {
			chosen = svc
		}
	}
	return slices.DeleteFunc(seen, func(svc *service) bool { return svc.namespace != chosen.namespace })
}

func rank(late bool) int {
	if late {
		return 1
	}
	return 0
}

// mergeServices merges in order: a Kubernetes Service takes the place of a ServiceEntry, ports of mergeable
// services are added to the first.
func mergeServices(services []*service) view {
	merged := view{service: services[0], ports: services[0].ports}
	for _, svc := range services[1:] {
		switch {
		case merged.kube:
		case svc.kube:
			merged = view{service: svc, ports: svc.ports}
		case mergeable(merged.service, svc):
			for _, p := range svc.ports {
				if !slices.ContainsFunc(merged.ports, func(have port) bool { return have.number == p.number }) {
					merged.ports = append(slices.Clip(merged.ports), p)
				}
			}
		}
	}
	return merged
}

func mergeable(a, b *service) bool {
	return a.namespace == b.namespace && a.entry.GetResolution() == b.entry.GetResolution() &&
		maps.Equal(a.labels, b.labels) && maps.Equal(a.selector, b.selector) && sameSet(a.exportTo, b.exportTo)
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
